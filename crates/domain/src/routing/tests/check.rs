//! Planted faults of a rule set: each is found where it is, all at once.

use serde_json::{Value, json};

use super::town::{rule, town};
use crate::city::City;
use crate::language::Language;
use crate::routing::check::Fault;
use crate::routing::{Rule, RuleSet};

fn lines(faults: &[Fault]) -> Vec<String> {
    let line = |fault: &Fault| {
        let rule = fault.rule.as_ref().map_or("-", |rule| rule.as_str());
        format!("{rule} {} {}", fault.pointer, fault.kind.code())
    };
    faults.iter().map(line).collect()
}

/// The faults of rules with these conditions, and a last one that matches always.
pub(super) fn found(conditions: &[Value]) -> Vec<String> {
    let rules = conditions.iter().enumerate().map(|(at, when)| rule(&format!("r{at}"), when));
    let rules: Vec<Rule> = rules.chain([rule("rest", &json!({ "type": "always" }))]).collect();
    let city = town(Vec::new());
    lines(&RuleSet::draft(rules).check(&city, None))
}

fn category(any_of: &[&str]) -> Value {
    json!({ "type": "category", "any_of": any_of })
}

fn all(of: &[Value]) -> Value {
    json!({ "type": "all", "of": of })
}

fn area(zoning: &str, any_of: &[&str]) -> Value {
    json!({ "type": "area", "zoning": zoning, "any_of": any_of })
}

#[test]
fn whatever_is_wrong_is_told_at_once() {
    let text = |code: &str| json!({ "fr": code, "en": code });
    let rules: Vec<Rule> = serde_json::from_value(json!([
        { "code": "a", "name": text("a"), "when": all(&[category(&["roads", "rods"]), area("wards", &["x"])]),
          "send_to": ["desk", "nobody", "desk"], "watchers": ["desk", "landlord"] },
        { "code": "a", "name": text("a"), "when": { "type": "not", "of": area("sectors", &["north", "west"]) },
          "send_to": [] },
        { "code": "b", "name": text("b"), "when": { "type": "road_owner", "any_of": ["state"] }, "send_to": ["desk"] },
        { "code": "c", "name": text("c"), "when": { "type": "hour", "from": 7, "to": 7 }, "send_to": ["desk"] },
        { "code": "d", "name": text("d"), "when": { "type": "always" }, "send_to": ["works"] },
        { "code": "e", "name": text("e"), "when": { "type": "answer", "category": "pothole", "question": "volume",
          "any_of": ["lamp"] }, "send_to": ["landlord"] },
    ]))
    .unwrap();
    let staffed = std::collections::BTreeSet::from(["desk".parse().unwrap()]);
    let mut city = town(Vec::new());
    city.services[0].mailbox = String::new();
    city.services[1].calendar = "nights".parse().unwrap();
    assert_eq!(
        lines(&RuleSet::draft(rules).check(&city, Some(&staffed))),
        [
            "a /0/when/of/0/any_of/1 unknown_category",
            "a /0/when/of/1/zoning unknown_zoning",
            "a /0/send_to/0 service_without_mailbox",
            "a /0/send_to/1 unknown_service",
            "a /0/send_to/2 service_without_mailbox",
            "a /0/send_to/2 repeated_service",
            "a /0/watchers/0 service_without_mailbox",
            "a /0/watchers/0 repeated_service",
            "a /1/code repeated_rule",
            "a /1/when/of/any_of/1 unknown_area",
            "a /1/send_to no_service",
            "b /2/when/any_of/0 unknown_organisation",
            "b /2/send_to/0 service_without_mailbox",
            "c /3/when no_hours",
            "c /3/send_to/0 service_without_mailbox",
            "d /4/send_to/0 service_without_calendar",
            "d /4/send_to/0 service_without_member",
            "d /4/when always_before_last",
            "e /5/when/any_of number_not_choice",
            "- /when no_catch_all",
        ]
        .map(|line| line.replace("- /when", "- "))
    );
    assert_eq!(lines(&RuleSet::default().check(&city, None)), ["-  no_catch_all"]);
}

#[test]
fn rules_that_earlier_ones_cover_are_found() {
    for (name, conditions, expected) in [
        ("a category by its parent", vec![category(&["roads"]), category(&["lamp"])], "r1 /1/when covered"),
        (
            "a parent by itself and all of its children is not covered by the children alone",
            vec![category(&["pothole", "lamp"]), category(&["roads"])],
            "",
        ),
        (
            "the two sectors make the whole town",
            vec![area("sectors", &["north"]), area("sectors", &["south"]), category(&["noise"])],
            "r2 /2/when covered",
        ),
        (
            "the three estates do not",
            vec![area("estates", &["a", "b"]), area("estates", &["c"]), category(&["noise"])],
            "",
        ),
        (
            "a combination by two others",
            vec![
                all(&[category(&["roads"]), area("sectors", &["north"])]),
                all(&[category(&["pothole"]), area("sectors", &["south"])]),
                category(&["pothole"]),
            ],
            "r2 /2/when covered",
        ),
        (
            "the same conditions in another order",
            vec![
                all(&[category(&["noise", "lamp"]), area("estates", &["a", "b"])]),
                all(&[area("estates", &["b", "a"]), category(&["lamp", "noise"])]),
            ],
            "r1 /1/when same_conditions",
        ),
        (
            "words inside others",
            vec![
                json!({ "type": "keywords", "any_of": ["feux", "feu"] }),
                json!({ "type": "keywords", "any_of": ["feu rouge"] }),
            ],
            "r1 /1/when covered",
        ),
        (
            "answers and their opposite",
            vec![
                json!({ "type": "answer", "category": "pothole", "question": "volume", "at_least": 3 }),
                json!({ "type": "answer", "category": "pothole", "question": "volume", "at_least": 4, "at_most": 8 }),
            ],
            "r1 /1/when covered",
        ),
        (
            "what cannot be",
            vec![all(&[area("sectors", &["north"]), area("sectors", &["south"])])],
            "r0 /0/when never_met",
        ),
        ("what is not routed", vec![category(&["emergency"])], "r0 /0/when never_met"),
        (
            "beyond the bounds of the question",
            vec![json!({ "type": "answer", "category": "pothole", "question": "volume", "at_least": 10 })],
            "r0 /0/when never_met",
        ),
    ] {
        let expected: Vec<&str> = Some(expected).filter(|line| !line.is_empty()).into_iter().collect();
        assert_eq!(found(&conditions), expected, "{name}");
    }
}

#[test]
fn what_comes_to_too_many_cases_is_not_blamed() {
    let word = |n: usize| json!({ "type": "keywords", "any_of": [format!("mot{n}"), format!("autre{n}")] });
    let many = all(&(0..16).map(word).collect::<Vec<_>>());
    assert_eq!(found(&[many.clone(), many]), Vec::<String>::new());
}

#[test]
fn five_hundred_rules_are_checked_in_seconds() {
    let conditions = (0..500_u32).map(|at| {
        let sector = if at % 2 == 0 { "north" } else { "south" };
        let word = json!({ "type": "keywords", "any_of": [format!("mot{at}")] });
        all(&[category(&[["pothole", "lamp", "noise"][at as usize % 3]]), area("sectors", &[sector]), word])
    });
    let begin = std::time::Instant::now();
    assert_eq!(found(&conditions.collect::<Vec<_>>()), Vec::<String>::new());
    assert!(begin.elapsed().as_secs() < 20, "{:?}", begin.elapsed());
}

#[test]
fn every_fault_has_words_in_both_languages() {
    let rules = vec![
        rule("voirie", &category(&["roads", "rods"])),
        rule("nids", &category(&["noise"])),
        rule("bruit", &category(&["noise"])),
        rule("rest", &json!({ "type": "always" })),
    ];
    let city: City = town(Vec::new());
    let set = RuleSet::draft(rules);
    let (mut faults, warnings) = (set.check(&city, None), set.warnings(&city));
    faults.extend(warnings);
    let words = |language| faults.iter().map(|fault| fault.kind.message(language)).collect::<Vec<_>>();
    assert_eq!(
        words(Language::Fr),
        [
            "il n’y a pas de motif « rods »",
            "ce sont les conditions de « nids », placée avant : cette règle n’est jamais atteinte",
        ]
    );
    assert_eq!(
        words(Language::En),
        [
            "there is no category « rods »",
            "these are the conditions of « nids », which comes first: this rule is never reached",
        ]
    );
}
