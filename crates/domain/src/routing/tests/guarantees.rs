//! The engine equals the naive reading, and a checked set leaves no concern without a service.

use proptest::prelude::*;
use serde_json::json;

use super::generate::{Theme, rules, told};
use super::naive::first;
use super::town::{rule, town};
use crate::city::City;
use crate::routing::{Rule, RuleSet};

proptest! {
    // Five hundred rule sets, twenty concerns each.
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_engine_reads_rules_as_a_clerk_does(
        rules in rules(Theme::Everything),
        concerns in proptest::collection::vec(told(), 20),
    ) {
        let city = town(rules);
        for told in &concerns {
            let expected = first(&city.rules.rules, &city, told).unwrap();
            told.subject(&city, |subject| {
                let route = city.rules.route(&city, subject).unwrap();
                prop_assert_eq!(&route.sent.rule, &city.rules.rules[expected].code);
                prop_assert!(!route.sent.because.is_empty());
                let simulation = city.rules.simulate(&city, subject);
                prop_assert_eq!(simulation.rule.map(|rule| &rule.code), Some(&route.sent.rule));
                prop_assert_eq!(simulation.route.as_ref(), Some(&route));
                let passed = simulation.earlier.iter().map(|passed| &passed.rule.code);
                prop_assert!(passed.eq(city.rules.rules[..expected].iter().map(|rule| &rule.code)));
                for (at, passed) in simulation.earlier.iter().enumerate() {
                    let place = format!("/{at}/when");
                    prop_assert!(passed.pointer.starts_with(&place));
                    let list = serde_json::to_value(&city.rules.rules).unwrap();
                    prop_assert!(list.pointer(&passed.pointer).is_some_and(|condition| condition["type"].is_string()));
                }
                Ok(())
            })?;
        }
    }

    #[test]
    fn a_checked_set_leaves_no_concern_without_a_service(
        rules in rules(Theme::Everything),
        concerns in proptest::collection::vec(told(), 20),
    ) {
        let city = mended(rules);
        for told in &concerns {
            let sent = told.subject(&city, |subject| city.rules.route(&city, subject).unwrap().send_to);
            prop_assert!(!sent.is_empty() && sent.iter().all(|service| city.service(service).is_some()));
        }
    }
}

/// The town with the rules that are left when those with faults are taken out, again and again.
fn mended(rules: Vec<Rule>) -> City {
    let mut city = town(rules);
    loop {
        let Some(fault) = city.rules.check(&city, None).into_iter().next() else { return city };
        let wrong = fault.rule.unwrap();
        let rules = city.rules.rules.iter().filter(|rule| rule.code != wrong);
        city.rules = RuleSet::draft(rules.cloned().collect());
    }
}

#[test]
fn a_look_at_many_entangled_rules_ends() {
    let entangled = |n: usize| {
        let when = json!({ "type": "all", "of": [
            { "type": "any", "of": [
                { "type": "hour", "from": n % 23, "to": n % 23 + 1 },
                { "type": "weekday", "any_of": ["monday"] },
                { "type": "keywords", "any_of": [format!("mot{n}")] }
            ] },
            { "type": "not", "of": { "type": "origin", "any_of": ["cafe"] } },
            { "type": "any", "of": [
                { "type": "area", "zoning": "estates", "any_of": ["a"] },
                { "type": "area", "zoning": "sectors", "any_of": ["north"] }
            ] }
        ] });
        rule(&format!("regle-{n}"), &when)
    };
    let mut rules: Vec<Rule> = (0..400).map(entangled).collect();
    rules.push(rule("reste", &json!({ "type": "always" })));
    let city = town(rules);
    // What could not be found out in time counts as reached: no rule is blamed.
    assert_eq!(city.rules.check(&city, None), []);
    assert_eq!(city.rules.warnings(&city), []);
}

#[test]
fn a_look_at_many_words_ends() {
    let words = |n: usize| {
        let words: Vec<String> = (0..100).map(|word| format!("mot{n}x{word}")).collect();
        rule(&format!("regle-{n}"), &json!({ "type": "keywords", "any_of": words }))
    };
    let mut rules: Vec<Rule> = (0..60).map(words).collect();
    rules.push(rule("reste", &json!({ "type": "always" })));
    let city = town(rules);
    let before = std::time::Instant::now();
    assert_eq!(city.rules.check(&city, None), []);
    // A build for trying out takes some ten times what a release does.
    assert!(before.elapsed() < std::time::Duration::from_mins(1), "{:?}", before.elapsed());
}
