//! A small town, whose concerns can be told one by one.

use chrono::{DateTime, Utc};
use geo::{MultiPolygon, Rect};
use serde_json::{Value, json};

use crate::city::City;
use crate::city::question::{Replies, Reply};
use crate::city::zoning::{Area, Zoning};
use crate::concern::Origin;
use crate::place::Areas;
use crate::routing::{Rule, RuleSet, Subject};
use crate::ticket::Priority;

/// The categories: a group with two of which one is sensitive, one alone, and one for which people are given numbers.
pub(super) const CATEGORIES: [&str; 5] = ["roads", "pothole", "lamp", "noise", "emergency"];

/// Words that rules look for, and how residents say them. The fourth has the third.
pub(super) const WORDS: [(&str, &str); 4] =
    [("dépôt", "deux DEPOTS"), ("seringue", "des seringues"), ("feu", "le feu"), ("feu rouge", "ces feu rouges")];

fn label(text: &str) -> Value {
    json!({ "fr": text, "en": format!("{text} (en)") })
}

pub(super) fn category(code: &str, parent: Option<&str>, sensitivity: &str, questions: &Value) -> Value {
    let mut category = json!({
        "code": code, "label": label(code), "sensitivity": sensitivity, "questions": questions,
        "acknowledge_within": "2d", "resolve_within": "10d",
    });
    if let Some(parent) = parent {
        category["parent"] = json!(parent);
    }
    if sensitivity == "signpost_only" {
        category["emergency"] =
            json!({ "message": label("17"), "numbers": [{ "number": "17", "label": label("17") }] });
    }
    category
}

fn service(code: &str, kind: &str) -> Value {
    json!({
        "code": code, "organisation": "town", "kind": kind, "name": label(code), "calendar": "office",
        "mailbox": format!("{code}@town.example"),
    })
}

fn zoning(code: &str, areas: &[(&str, Option<&str>, Option<&str>)]) -> Zoning {
    let area = |(at, (code, road, land)): (f64, &(&str, Option<&str>, Option<&str>))| {
        let owner = |owner: Option<&str>| owner.map(|owner| owner.parse().unwrap());
        let shape = Rect::new((at, 0.0), (at + 1.0, 4.0)).to_polygon();
        Area::new(code.parse().unwrap(), code.to_uppercase(), MultiPolygon(vec![shape]))
            .owned_by(owner(*road), owner(*land))
    };
    let areas = (0..8_i32).map(f64::from).zip(areas).map(area).collect();
    Zoning::new(code.parse().unwrap(), format!("Zones {code}"), areas)
}

/// The town, with these rules.
pub(crate) fn town(rules: Vec<Rule>) -> City {
    let choices = json!([{ "code": "lamp", "label": label("un") }, { "code": "street", "label": label("la rue") }]);
    let questions = json!([
        { "code": "extent", "label": label("Étendue"), "type": "choice", "choices": choices },
        { "code": "volume", "label": label("Volume"), "type": "number", "min": 1, "max": 9, "unit": label("m³") },
        { "code": "kinds", "label": label("Quoi"), "type": "choices", "choices": choices },
        { "code": "blocked", "label": label("Bloqué"), "type": "yes_no" },
    ]);
    let parse = |value: Value| serde_json::from_value::<crate::city::Settings>(value).unwrap();
    let organisation = |(code, name): (&str, &str)| json!({ "code": code, "kind": "city", "name": name });
    let organisations = [("town", "La ville"), ("county", "Le département"), ("landlord", "Le bailleur")];
    let mut territory = zoning("sectors", &[("north", None, Some("landlord")), ("south", Some("county"), None)]);
    territory.name = "Secteurs".to_owned();
    let mut estates =
        zoning("estates", &[("a", Some("county"), None), ("b", None, Some("landlord")), ("c", None, None)]);
    (estates.name, estates.partial) = ("Résidences".to_owned(), true);
    City {
        settings: parse(json!({
            "name": "Ville", "insee": "80000", "reference_prefix": "VIL", "territory": "sectors",
            "dispatcher_desk": "desk",
            "sender": { "name": "Ville", "email": "ville@town.example", "address": "1, place", "phone": "03" },
        })),
        organisations: from(organisations.map(organisation).to_vec()),
        calendars: from(vec![json!({
            "code": "office", "name": label("Bureau"), "hours": { "monday": ["08:00-12:00"] }, "holidays": "metropolitan",
        })]),
        services: from(vec![
            service("desk", "municipal"),
            service("works", "municipal"),
            service("police", "municipal"),
            service("landlord", "partner"),
        ]),
        catalogue: from(vec![
            category("roads", None, "standard", &json!([])),
            category("pothole", Some("roads"), "standard", &questions),
            category("lamp", Some("roads"), "restricted", &json!([])),
            category("noise", None, "restricted", &json!([])),
            category("emergency", None, "signpost_only", &json!([])),
        ]),
        zonings: vec![territory, estates],
        rules: RuleSet::draft(rules),
        letters: Vec::new(),
    }
}

fn from<T: serde::de::DeserializeOwned>(entries: Vec<Value>) -> Vec<T> {
    entries.into_iter().map(|entry| serde_json::from_value(entry).unwrap()).collect()
}

/// A rule that sends to the desk.
pub(super) fn rule(code: &str, when: &Value) -> Rule {
    let rule = json!({ "code": code, "name": label(code), "when": when, "send_to": ["desk"] });
    serde_json::from_value(rule).unwrap()
}

/// A concern, as it can be told.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// Its number in [`CATEGORIES`].
    pub(super) category: usize,
    pub(super) areas: Areas,
    pub(super) origin: Origin,
    pub(super) priority: Option<Priority>,
    pub(super) replies: Replies,
    /// Numbers in [`WORDS`].
    pub(super) words: Vec<usize>,
    pub(super) at: DateTime<Utc>,
}

impl Default for Told {
    /// A pothole in the north, heard at a café on Tuesday at ten.
    fn default() -> Self {
        Self {
            category: 1,
            areas: areas("north", None),
            origin: Origin::Cafe,
            priority: None,
            replies: Replies::new(),
            words: Vec::new(),
            at: "2026-03-10T09:00:00Z".parse().unwrap(),
        }
    }
}

impl Told {
    /// What is done with it as a subject.
    pub(super) fn subject<T>(&self, city: &City, with: impl FnOnce(&Subject<'_>) -> T) -> T {
        let category = city.category(&CATEGORIES[self.category].parse().unwrap()).unwrap();
        let said: Vec<&str> = self.words.iter().map(|word| WORDS[*word].1).collect();
        let description = format!("Bonjour, il y a {} ici", said.join(", et "));
        with(&Subject {
            category,
            areas: &self.areas,
            origin: self.origin,
            priority: self.priority,
            replies: &self.replies,
            description: Some(&description),
            at: self.at,
        })
    }
}

pub(super) fn areas(sector: &str, estate: Option<&str>) -> Areas {
    let estate = estate.map(|estate| ("estates".parse().unwrap(), estate.parse().unwrap()));
    std::iter::once(("sectors".parse().unwrap(), sector.parse().unwrap())).chain(estate).collect()
}

pub(super) fn reply(value: &Value) -> Reply {
    serde_json::from_value(value.clone()).unwrap()
}
