//! `cities/amiens` as a town clerk would read it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate, Weekday};
use domain::city::City;
use domain::city::catalogue::Sensitivity;
use domain::city::organisation::ServiceKind;
use domain::city::question::Replies;
use domain::concern::Origin;
use domain::id::ZoningCode;
use domain::person::Role;
use domain::place::{Areas, Point};
use domain::routing::{Condition, Rule, Subject};
use geo::{Area as _, BooleanOps, BoundingRect, Contains, Coord};

use super::{cities, lines};
use crate::city::syntax::yaml;
use crate::city::{check, read, read_demo};

fn amiens() -> City {
    read(&cities().join("amiens")).map_err(|faults| lines(&faults)).unwrap()
}

fn services_for(city: &City, category: &str, areas: &Areas) -> (String, Vec<String>) {
    let category = city.category(&category.parse().unwrap()).unwrap();
    let replies = Replies::new();
    let at = "2026-03-10T09:00:00Z".parse().unwrap();
    let (origin, priority, description) = (Origin::Cafe, None, None);
    let subject = Subject { category, areas, origin, priority, replies: &replies, description, at };
    let route = city.rules.route(city, &subject).unwrap();
    (route.sent.rule.to_string(), route.send_to.iter().map(ToString::to_string).collect())
}

#[test]
fn the_folder_has_no_fault() {
    assert_eq!(lines(&check(&cities().join("amiens")).faults), Vec::<String>::new());
}

#[test]
fn every_category_that_opens_tickets_has_a_rule_of_its_own() {
    let city = amiens();
    let nowhere = Areas::new();
    let mut desk = Vec::new();
    for category in city.catalogue.iter().filter(|category| category.sensitivity != Sensitivity::SignpostOnly) {
        let (rule, services) = services_for(&city, category.code.as_str(), &nowhere);
        assert_ne!(rule, "reste", "{} reaches the rule that catches all", category.code);
        if services.contains(&"regulation".to_owned()) {
            desk.push(category.code.as_str());
        }
    }
    assert_eq!(desk, ["squat", "officer_complaint", "admin_info"]);
}

#[test]
fn categories_go_to_the_services_that_the_catalogue_names() {
    let city = amiens();
    let nowhere = Areas::new();
    let expected = [
        ("illegal_dumping", "proprete brigade-verte"),
        ("bulky_waste", "dechets"),
        ("graffiti", "proprete"),
        ("pests", "hygiene"),
        ("pothole", "voirie"),
        ("street_light_out", "eclairage"),
        ("water_drain", "eau"),
        ("tree_hedge", "espaces-verts"),
        ("abandoned_land", "urbanisme"),
        ("parking_nuisance", "police-municipale"),
        ("resident_parking", "stationnement"),
        ("traffic_calming", "voirie police-municipale"),
        ("neighbour_noise", "police-municipale"),
        ("venue_noise", "hygiene"),
        ("neighbour_dispute", "mediation"),
        ("hall_occupation", "bailleur"),
        ("dangerous_dog", "police-municipale"),
        ("unfit_housing", "hygiene"),
        ("building_danger", "urbanisme hygiene"),
        ("vulnerable_person", "ccas"),
        ("squat", "regulation police-nationale"),
    ];
    for (category, services) in expected {
        assert_eq!(services_for(&city, category, &nowhere).1.join(" "), services, "{category}");
    }
}

#[test]
fn mediators_go_along_where_they_work() {
    let city = amiens();
    let nord = city.areas_at(Point { lat: 49.912, lon: 2.297 });
    let centre = city.areas_at(Point { lat: 49.894, lon: 2.296 });
    assert_eq!(services_for(&city, "gathering", &nord).1, ["mediation", "police-municipale"]);
    assert_eq!(services_for(&city, "gathering", &centre).1, ["police-municipale"]);
    assert_eq!(services_for(&city, "graffiti", &nord).1, ["proprete"]);
}

#[test]
fn waste_collection_stops_on_three_days_only() {
    let city = amiens();
    let dechets = city.service(&"dechets".parse().unwrap()).unwrap();
    assert_eq!(dechets.calendar.as_str(), "collecte");
    let calendar = city.calendar(&dechets.calendar).unwrap();
    for year in 2026..2032 {
        let days = NaiveDate::from_ymd_opt(year, 1, 1).unwrap().iter_days().take_while(|day| day.year() == year);
        let working = days.filter(|day| day.weekday() != Weekday::Sun);
        let stopped: Vec<_> = working.filter(|day| calendar.closed_because(*day).is_some()).collect();
        let holidays =
            [(1, 1), (5, 1), (12, 25)].map(|(month, day)| NaiveDate::from_ymd_opt(year, month, day).unwrap());
        assert_eq!(stopped, holidays.into_iter().filter(|day| day.weekday() != Weekday::Sun).collect::<Vec<_>>());
    }
}

#[test]
fn a_service_of_each_kind_has_somebody_to_log_in() {
    let people = read_demo(&cities().join("amiens")).unwrap();
    for role in Role::ALL {
        assert!(people.iter().any(|person| person.roles.contains(&role)), "nobody is {}", role.code());
    }
    for service in amiens().services.iter().filter(|service| service.kind == ServiceKind::Municipal) {
        assert!(people.iter().any(|person| person.services.contains(&service.code)), "nobody in {}", service.code);
    }
    assert!(people.iter().all(|person| person.email.ends_with(".example")));
}

/// The approximate centres of the quartiers, latitude first, and the sector that each is in.
const CENTRES: [(&str, f64, f64, &str); 14] = [
    ("centre", 49.894, 2.296, "centre"),
    ("saint-leu", 49.898, 2.301, "centre"),
    ("gare", 49.890, 2.309, "centre"),
    ("saint-acheul", 49.884, 2.327, "est"),
    ("saint-pierre", 49.902, 2.312, "est"),
    ("nord-pigeonnier", 49.912, 2.297, "nord"),
    ("saint-maurice", 49.904, 2.283, "nord"),
    ("etouvie", 49.905, 2.245, "ouest"),
    ("montieres", 49.900, 2.265, "ouest"),
    ("renancourt", 49.886, 2.262, "ouest"),
    ("elbeuf-lescouve", 49.885, 2.265, "ouest"),
    ("henriville", 49.885, 2.290, "sud"),
    ("sainte-anne", 49.886, 2.308, "sud"),
    ("pierre-rollin", 49.876, 2.318, "sud"),
];

#[test]
fn each_centre_lies_in_its_quartier_and_sector() {
    let city = amiens();
    for (quartier, lat, lon, sector) in CENTRES {
        let areas = city.areas_at(Point { lat, lon });
        let found: BTreeMap<&str, &str> = areas.iter().map(|(zoning, area)| (zoning.as_str(), area.as_str())).collect();
        assert_eq!(found, BTreeMap::from([("quartiers", quartier), ("secteurs", sector)]));
        assert!(city.is_inside(&areas));
    }
    assert!(!city.is_inside(&city.areas_at(Point { lat: 49.9, lon: 2.4 })));
}

#[test]
fn sectors_divide_the_city_without_gap_or_overlap() {
    let city = amiens();
    let areas = |code: &str| {
        let code: ZoningCode = code.parse().unwrap();
        city.zonings.iter().find(|zoning| zoning.code == code).unwrap().areas()
    };
    let (quartiers, sectors) = (areas("quartiers"), areas("secteurs"));
    let bounds = quartiers.iter().filter_map(|area| area.shape().bounding_rect());
    let (mut inside, mut pairs) = (0, BTreeSet::new());
    let (west, east) = bounds.clone().fold((180.0_f64, -180.0_f64), |(w, e), b| (w.min(b.min().x), e.max(b.max().x)));
    let (south, north) = bounds.fold((90.0_f64, -90.0_f64), |(s, n), b| (s.min(b.min().y), n.max(b.max().y)));
    for step in 0..40_000_u32 {
        let (column, row) = (f64::from(step % 200), f64::from(step / 200));
        let at = Coord {
            x: west + (east - west) * (column + 0.497) / 200.0,
            y: south + (north - south) * (row + 0.491) / 200.0,
        };
        let holding: Vec<&str> =
            quartiers.iter().filter(|area| area.shape().contains(&at)).map(|area| area.code.as_str()).collect();
        let sectors: Vec<&str> =
            sectors.iter().filter(|area| area.shape().contains(&at)).map(|area| area.code.as_str()).collect();
        assert_eq!(holding.len(), sectors.len(), "{at:?}: {holding:?} {sectors:?}");
        if let [quartier] = holding.as_slice() {
            inside += 1;
            pairs.insert((*quartier, sectors[0]));
        } else {
            assert!(holding.is_empty(), "{at:?} lies in {holding:?}");
        }
    }
    assert!(inside > 10_000, "the grid covers the city");
    assert_eq!(pairs, CENTRES.iter().map(|(quartier, _, _, sector)| (*quartier, *sector)).collect());
    for (at, area) in sectors.iter().enumerate() {
        for other in &sectors[at + 1..] {
            let overlap = area.shape().intersection(other.shape()).unsigned_area();
            assert!(overlap < 1e-12, "{} and {} overlap", area.code, other.code);
        }
    }
}

fn value(text: &str) -> serde_json::Value {
    yaml(text).map_err(|error| error.message).unwrap().value
}

/// The conditions that stand as examples in a text: `{type: …}`, but for those that leave something out.
fn conditions(text: &str) -> Vec<Condition> {
    let examples = text.match_indices("{type: ").map(|(at, _)| {
        let mut open = 0;
        let end = text[at..].char_indices().find(|(_, c)| {
            open += i32::from(*c == '{') - i32::from(*c == '}');
            open == 0
        });
        &text[at..=at + end.unwrap().0]
    });
    let whole = examples.filter(|example| !example.contains('…'));
    whole.map(|example| serde_json::from_value(value(example)).expect(example)).collect()
}

#[test]
fn the_examples_for_those_who_write_rules_fit_amiens() {
    let mut city = amiens();
    let text = |path: &str| std::fs::read_to_string(cities().join(path)).unwrap();
    let (page, file) = (text("../docs/routing.md"), text("amiens/routing.yaml"));
    let blocks = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let whole: Vec<Rule> =
        blocks.flat_map(|block| serde_json::from_value::<Vec<Rule>>(value(block)).unwrap()).collect();
    let header: String = file.lines().take_while(|line| line.starts_with('#')).collect();
    let (in_page, in_header) = (conditions(&page), conditions(&header));
    assert_eq!(
        (whole.len(), in_page.len(), in_header.len()),
        (1, 13, 10),
        "of a page that has more or fewer, say so here"
    );
    let alone = in_page.into_iter().chain(in_header).filter(|condition| *condition != Condition::Always {});
    let alone = alone.map(|when| Rule { when, ..whole[0].clone() });
    let mut rules: Vec<Rule> = whole.iter().cloned().chain(alone).collect();
    for (at, rule) in rules.iter_mut().enumerate() {
        rule.code = format!("exemple-{at}").parse().unwrap();
    }
    city.rules.rules.splice(0..0, rules);
    let faults = city.rules.check(&city, None);
    // What nothing meets, because Amiens' zonings name no owner, and what two examples both take, is well written.
    let wrong: Vec<_> = faults.iter().filter(|fault| !fault.kind.needs_the_whole()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nothing_of_it_is_worth_a_second_look() {
    assert_eq!(lines(&check(&cities().join("amiens")).warnings), Vec::<String>::new());
}
