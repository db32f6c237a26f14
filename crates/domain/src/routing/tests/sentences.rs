//! Why a rule matches and why each earlier one does not, in the words that people read.

use std::fmt::Write;

use serde_json::{Value, json};

use super::town::{Told, areas, reply, rule, town};
use crate::concern::Origin;
use crate::language::Language;
use crate::place::Areas;
use crate::ticket::Priority;

fn answer(fields: &Value) -> Value {
    let mut when = json!({ "type": "answer", "category": "pothole" });
    when.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    when
}

/// One condition of each kind; for a pothole in the north that nobody has said more about, none holds.
fn conditions() -> Vec<(&'static str, Value)> {
    vec![
        ("motif", json!({ "type": "category", "any_of": ["lamp", "noise"] })),
        ("secteur", json!({ "type": "area", "zoning": "sectors", "any_of": ["south"] })),
        ("residence", json!({ "type": "area", "zoning": "estates", "any_of": ["a", "b"] })),
        ("origine", json!({ "type": "origin", "any_of": ["phone", "email", "patrol"] })),
        ("priorite", json!({ "type": "priority", "any_of": ["high", "urgent"] })),
        ("sensibilite", json!({ "type": "sensitivity", "any_of": ["restricted"] })),
        ("reponse", answer(&json!({ "question": "extent", "any_of": ["street"] }))),
        ("volume", answer(&json!({ "question": "volume", "at_least": 2, "at_most": 5 }))),
        ("au-moins", answer(&json!({ "question": "volume", "at_least": 5 }))),
        ("bloque", answer(&json!({ "question": "blocked", "any_of": ["yes"] }))),
        ("autre-motif", json!({ "type": "answer", "category": "lamp", "question": "blocked", "any_of": ["no"] })),
        ("mot", json!({ "type": "keywords", "any_of": ["seringue"] })),
        ("mots", json!({ "type": "keywords", "any_of": ["dépôt", "seringue", "feu rouge"] })),
        ("jour", json!({ "type": "weekday", "any_of": ["saturday", "sunday"] })),
        ("heure", json!({ "type": "hour", "from": 21, "to": 6 })),
        ("voie", json!({ "type": "road_owner", "any_of": ["county"] })),
        ("terrain", json!({ "type": "land_owner", "any_of": ["town", "county"] })),
        (
            "tout",
            json!({ "type": "all", "of": [
            { "type": "category", "any_of": ["roads"] }, { "type": "weekday", "any_of": ["monday"] },
        ] }),
        ),
        (
            "ou",
            json!({ "type": "any", "of": [
            { "type": "category", "any_of": ["noise"] }, { "type": "origin", "any_of": ["phone"] },
        ] }),
        ),
        (
            "sauf",
            json!({ "type": "not", "of": { "type": "all", "of": [
            { "type": "category", "any_of": ["roads"] },
            { "type": "area", "zoning": "sectors", "any_of": ["north"] },
        ] } }),
        ),
        (
            "sauf-plusieurs",
            json!({ "type": "not", "of": { "type": "any", "of": [
            { "type": "category", "any_of": ["noise", "lamp"] },
            { "type": "weekday", "any_of": ["monday", "sunday"] },
            { "type": "keywords", "any_of": ["vélo", "dépôt"] },
            { "type": "land_owner", "any_of": ["town", "county"] },
            { "type": "hour", "from": 6, "to": 12 },
            answer(&json!({ "question": "volume", "at_most": 3 })),
            { "type": "answer", "category": "lamp", "question": "blocked", "any_of": ["no"] },
        ] } }),
        ),
        (
            "ni-ni",
            json!({ "type": "not", "of": { "type": "not", "of": { "type": "area", "zoning": "sectors", "any_of": ["south"] } } }),
        ),
        (
            "meme-motif",
            json!({ "type": "any", "of": [
            { "type": "category", "any_of": ["lamp"] },
            { "type": "answer", "category": "lamp", "question": "blocked", "any_of": ["yes"] },
            { "type": "any", "of": [
                { "type": "answer", "category": "noise", "question": "blocked", "any_of": ["yes"] },
                { "type": "all", "of": [
                    { "type": "category", "any_of": ["lamp"] }, { "type": "origin", "any_of": ["cafe"] },
                ] },
            ] },
        ] }),
        ),
        (
            "deux-fois",
            json!({ "type": "all", "of": [
            { "type": "category", "any_of": ["pothole"] },
            { "type": "category", "any_of": ["pothole", "lamp"] },
            { "type": "not", "of": { "type": "weekday", "any_of": ["tuesday"] } },
        ] }),
        ),
    ]
}

/// What is told of each rule, one a line, for a concern.
fn simulated(told: &Told, language: Language) -> String {
    let rules = conditions().into_iter().chain([("reste", json!({ "type": "always" }))]);
    let city = town(rules.map(|(code, when)| rule(code, &when)).collect());
    told.subject(&city, |subject| {
        let simulation = city.rules.simulate(&city, subject);
        let mut lines = String::new();
        for passed in &simulation.earlier {
            writeln!(lines, "{} ✗ {}", passed.pointer, city.explain_unmet(&passed.unmet, language)).unwrap();
        }
        let route = simulation.route.unwrap();
        writeln!(lines, "{} ✓ {}", route.sent.rule, city.explain(&route.sent, language)).unwrap();
        lines
    })
}

/// What makes each condition hold, alone.
fn matched(told: &Told, language: Language) -> String {
    let mut lines = String::new();
    for (code, when) in conditions() {
        let city = town(vec![rule(code, &when)]);
        told.subject(&city, |subject| {
            let because = city.rules.route(&city, subject).map(|route| city.explain(&route.sent, language));
            writeln!(lines, "{code}: {}", because.unwrap_or_else(|| "–".to_owned())).unwrap();
        });
    }
    lines
}

/// A pothole about which everything is told, so that most conditions hold.
fn told_in_full() -> Told {
    let replies = [("extent", json!("street")), ("volume", json!(5)), ("blocked", json!(true))];
    Told {
        areas: areas("south", Some("b")),
        origin: Origin::Patrol,
        priority: Some(Priority::Urgent),
        replies: replies.map(|(question, value)| (question.parse().unwrap(), reply(&value))).into(),
        words: vec![1, 3],
        // A Saturday, half past eleven in the evening on the wall.
        at: "2026-03-28T22:30:00Z".parse().unwrap(),
        ..Told::default()
    }
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn why_rules_do_not_match() {
    let little = Told::default();
    let other = Told {
        replies: [("extent", json!("lamp")), ("volume", json!(1.5)), ("blocked", json!(false))]
            .map(|(question, value)| (question.parse().unwrap(), reply(&value)))
            .into(),
        areas: areas("north", Some("c")),
        ..Told::default()
    };
    for language in [Language::Fr, Language::En] {
        snapshot(&format!("routing.passed.little.{}", language.tag()), &simulated(&little, language));
        snapshot(&format!("routing.passed.answered.{}", language.tag()), &simulated(&other, language));
    }
}

#[test]
fn why_rules_match() {
    // An address alone, and no answer: of what is not known nothing is said.
    let unknown = Told { areas: Areas::new(), ..Told::default() };
    for language in [Language::Fr, Language::En] {
        snapshot(&format!("routing.matched.{}", language.tag()), &matched(&told_in_full(), language));
        snapshot(&format!("routing.matched.unknown.{}", language.tag()), &matched(&unknown, language));
        snapshot(&format!("routing.passed.unknown.{}", language.tag()), &simulated(&unknown, language));
    }
}

#[test]
fn tickets_of_former_days_keep_their_exclusions() {
    let sent = json!({ "rule": "sauf", "version": 1, "because": [{ "type": "excluded" }, { "type": "excluded" }] });
    let sent = serde_json::from_value(sent).unwrap();
    assert_eq!(town(Vec::new()).explain(&sent, Language::Fr), "aucune exclusion ne s’applique");
}
