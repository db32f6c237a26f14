//! What a look at a whole rule set costs: 500 rules, each for one of 60 categories in one of 40 areas, with a word of its own
//! or an answer.

#![expect(clippy::unwrap_used, reason = "what is measured is written here, and fits")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use domain::city::City;
use domain::city::zoning::{Area, Zoning};
use domain::routing::{Rule, RuleSet};
use geo::{MultiPolygon, Rect};
use serde_json::{Value, json};

const AREAS: u32 = 40;
const CATEGORIES: u32 = 60;

fn parse<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn label(text: &str) -> Value {
    json!({ "fr": text, "en": text })
}

fn area(at: u32) -> Area {
    let west = f64::from(at) * 0.01;
    let shape = Rect::new((west, 49.0), (west + 0.01, 50.0)).to_polygon();
    let code = format!("area-{at}");
    Area::new(code.parse().unwrap(), code, MultiPolygon(vec![shape]))
}

fn rule(at: u32) -> Rule {
    let category = format!("category-{}", at % CATEGORIES);
    let special = match at % 3 {
        0 => json!({ "type": "answer", "category": category, "question": "volume", "at_least": at }),
        1 => json!({ "type": "keywords", "any_of": [format!("mot{at}"), "seringue"] }),
        _ => json!({ "type": "hour", "from": at % 24, "to": (at + 8) % 24 }),
    };
    let area = json!({ "type": "area", "zoning": "sectors", "any_of": [format!("area-{}", at / CATEGORIES % AREAS)] });
    let category = json!({ "type": "category", "any_of": [category] });
    let code = format!("rule-{at}");
    let when = json!({ "type": "all", "of": [category, area, special] });
    parse(json!({ "code": code, "name": label(&code), "when": when, "send_to": ["desk"] }))
}

fn city() -> City {
    let category = |at: u32| {
        let code = format!("category-{at}");
        json!({
            "code": code, "label": label(&code), "sensitivity": "standard",
            "acknowledge_within": "2d", "resolve_within": "10d",
            "questions": [{ "code": "volume", "label": label("Volume"), "type": "number", "min": 0, "max": 1000 }],
        })
    };
    let last =
        parse(json!({ "code": "rest", "name": label("Rest"), "when": { "type": "always" }, "send_to": ["desk"] }));
    City {
        settings: parse(json!({
            "name": "Ville", "insee": "80000", "reference_prefix": "VIL", "territory": "sectors",
            "dispatcher_desk": "desk",
            "sender": { "name": "Ville", "email": "ville@town.example", "address": "1, place", "phone": "03" },
        })),
        organisations: vec![parse(json!({ "code": "town", "kind": "city", "name": "Ville" }))],
        calendars: vec![parse(json!({
            "code": "office", "name": label("Bureau"), "hours": { "monday": ["08:00-12:00"] },
            "holidays": "metropolitan",
        }))],
        services: vec![parse(json!({
            "code": "desk", "organisation": "town", "kind": "municipal", "name": label("Bureau"), "calendar": "office",
            "mailbox": "desk@town.example",
        }))],
        catalogue: (0..CATEGORIES).map(category).map(parse).collect(),
        zonings: vec![Zoning::new("sectors".parse().unwrap(), "Secteurs".to_owned(), (0..AREAS).map(area).collect())],
        rules: RuleSet::draft((0..499).map(rule).chain([last]).collect()),
        letters: Vec::new(),
    }
}

fn checking(c: &mut Criterion) {
    let city = city();
    let look = |city: &City| (city.rules.check(city, None), city.rules.warnings(city));
    let (faults, warnings) = look(&city);
    assert!(faults.is_empty() && warnings.is_empty(), "{} faults, {} warnings", faults.len(), warnings.len());
    c.bench_function("faults and warnings of 500 rules", |b| b.iter(|| look(black_box(&city))));
}

criterion_group!(benches, checking);
criterion_main!(benches);
