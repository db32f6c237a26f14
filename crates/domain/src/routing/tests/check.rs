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
            "a /0/watchers/0 watcher_acts",
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
        ]
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
            "the two sectors make the whole town, but for what has an address alone",
            vec![area("sectors", &["north"]), area("sectors", &["south"]), category(&["noise"])],
            "",
        ),
        (
            "the two sectors have every estate",
            vec![area("sectors", &["north"]), area("sectors", &["south"]), area("estates", &["a"])],
            "r2 /2/when covered",
        ),
        (
            "in no sector lies what has an address alone",
            vec![json!({ "type": "not", "of": area("sectors", &["north", "south"]) }), category(&["noise"])],
            "",
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
                all(&[category(&["pothole"]), area("sectors", &["north", "south"])]),
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
            "ce sont les conditions de « nids » (nids), placée avant : cette règle n’est jamais atteinte",
        ]
    );
    assert_eq!(
        words(Language::En),
        [
            "there is no category « rods »",
            "these are the conditions of « nids (en) » (nids), which comes first: this rule is never reached",
        ]
    );
}

fn messages(faults: &[Fault], language: Language) -> Vec<String> {
    faults.iter().map(|fault| fault.kind.message(language)).collect()
}

/// What the check says of one rule with this condition, in both languages.
fn said_of(when: &Value) -> [Vec<String>; 2] {
    let city = town(Vec::new());
    let rules = vec![rule("r", when), rule("rest", &json!({ "type": "always" }))];
    let faults = RuleSet::draft(rules).check(&city, None);
    [Language::Fr, Language::En].map(|language| messages(&faults, language))
}

#[test]
fn conditions_that_never_hold_together_are_named() {
    let not = |of: Value| json!({ "type": "not", "of": of });
    let volume =
        |least: i64| json!({ "type": "answer", "category": "pothole", "question": "volume", "at_least": least });
    for (when, fr, en) in [
        (
            all(&[
                category(&["roads"]),
                area("sectors", &["north"]),
                json!({ "type": "origin", "any_of": ["cafe"] }),
                all(&[area("sectors", &["south"]), json!({ "type": "weekday", "any_of": ["monday"] })]),
            ]),
            "aucune doléance ne peut remplir ces conditions à la fois : le lieu est dans « NORTH » ; le lieu est dans « SOUTH »",
            "no concern can ever meet these conditions together: the place lies in “NORTH”; the place lies in “SOUTH”",
        ),
        (
            all(&[category(&["noise"]), volume(2)]),
            "aucune doléance ne peut remplir ces conditions à la fois : le motif est « noise » ; la réponse à « Volume » est \
             d’au moins 2 m³",
            "no concern can ever meet these conditions together: the category is “noise (en)”; the answer to “Volume (en)” is \
             at least 2 m³ (en)",
        ),
        (
            all(&[category(&["pothole"]), not(category(&["roads", "emergency"]))]),
            "aucune doléance ne peut remplir ces conditions à la fois : le motif est « pothole » ; le motif n’est ni « roads » \
             ni « emergency »",
            "no concern can ever meet these conditions together: the category is “pothole (en)”; the category is not \
             “roads (en)” or “emergency (en)”",
        ),
        (
            all(&[category(&["roads"]), volume(10)]),
            "aucune doléance ne peut remplir cette condition : la réponse à « Volume » est d’au moins 10 m³",
            "no concern can ever meet this condition: the answer to “Volume (en)” is at least 10 m³ (en)",
        ),
        (
            category(&["emergency"]),
            "aucune doléance ne peut remplir cette condition : le motif est « emergency », et une doléance de ce motif n’est \
             envoyée à aucun service (l’habitant reçoit des numéros à appeler)",
            "no concern can ever meet this condition: the category is “emergency (en)”, and concerns about that are sent to no \
             service (the resident is given numbers to call)",
        ),
    ] {
        assert_eq!(said_of(&when), [[fr.to_owned()], [en.to_owned()]], "{when}");
    }
}

#[test]
fn a_rule_that_catches_all_too_early_is_told_once() {
    let always = json!({ "type": "always" });
    let rules = vec![rule("tout", &always), rule("nids", &category(&["pothole"]))];
    assert_eq!(lines(&RuleSet::draft(rules).check(&town(Vec::new()), None)), ["tout /0/when always_before_last"]);
}

/// A rule about potholes with these targets, and what is found of it: faults, then warnings.
fn with_targets(acknowledge: &str, resolve: &str) -> Vec<String> {
    let city = town(Vec::new());
    let mut timed = rule("nids", &category(&["roads", "noise"]));
    timed.acknowledge_within = Some(acknowledge.parse().unwrap());
    timed.resolve_within = Some(resolve.parse().unwrap());
    let set = RuleSet::draft(vec![timed, rule("rest", &json!({ "type": "always" }))]);
    [lines(&set.check(&city, None)), lines(&set.warnings(&city))].concat()
}

#[test]
fn no_time_at_all_is_refused() {
    assert_eq!(with_targets("0h", "0h"), ["nids /0/acknowledge_within no_time", "nids /0/resolve_within no_time"]);
    assert_eq!(with_targets("0d", "0d"), Vec::<String>::new(), "the end of the same day");
}

#[test]
fn a_ticket_that_is_settled_before_it_is_taken_in_hand_is_worth_a_look() {
    // The office opens on Mondays, from eight to twelve.
    for (acknowledge, resolve, told) in [
        ("4h", "2h", true),
        ("3d", "2d", true),
        ("2d", "7h", true),
        ("13h", "2d", true),
        ("2d", "8h", false),
        ("12h", "2d", false),
        ("4h", "4h", false),
        ("4h", "2d", false),
    ] {
        let expected = ["nids /0/acknowledge_within acknowledged_after_resolved"];
        assert_eq!(with_targets(acknowledge, resolve), expected[..usize::from(told)], "{acknowledge} {resolve}");
    }
}

#[test]
fn what_a_rule_leaves_open_is_said_by_the_service_or_the_category() {
    // Categories give two days and ten; the works department takes its time for holes in the road.
    let found = |service: &str, (acknowledge, resolve): (Option<&str>, Option<&str>)| {
        let mut city = town(Vec::new());
        city.services[1].targets = serde_json::from_value(json!([
            { "category": "pothole", "acknowledge_within": "5d", "resolve_within": "20d" }
        ]))
        .unwrap();
        let mut timed = rule("nids", &category(&["roads", "noise"]));
        timed.send_to = vec![service.parse().unwrap()];
        timed.acknowledge_within = acknowledge.map(|target| target.parse().unwrap());
        timed.resolve_within = resolve.map(|target| target.parse().unwrap());
        lines(&RuleSet::draft(vec![timed, rule("rest", &json!({ "type": "always" }))]).warnings(&city))
    };
    let (acknowledge, resolve) = (
        "nids /0/acknowledge_within acknowledged_after_resolved",
        "nids /0/resolve_within acknowledged_after_resolved",
    );
    assert_eq!(found("desk", (None, Some("1d"))), [resolve]);
    assert_eq!(found("desk", (None, Some("3d"))), Vec::<String>::new());
    assert_eq!(found("works", (None, Some("3d"))), [resolve]);
    assert_eq!(found("desk", (Some("11d"), None)), [acknowledge]);
    assert_eq!(found("desk", (Some("4h"), None)), Vec::<String>::new());
    assert_eq!(found("desk", (None, None)), Vec::<String>::new());
}

#[test]
fn keywords_that_every_text_has_are_worth_a_look() {
    let words = ["le", "De", "pas de", "à", "a", "ETE", "l’", "feu", "feu de la rue"];
    let not = json!({ "type": "not", "of": { "type": "keywords", "any_of": words } });
    let set = RuleSet::draft(vec![rule("mots", &all(&[category(&["roads", "noise"]), not]))]);
    let warnings = set.warnings(&town(Vec::new()));
    let expected: Vec<String> =
        (0..7).map(|at| format!("mots /0/when/of/1/of/any_of/{at} keyword_too_common")).collect();
    assert_eq!(lines(&warnings), expected);
    let said =
        "« le » est dans presque toutes les descriptions : la règle prendrait presque tout. Écrire un mot plus précis";
    assert_eq!(messages(&warnings, Language::Fr)[0], said);
}
