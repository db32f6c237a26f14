//! Partners receive restricted concerns only if an agreement says so, and the check knows which ones could reach them.

use serde_json::{Value, json};

use super::town::{category, rule, town};
use crate::city::City;
use crate::routing::check::Kind;
use crate::routing::{Rule, RuleSet};

fn sends(code: &str, when: &Value, field: &str) -> Rule {
    let mut rule = rule(code, when);
    match field {
        "send_to" => rule.send_to = vec!["landlord".parse().unwrap()],
        _ => rule.watchers = vec!["landlord".parse().unwrap()],
    }
    rule
}

fn not_entitled(rules: Vec<Rule>, agreed: bool) -> Vec<(String, String)> {
    told(town(Vec::new()), rules, agreed)
}

/// In a town where officers can be complained about.
fn not_entitled_of_all(rules: Vec<Rule>, agreed: bool) -> Vec<(String, String)> {
    let mut city = town(Vec::new());
    let mut complaint = category("complaint", None, "restricted", &json!([]));
    complaint["hidden_from_referrer"] = true.into();
    city.catalogue.push(serde_json::from_value(complaint).unwrap());
    told(city, rules, agreed)
}

fn told(mut city: City, rules: Vec<Rule>, agreed: bool) -> Vec<(String, String)> {
    city.services[3].may_receive_restricted = agreed;
    let last = rule("rest", &json!({ "type": "always" }));
    let set = RuleSet::draft(rules.into_iter().chain([last]).collect());
    let told = set.check(&city, None).into_iter().map(|fault| match fault.kind {
        Kind::PartnerNotEntitled { categories, .. } => {
            let categories: Vec<&str> = categories.iter().map(|named| named.code.as_str()).collect();
            (fault.pointer, categories.join(" "))
        }
        other => unreachable!("{other:?}"),
    });
    told.collect()
}

#[test]
fn what_could_reach_a_partner_is_told() {
    let north = json!({ "type": "area", "zoning": "sectors", "any_of": ["north"] });
    let noise = json!({ "type": "category", "any_of": ["noise"] });
    let pothole = json!({ "type": "category", "any_of": ["pothole"] });
    let open = json!({ "type": "all", "of": [north, { "type": "sensitivity", "any_of": ["standard"] }] });
    for field in ["send_to", "watchers"] {
        let place = format!("/0/{field}/0");
        assert_eq!(not_entitled(vec![sends("a", &north, field)], false), [(place, "lamp noise".to_owned())]);
        assert_eq!(not_entitled(vec![sends("a", &north, field)], true), []);
        // No agreement lets a partner know of a complaint about an officer.
        let complaint = json!({ "type": "category", "any_of": ["complaint"] });
        for when in [&north, &complaint] {
            let told = vec![(format!("/0/{field}/0"), "complaint".to_owned())];
            assert_eq!(not_entitled_of_all(vec![sends("a", when, field)], true), told);
        }
        for when in [&open, &pothole] {
            assert_eq!(not_entitled(vec![sends("a", when, field)], false), []);
        }
        // What an earlier rule takes does not reach it.
        let after = vec![rule("a", &noise), sends("b", &north, field)];
        assert_eq!(not_entitled(after, false), [(format!("/1/{field}/0"), "lamp".to_owned())]);
    }
}
