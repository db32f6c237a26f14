//! Random rules, and every concern that they can tell apart.

use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

use super::town::{CATEGORIES, Told, WORDS, areas, reply, rule};
use crate::city::question::Replies;
use crate::concern::Origin;
use crate::place::Areas;
use crate::routing::Rule;
use crate::ticket::Priority;

/// What the rules of one set look at beside categories: few things at once, so that every concern can be tried.
#[derive(Debug, Clone, Copy)]
pub(super) enum Theme {
    Place,
    Urgency,
    Answers,
    Words,
    Time,
    Everything,
}

/// The themes whose concerns can be told one by one.
pub(super) const THEMES: [Theme; 5] = [Theme::Place, Theme::Urgency, Theme::Answers, Theme::Words, Theme::Time];

fn any_of(kind: &'static str, of: &'static [&'static str]) -> BoxedStrategy<Value> {
    let some = subsequence(of, 1..=of.len());
    some.prop_map(move |any_of| json!({ "type": kind, "any_of": any_of })).boxed()
}

fn area(zoning: &'static str, of: &'static [&'static str]) -> BoxedStrategy<Value> {
    any_of("area", of)
        .prop_map(move |mut when| {
            when["zoning"] = json!(zoning);
            when
        })
        .boxed()
}

fn answer() -> BoxedStrategy<Value> {
    let with = |question: &'static str, of: &'static [&'static str]| {
        any_of("answer", of).prop_map(move |mut when| {
            (when["category"], when["question"]) = (json!("pothole"), json!(question));
            when
        })
    };
    let bound = || select(vec![None, Some(2), Some(5), Some(12)]);
    let number = (bound(), bound()).prop_map(|(least, most)| {
        let mut when = json!({ "type": "answer", "category": "pothole", "question": "volume" });
        if let Some(least) = least {
            when["at_least"] = json!(least);
        }
        if let Some(most) = most.or_else(|| least.is_none().then_some(5)) {
            when["at_most"] = json!(most);
        }
        when
    });
    let choice = with("extent", &["lamp", "street"]);
    prop_oneof![choice, with("kinds", &["lamp", "street"]), with("blocked", &["yes", "no"]), number].boxed()
}

fn simple(theme: Theme) -> BoxedStrategy<Value> {
    let words: &'static [&'static str] = &[WORDS[0].0, WORDS[1].0, WORDS[2].0, WORDS[3].0];
    let hours = (select(vec![0, 6, 21]), select(vec![7, 22, 24]));
    let hour = hours.prop_map(|(from, to)| json!({ "type": "hour", "from": from, "to": to }));
    let hour = prop_oneof![hour, Just(json!({ "type": "hour", "from": 22, "to": 7 }))];
    let place = prop_oneof![
        area("sectors", &["north", "south"]),
        area("estates", &["a", "b", "c"]),
        any_of("road_owner", &["county", "landlord"]),
        any_of("land_owner", &["county", "landlord"]),
    ];
    let urgency = prop_oneof![
        any_of("origin", &["cafe", "patrol"]),
        any_of("priority", &["low", "high", "urgent"]),
        any_of("sensitivity", &["standard", "restricted"]),
    ];
    let time = prop_oneof![any_of("weekday", &["monday", "sunday"]), hour];
    let words = any_of("keywords", words);
    let special = match theme {
        Theme::Place => place.boxed(),
        Theme::Urgency => urgency.boxed(),
        Theme::Answers => answer(),
        Theme::Words => words,
        Theme::Time => time.boxed(),
        Theme::Everything => prop_oneof![place, urgency, answer(), words, time].boxed(),
    };
    let category = any_of("category", &["roads", "pothole", "lamp", "noise"]);
    let rare = any_of("category", &["emergency"]);
    prop_oneof![10 => category, 1 => rare, 20 => special, 1 => Just(json!({ "type": "always" }))].boxed()
}

fn condition(theme: Theme) -> BoxedStrategy<Value> {
    simple(theme)
        .prop_recursive(3, 12, 3, |inner| {
            let parts = proptest::collection::vec(inner.clone(), 1..=3);
            prop_oneof![
                3 => parts.clone().prop_map(|of| json!({ "type": "all", "of": of })),
                2 => parts.prop_map(|of| json!({ "type": "any", "of": of })),
                1 => inner.prop_map(|of| json!({ "type": "not", "of": of })),
            ]
        })
        .boxed()
}

/// Rules of a theme, the last of which matches always.
pub(super) fn rules(theme: Theme) -> impl Strategy<Value = Vec<Rule>> {
    proptest::collection::vec(condition(theme), 1..=7).prop_map(|conditions| {
        let last = std::iter::once(json!({ "type": "always" }));
        conditions.into_iter().chain(last).enumerate().map(|(at, when)| rule(&format!("r{at}"), &when)).collect()
    })
}

/// Any concern.
pub(super) fn told() -> impl Strategy<Value = Told> {
    let area = (select(vec!["north", "south"]), select(vec![None, Some("a"), Some("b"), Some("c")]));
    let words = subsequence(vec![0, 1, 2, 3], 0..=4);
    let hours = 0..24 * 400_i64;
    let priority = proptest::option::of(select(Priority::ALL.to_vec()));
    let others = (select(Origin::ALL.to_vec()), priority, select(answers()), words, hours);
    (0..CATEGORIES.len() - 1, area, others).prop_map(|(category, (sector, estate), others)| {
        let (origin, priority, replies, words, hours) = others;
        let replies = if category == 1 { replies } else { Replies::new() };
        Told {
            category,
            areas: areas(sector, estate),
            origin,
            priority,
            replies,
            words,
            at: start() + Duration::hours(hours),
        }
    })
}

fn start() -> DateTime<Utc> {
    "2026-01-01T00:30:00Z".parse().unwrap()
}

/// Every set of answers that the rules tell apart.
fn answers() -> Vec<Replies> {
    let mut all = vec![Replies::new()];
    for (question, values) in [
        ("extent", vec![json!("lamp"), json!("street")]),
        ("volume", [json!(1), json!(2), json!(2.5), json!(5), json!(9)].to_vec()),
        ("kinds", vec![json!(["lamp"]), json!(["street"]), json!(["street", "lamp"])]),
        ("blocked", vec![json!(true), json!(false)]),
    ] {
        let with = |value: &Value| {
            let add = |replies: &Replies| {
                let mut replies = replies.clone();
                replies.insert(question.parse().unwrap(), reply(value));
                replies
            };
            all.iter().map(add).collect::<Vec<_>>()
        };
        let more: Vec<Replies> = values.iter().flat_map(with).collect();
        all.extend(more);
    }
    all
}

fn places() -> Vec<Areas> {
    let estates = [None, Some("a"), Some("b"), Some("c")];
    let placed = ["north", "south"].iter().flat_map(|sector| estates.map(|estate| areas(sector, estate)));
    // An address alone lies in no area.
    placed.chain([Areas::new()]).collect()
}

/// Every concern that rules of a theme tell apart.
pub(super) fn everything(theme: Theme) -> Vec<Told> {
    let base = Told::default();
    let special: Vec<Told> = match theme {
        Theme::Place => places().into_iter().map(|areas| Told { areas, ..base.clone() }).collect(),
        Theme::Urgency => Origin::ALL
            .iter()
            .flat_map(|origin| Priority::ALL.map(|priority| (*origin, Some(priority))))
            .map(|(origin, priority)| Told { origin, priority, ..base.clone() })
            .collect(),
        Theme::Answers => answers().into_iter().map(|replies| Told { replies, ..base.clone() }).collect(),
        Theme::Words => (0..16_usize)
            .map(|set| (0..4).filter(|word| set & (1 << word) != 0).collect())
            .map(|words| Told { words, ..base.clone() })
            .collect(),
        Theme::Time => (0..7 * 24).map(|hours| Told { at: start() + Duration::hours(hours), ..base.clone() }).collect(),
        Theme::Everything => Vec::new(),
    };
    let about = |category: usize| special.iter().map(move |told| Told { category, ..told.clone() });
    (0..CATEGORIES.len() - 1)
        .flat_map(about)
        .map(|told| if told.category == 1 { told } else { Told { replies: Replies::new(), ..told } })
        .collect()
}
