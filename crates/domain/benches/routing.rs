//! What routing one concern costs: finding its areas and trying the rules, with 500 rules and three zonings of 200 areas of
//! 1 000 corners each.

#![expect(clippy::unwrap_used, reason = "what is measured is written here, and fits")]

use std::f64::consts::TAU;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use domain::city::City;
use domain::city::question::Replies;
use domain::city::zoning::{Area, Zoning};
use domain::concern::Origin;
use domain::place::Point;
use domain::routing::{Rule, RuleSet, Subject};
use geo::{Coord, LineString, MultiPolygon, Polygon};
use serde_json::{Value, json};

const ZONINGS: [&str; 3] = ["sectors", "quarters", "estates"];
const COLUMNS: u32 = 20;
const ROWS: u32 = 10;
const CATEGORIES: u32 = 60;

/// What an officer writes down: 60 words.
const DESCRIPTION: &str = "Depuis plusieurs semaines, un tas de gravats et de vieux meubles s’accumule derrière l’école, au \
    pied du mur, à côté de la grille verte. Les enfants passent devant chaque matin et jouent avec des planches. Le \
    gardien a déjà appelé deux fois, sans réponse. L’habitante demande que le passage soit dégagé avant la rentrée, et \
    qu’une barrière empêche les dépôts.";

fn parse<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

fn label(text: &str) -> Value {
    json!({ "fr": text, "en": text })
}

/// A corner of the grid of areas, in degrees around Amiens.
fn corner(column: u32, row: u32) -> Coord<f64> {
    Coord { x: 2.2 + f64::from(column) * 0.01, y: 49.85 + f64::from(row) * 0.01 }
}

/// A side with 250 corners, waving so that neighbours share it exactly.
fn side(from: Coord<f64>, to: Coord<f64>) -> Vec<Coord<f64>> {
    let point = |step: u32| {
        let share = f64::from(step) / 250.0;
        let wave = 0.002 * (share * TAU * 3.0).sin();
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let (east, north) = if dx == 0.0 { (wave, 0.0) } else { (0.0, wave) };
        Coord { x: from.x + dx * share + east, y: from.y + dy * share + north }
    };
    (0..250).map(point).collect()
}

fn area(at: u32) -> Area {
    let (column, row) = (at % COLUMNS, at / COLUMNS);
    let [a, b, c, d] =
        [corner(column, row), corner(column + 1, row), corner(column + 1, row + 1), corner(column, row + 1)];
    let back = |from, to| {
        let mut side = side(from, to);
        side.push(to);
        side.reverse();
        side.pop();
        side
    };
    let ring = LineString::from([side(a, b), side(b, c), back(d, c), back(a, d)].concat());
    let code = format!("area-{at}");
    Area::new(code.parse().unwrap(), code, MultiPolygon(vec![Polygon::new(ring, Vec::new())]))
}

fn zoning(code: &str) -> Zoning {
    Zoning::new(code.parse().unwrap(), code.to_owned(), (0..COLUMNS * ROWS).map(area).collect())
}

/// Rules of all kinds. The concern meets none but the last; a fifth of them have its category.
fn rule(at: u32) -> Rule {
    let category = if (at / 5).is_multiple_of(5) { 7 } else { at % CATEGORIES };
    let special = match at % 5 {
        0 => json!({ "type": "area", "zoning": ZONINGS[at as usize % 3], "any_of": ["area-3", "area-4", "area-5"] }),
        1 => json!({ "type": "origin", "any_of": ["phone", "email"] }),
        2 => json!({ "type": "keywords", "any_of": [format!("mot{at}"), "seringue", "feu rouge"] }),
        3 => json!({ "type": "hour", "from": 21, "to": 6 }),
        _ => json!({ "type": "road_owner", "any_of": ["county"] }),
    };
    let category = json!({ "type": "category", "any_of": [format!("category-{category}"), format!("category-{at}")] });
    let when = json!({ "type": "all", "of": [category, special] });
    let code = format!("rule-{at}");
    parse(json!({ "code": code, "name": label(&code), "when": when, "send_to": ["desk"] }))
}

fn city() -> City {
    let category = |at: u32| {
        let code = format!("category-{at}");
        json!({
            "code": code, "label": label(&code), "sensitivity": "standard",
            "acknowledge_within": "2d", "resolve_within": "10d",
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
        organisations: Vec::new(),
        calendars: Vec::new(),
        services: Vec::new(),
        catalogue: (0..CATEGORIES).map(category).map(parse).collect(),
        zonings: ZONINGS.map(zoning).into(),
        rules: RuleSet::draft((0..499).map(rule).chain([last]).collect()),
        letters: Vec::new(),
    }
}

fn routing(c: &mut Criterion) {
    let city = city();
    assert_eq!((city.rules.rules.len(), city.zonings[0].areas()[0].shape().0[0].exterior().0.len()), (500, 1001));
    let point = Point { lat: 49.8991, lon: 2.3013 };
    let replies = Replies::new();
    let at = "2026-03-10T09:00:00Z".parse().unwrap();
    let route = |areas: &_| {
        let category = city.category(&"category-7".parse().unwrap()).unwrap();
        let (origin, priority, description) = (Origin::Cafe, None, Some(DESCRIPTION));
        let subject = Subject { category, areas, origin, priority, replies: &replies, description, at };
        city.rules.route(&city, &subject).unwrap()
    };
    let areas = city.areas_at(point);
    assert_eq!((areas.len(), route(&areas).sent.rule.as_str()), (3, "rest"));
    c.bench_function("areas of a point", |b| b.iter(|| city.areas_at(black_box(point))));
    c.bench_function("rules, to the last one", |b| b.iter(|| route(black_box(&areas))));
    c.bench_function("areas and rules", |b| b.iter(|| route(&city.areas_at(black_box(point)))));
}

criterion_group!(benches, routing);
criterion_main!(benches);
