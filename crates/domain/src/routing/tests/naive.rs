//! The rules as a clerk would read them, one after the other: what the engine must equal. Nothing of the engine is used.

use chrono::{Datelike, Timelike};
use chrono_tz::Europe::Paris;
use serde_json::Value;

use super::town::{CATEGORIES, Told, WORDS};
use crate::city::City;
use crate::routing::Rule;

/// The number of the first rule that matches.
pub(super) fn first(rules: &[Rule], city: &City, told: &Told) -> Option<usize> {
    rules.iter().position(|rule| matches(rule, city, told))
}

pub(super) fn matches(rule: &Rule, city: &City, told: &Told) -> bool {
    holds(&serde_json::to_value(&rule.when).unwrap(), city, told)
}

fn holds(when: &Value, city: &City, told: &Told) -> bool {
    let category = CATEGORIES[told.category];
    let one_of = |code: &str| when["any_of"].as_array().unwrap().iter().any(|entry| entry == code);
    let local = told.at.with_timezone(&Paris);
    match when["type"].as_str().unwrap() {
        "always" => true,
        "category" => one_of(category) || (["pothole", "lamp"].contains(&category) && one_of("roads")),
        "area" => told.areas.iter().any(|(zoning, area)| when["zoning"] == zoning.as_str() && one_of(area.as_str())),
        "origin" => one_of(told.origin.code()),
        "priority" => one_of(told.priority.map_or("normal", crate::ticket::Priority::code)),
        "sensitivity" => one_of(match category {
            "lamp" | "noise" => "restricted",
            "emergency" => "signpost_only",
            _ => "standard",
        }),
        "keywords" => told.words.iter().any(|word| one_of(WORDS[*word].0) || (*word == 3 && one_of("feu"))),
        "weekday" => one_of(
            ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
                [local.weekday().num_days_from_monday() as usize],
        ),
        "hour" => {
            let mut hour = when["from"].as_u64().unwrap();
            loop {
                if hour == when["to"].as_u64().unwrap() {
                    return false;
                }
                if hour % 24 == u64::from(local.hour()) {
                    return true;
                }
                hour = if hour >= 24 { 1 } else { hour + 1 };
            }
        }
        kind @ ("road_owner" | "land_owner") => told.areas.iter().any(|(zoning, area)| {
            let area = city.zoning(zoning).unwrap().area(area).unwrap();
            let owner = if kind == "road_owner" { &area.road_owner } else { &area.land_owner };
            owner.as_ref().is_some_and(|owner| one_of(owner.as_str()))
        }),
        "answer" => when["category"] == category && answered(when, told),
        "all" => when["of"].as_array().unwrap().iter().all(|part| holds(part, city, told)),
        "any" => when["of"].as_array().unwrap().iter().any(|part| holds(part, city, told)),
        "not" => !holds(&when["of"], city, told),
        other => unreachable!("{other}"),
    }
}

fn answered(when: &Value, told: &Told) -> bool {
    let Some(reply) = told.replies.get(&when["question"].as_str().unwrap().parse().unwrap()) else { return false };
    let one_of = |code: &str| when["any_of"].as_array().unwrap().iter().any(|entry| entry == code);
    match serde_json::to_value(reply).unwrap() {
        Value::Bool(yes) => one_of(if yes { "yes" } else { "no" }),
        Value::Number(number) => {
            let number = number.as_f64().unwrap();
            when.get("at_least").is_none_or(|least| number >= least.as_f64().unwrap())
                && when.get("at_most").is_none_or(|most| number <= most.as_f64().unwrap())
        }
        Value::String(choice) => one_of(&choice),
        Value::Array(choices) => choices.iter().any(|choice| one_of(choice.as_str().unwrap())),
        other => unreachable!("{other}"),
    }
}
