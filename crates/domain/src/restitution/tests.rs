use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::city::catalogue::ClosureReason;
use crate::ticket::State;

fn catalogue() -> Vec<Category> {
    let category = |(code, parent, sensitivity): (&str, Option<&str>, &str)| {
        let mut category = json!({
            "code": code, "label": { "fr": code, "en": code }, "sensitivity": sensitivity,
            "acknowledge_within": "2d", "resolve_within": "10d", "hidden_from_referrer": code == "complaint",
        });
        if let Some(parent) = parent {
            category["parent"] = json!(parent);
        }
        serde_json::from_value(category).unwrap()
    };
    [
        ("roads", None, "standard"),
        ("pothole", Some("roads"), "standard"),
        ("lamp", Some("roads"), "standard"),
        ("rows", Some("roads"), "restricted"),
        ("complaint", Some("roads"), "restricted"),
        ("waste", None, "standard"),
    ]
    .map(category)
    .into()
}

fn said(id: u128, category: &str, address: &str, state: State) -> Said {
    let reason = matches!(state, State::Resolved | State::Closed).then_some(ClosureReason::WorkDone);
    Said {
        concern: ConcernId(Uuid::from_u128(id)),
        category: category.parse().unwrap(),
        address: Some(Address::try_from(address.to_owned()).unwrap()),
        filed_at: "2026-03-10T09:00:00Z".parse().unwrap(),
        tickets: vec![Followed { state, reason, restricted: false, ended_at: None }],
        hidden: category == "complaint",
    }
}

fn sheet(said: &[Said]) -> Restitution {
    draw_up(said, &catalogue(), Zone::PARIS, &BTreeSet::new()).0
}

/// Theme, fate, number, and each line.
fn told(sheet: &Restitution) -> Vec<(String, Became, Option<u64>, Vec<String>)> {
    let line = |line: &Line| format!("{} {} {:?}", line.category, line.street.as_deref().unwrap_or("–"), line.how);
    let parts = sheet.themes.iter().flat_map(|theme| theme.parts.iter().map(move |part| (theme, part)));
    parts
        .map(|(theme, part)| (theme.label.fr.clone(), part.became, part.count, part.lines.iter().map(line).collect()))
        .collect()
}

#[test]
fn a_line_is_the_same_whoever_says_it_and_five_are_told() {
    let one = said(1, "pothole", "3 rue Haute", State::Submitted);
    let alone = told(&sheet(std::slice::from_ref(&one)));
    assert_eq!(alone, [("roads".into(), Became::Open, None, vec!["pothole Rue Haute Waiting".into()])]);
    let many = |n: u128| {
        (1..=n).map(|id| said(id, "pothole", &format!("{id} rue haute"), State::Submitted)).collect::<Vec<_>>()
    };
    assert_eq!(told(&sheet(&many(4))).last().unwrap().2, None);
    assert_eq!(told(&sheet(&many(5))).last().unwrap().2, Some(5));
    assert_eq!(told(&sheet(&many(13))).last().unwrap().2, Some(15));
    assert_eq!(sheet(&many(13)).themes[0].said(), Some(15));
}

#[test]
fn what_is_kept_from_others_has_no_line_and_is_counted_from_five_on() {
    let kept = |n: u128| (1..=n).map(|id| said(id, "rows", "rue Haute", State::Submitted)).collect::<Vec<_>>();
    assert_eq!(told(&sheet(&kept(4))), []);
    assert_eq!(told(&sheet(&kept(5))), [("roads".into(), Became::Open, Some(5), vec![])]);
    let complaints: Vec<_> = (1..=9).map(|id| said(id, "complaint", "rue Haute", State::Submitted)).collect();
    assert_eq!(told(&sheet(&complaints)), []);
    // Four beside others leave no trace: neither in a line nor in a number.
    let mut beside: Vec<_> = (11..=16).map(|id| said(id, "pothole", "rue Haute", State::Submitted)).collect();
    let before = sheet(&beside);
    beside.extend(kept(4));
    assert_eq!(sheet(&beside), before);
}

#[test]
fn what_is_counted_elsewhere_is_not_counted_again() {
    let all: Vec<_> = (1..=20).map(|id| said(id, "waste", "rue Haute", State::Resolved)).collect();
    let (first, counted) = draw_up(&all[..12], &catalogue(), Zone::PARIS, &BTreeSet::new());
    assert_eq!((told(&first)[0].2, counted.len(), first.elsewhere), (Some(10), 12, false));
    let (second, others) = draw_up(&all, &catalogue(), Zone::PARIS, &counted);
    assert_eq!((told(&second)[0].2, others.len(), second.elsewhere), (Some(10), 8, true));
    let (third, none) = draw_up(&all[..15], &catalogue(), Zone::PARIS, &counted);
    assert_eq!((told(&third)[0].2, none.len()), (None, 0), "three are left");
    assert_eq!(told(&third)[0].3, told(&first)[0].3, "the lines stay");
}

#[test]
fn a_number_that_is_not_told_could_be_several_ones() {
    for lines in 0..=12_usize {
        let mut alike: BTreeMap<Option<u64>, Vec<u64>> = BTreeMap::new();
        for count in (lines.max(1) as u64)..=40 {
            alike.entry(number(count, lines)).or_default().push(count);
        }
        for (told, could_be) in alike {
            if could_be.iter().any(|count| *count < LEAST) {
                assert_eq!(told, None);
                assert!(could_be.len() > 1, "{lines} lines and no number are {could_be:?}");
            }
        }
    }
}

/// Concerns of a few streets, days and cafés.
fn town() -> impl Strategy<Value = Vec<(Said, u32, u32)>> {
    let category = prop::sample::select(vec!["pothole", "lamp", "rows", "complaint", "waste"]);
    let state = prop::sample::select(vec![State::Submitted, State::Scheduled, State::Resolved, State::Cancelled]);
    let concern =
        (category, prop::sample::select(vec!["rue A", "rue Haute", "rue Basse", "12"]), state, 0..6_u32, 0..3_u32);
    vec(concern, 0..120).prop_map(|concerns| {
        let one = |(id, (category, address, state, day, cafe)): (usize, _)| {
            (said(id as u128, category, address, state), day, cafe)
        };
        concerns.into_iter().enumerate().map(one).collect()
    })
}

proptest! {
    /// Whatever sheets are published one after the other, of whatever cafés and times: each concern is in one number at
    /// most, each number is that of its own concerns, and lines tell of nothing that is kept from others.
    #[test]
    fn no_two_numbers_count_the_same_concern(
        town in town(),
        sheets in vec((0..4_u32, 0..6_u32, 0..6_u32), 1..6),
    ) {
        let mut counted: BTreeSet<ConcernId> = BTreeSet::new();
        for (cafe, from, to) in sheets {
            let within = |(_, day, heard): &&(Said, u32, u32)| (cafe == 3 || *heard == cafe) && (from..=to).contains(day);
            let said: Vec<Said> = town.iter().filter(within).map(|(said, ..)| said.clone()).collect();
            let (sheet, own) = draw_up(&said, &catalogue(), Zone::PARIS, &counted);
            prop_assert!(own.is_disjoint(&counted));
            let mut told = 0;
            for part in sheet.themes.iter().flat_map(|theme| &theme.parts) {
                if let Some(count) = part.count {
                    prop_assert!(count >= 5 && count % 5 == 0);
                    told += count;
                }
                prop_assert!(part.lines.iter().all(|line| line.category.as_str() != "rows" && line.category.as_str() != "complaint"));
                let mut once = part.lines.clone();
                once.dedup();
                prop_assert_eq!(&once, &part.lines);
            }
            // Each part is off by 2 at most.
            prop_assert!(told.abs_diff(own.len() as u64) <= 2 * 6);
            prop_assert!(own.len() >= 5 || own.is_empty());
            counted.extend(own);
        }
    }

    /// Who said it, and how often, does not change the lines.
    #[test]
    fn lines_do_not_tell_how_many(town in town(), again in vec(0..120_usize, 0..40)) {
        let said: Vec<Said> = town.iter().map(|(said, ..)| said.clone()).collect();
        let mut more = said.clone();
        for (n, at) in again.into_iter().enumerate() {
            if let Some(one) = said.get(at) {
                more.push(Said { concern: ConcernId(Uuid::from_u128(1000 + n as u128)), ..one.clone() });
            }
        }
        let lines = |said: &[Said]| -> Vec<Line> {
            sheet(said).themes.into_iter().flat_map(|theme| theme.parts).flat_map(|part| part.lines).collect()
        };
        prop_assert_eq!(lines(&said), lines(&more));
    }
}
