//! What the check says of rules that are never reached, against every concern that there can be.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::generate::{THEMES, Theme, everything, rules};
use super::naive::matches;
use super::town::{CATEGORIES, Told, WORDS, rule, town};
use crate::city::City;
use crate::routing::check::{Fault, Kind, Named};
use crate::routing::{Condition, Rule};

fn rules_of_a_theme() -> impl Strategy<Value = (Theme, Vec<Rule>)> {
    proptest::sample::select(THEMES.to_vec()).prop_flat_map(|theme| (Just(theme), rules(theme)))
}

/// Of each rule, the numbers of the concerns that meet its conditions.
fn met(city: &City, concerns: &[Told]) -> Vec<BTreeSet<usize>> {
    let met = |rule: &Rule| {
        let concerns = concerns.iter().enumerate().filter(|(_, told)| matches(rule, city, told));
        concerns.map(|(at, _)| at).collect()
    };
    city.rules.rules.iter().map(met).collect()
}

/// What the check should say of a rule, were all concerns tried.
fn holds(fault: &Fault, at: usize, city: &City, met: &[BTreeSet<usize>]) -> bool {
    let wanted = &met[at];
    let number = |named: &Named| city.rules.rules.iter().position(|rule| rule.code.as_str() == named.code).unwrap();
    let unreached = wanted.iter().all(|concern| met[..at].iter().any(|met| met.contains(concern)));
    match &fault.kind {
        Kind::NeverMet(_) => wanted.is_empty(),
        Kind::SameConditions(other) => met[number(other)] == *wanted && number(other) < at,
        Kind::Covered(by) => {
            let by: Vec<usize> = by.iter().map(number).collect();
            let gone = |concern: &usize| by.iter().any(|rule| met[*rule].contains(concern));
            !wanted.is_empty() && unreached && by.iter().all(|rule| *rule < at) && wanted.iter().all(gone)
        }
        other => unreachable!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rules_that_no_concern_reaches_are_found_and_no_others((theme, rules) in rules_of_a_theme()) {
        let city = town(rules);
        let concerns = everything(theme);
        let met = met(&city, &concerns);
        let faults = city.rules.check(&city, None);
        let end = city.rules.rules.iter().position(|rule| rule.when == Condition::Always {}).unwrap();
        for (at, rule) in city.rules.rules[..end].iter().enumerate() {
            let about = |fault: &&Fault| fault.pointer == format!("/{at}/when") && fault.kind.needs_the_whole();
            let found: Vec<&Fault> = faults.iter().filter(about).collect();
            let reached = met[at].iter().any(|concern| !met[..at].iter().any(|met| met.contains(concern)));
            prop_assert_eq!(found.len(), usize::from(!reached), "{:?}: {:?}", rule, found);
            for fault in found {
                prop_assert!(holds(fault, at, &city, &met), "{:?}: {:?}", rule, fault);
            }
        }
    }

    #[test]
    fn categories_that_only_reach_the_last_rule_are_told((theme, rules) in rules_of_a_theme()) {
        let city = town(rules);
        let concerns = everything(theme);
        let met = met(&city, &concerns);
        let end = city.rules.rules.iter().position(|rule| rule.when == Condition::Always {}).unwrap();
        let last = |at: usize| !met[..end].iter().any(|met| met.contains(&at));
        let only = |category: usize| {
            concerns.iter().enumerate().filter(|(_, told)| told.category == category).all(|(at, _)| last(at))
        };
        let expected: Vec<&str> = (0..CATEGORIES.len() - 1).filter(|at| only(*at)).map(|at| CATEGORIES[at]).collect();
        let warnings = city.rules.warnings(&city);
        let told: Vec<&str> = warnings.iter().flat_map(|warning| match &warning.kind {
            Kind::OnlyCatchAll(categories) => categories.iter().map(|category| category.code.as_str()),
            other => unreachable!("{other:?}"),
        }).collect();
        prop_assert_eq!(told, expected);
    }
}

#[test]
fn a_condition_that_says_the_same_in_many_ways_is_looked_at() {
    let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
    let any = json!({ "type": "keywords", "any_of": words });
    let both = json!({ "type": "all", "of": [any, any] });
    let many = json!({ "type": "all", "of": vec![json!({ "type": "any", "of": [both, both, both] }); 8] });
    let one = json!({ "type": "keywords", "any_of": [words[0]] });
    let city = town(vec![rule("many", &many), rule("one", &one), rule("last", &json!({ "type": "always" }))]);
    let faults = city.rules.check(&city, None);
    let of_one = faults.iter().find(|fault| fault.pointer == "/1/when").map(|fault| &fault.kind);
    let Some(Kind::Covered(by)) = of_one else { unreachable!("{faults:?}") };
    assert_eq!(by.iter().map(|rule| rule.code.as_str()).collect::<Vec<_>>(), ["many"]);
}
