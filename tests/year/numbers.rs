//! The city's figures are what the events say: the statistics, the cafés, the sheets.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::cast::{DISPATCHER, OFFICERS, SECTORS, dice};
use super::hear::WEEKS;
use super::story::Stories;
use super::town::{Cafe, Said, Town};
use crate::statistics::equal_the_events;

/// The least number that is told, and, of a part with as many lines, the least then.
const LEAST: usize = 5;
const LINES: usize = 4;

impl Town {
    /// Every figure of the statistics, in every way of grouping, equals what is recounted from the events.
    pub async fn the_statistics_are_right(&self) {
        while usecases::statistics::keep(&self.city.instance.context).await.unwrap() > 0 {}
        equal_the_events(&self.city).await;
        let dispatcher = self.who(DISPATCHER).await;
        let answer = dispatcher.get("/v1/stats/cafes").await.ok();
        let held: Vec<&Cafe> = self.cafes.iter().filter(|cafe| !cafe.cancelled).collect();
        assert_eq!(answer["cafes"], held.len());
        assert_eq!(answer["concerns"], held.iter().map(|cafe| cafe.heard).sum::<usize>());
        for cafe in held {
            let groups = answer["groups"].as_array().unwrap();
            let group = groups.iter().find(|group| group["key"] == cafe.id.as_str()).unwrap();
            assert_eq!(group["concerns"], cafe.heard, "{group}");
        }
    }

    /// Outside the police, every number is the one that the dispatcher reads, rounded, or is not told because it is under five.
    pub async fn the_masked_statistics_are_right(&self) {
        let (dispatcher, auditor) = (self.who(DISPATCHER).await, self.city.auditor().await);
        let (mut told, mut hidden) = (0, 0);
        for group_by in ["service", "category", "area:secteurs", "month"] {
            let path = format!("/v1/stats/tickets?group_by={group_by}");
            let (exact, shown) = (dispatcher.get(&path).await.ok(), auditor.get(&path).await.ok());
            let (exact_groups, groups) = (exact["groups"].as_array().unwrap(), shown["groups"].as_array().unwrap());
            assert_eq!(exact_groups.len(), groups.len(), "{group_by}");
            for (exact, shown) in exact_groups.iter().zip(groups) {
                assert_eq!(exact["key"], shown["key"]);
                let few = exact["figures"]["filed"].as_u64().unwrap() < LEAST as u64;
                for (figure, number) in numbers(&exact["figures"]) {
                    let expected = if few && number > 0 { None } else { rounded(number) };
                    let shown = &shown["figures"][figure];
                    let hidden_with_the_others = few && shown.is_null();
                    assert!(*shown == json!(expected) || hidden_with_the_others, "{figure}: {exact} {shown}");
                    *(if shown.is_null() { &mut hidden } else { &mut told }) += 1;
                }
            }
            for (figure, number) in numbers(&exact["total"]) {
                let total = &shown["total"][figure];
                assert!(total.is_null() || *total == json!(rounded(number)), "{group_by} {figure}: {number} {total}");
            }
        }
        assert!(told > 0 && hidden > 0, "{told} numbers told, {hidden} not");
    }

    /// The sheets of cafés and of sectors say how much of what was heard there was done, was not, and is open; published, they
    /// say the same. What a café's sheet has counted is left out of the numbers of its sector's.
    pub async fn the_sheets_are_right(&self, stories: &Stories) {
        let officer = self.who(OFFICERS[0].0).await;
        let catalogue = officer.get("/v1/categories").await.ok();
        let catalogue: BTreeMap<&str, &Value> =
            catalogue["items"].as_array().unwrap().iter().map(|one| (one["code"].as_str().unwrap(), one)).collect();
        let days = (Town::tuesday(0).date_naive(), Town::tuesday(WEEKS).date_naive());
        let (mut told, mut elsewhere) = (0, BTreeSet::new());
        for cafe in self.cafes.iter().filter(|cafe| !cafe.cancelled) {
            let path = format!("/v1/cafes/{}/sheet", cafe.id);
            let sheet = officer.get(&path).await.ok();
            let heard = self.said.iter().filter(|said| said.cafe.as_ref() == Some(&cafe.id));
            let counted = right(&sheet, &Parts::of(heard, stories, &catalogue), &BTreeSet::new());
            let published = officer.post(&format!("{path}/publish"), &json!({})).await.created();
            let again = officer.get(&path).await.ok();
            assert_eq!((&again["themes"], &again["published"]), (&sheet["themes"], &published));
            told += counted.len();
            elsewhere.extend(counted);
        }
        assert!(told > 0, "no number is told on any café's sheet");
        for sector in 0..SECTORS.len() {
            let heard = self.said.iter().filter(|said| dice(said.number, "sector") % SECTORS.len() == sector);
            let parts = Parts::of(heard, stories, &catalogue);
            let area = format!("secteurs:{}", self.area(stories, sector));
            let path = format!("/v1/sheets?area={area}&from={}&to={}", days.0, days.1);
            let sheet = officer.get(&path).await.ok();
            let counted = right(&sheet, &parts, &elsewhere);
            assert!(!counted.is_empty() && counted.is_disjoint(&elsewhere), "{area}: {sheet}");
            let body = json!({ "area": area, "from": days.0, "to": days.1 });
            let published = officer.post("/v1/sheets/publish", &body).await.created();
            let again = officer.get(&path).await.ok();
            assert_eq!((&again["themes"], &again["published"]), (&sheet["themes"], &published));
        }
    }

    /// The code of the area that a sector's place lies in, as its tickets have it.
    fn area(&self, stories: &Stories, sector: usize) -> String {
        let here = |said: &&Said| dice(said.number, "sector") % SECTORS.len() == sector;
        let tickets = self.said.iter().filter(here).flat_map(|said| stories.own(said));
        let areas: BTreeSet<&str> = tickets.map(|story| story.ticket["areas"]["secteurs"].as_str().unwrap()).collect();
        let [area] = areas.iter().collect::<Vec<_>>()[..] else { panic!("one place, several areas: {areas:?}") };
        (*area).to_owned()
    }
}

/// The figures that count.
fn numbers(figures: &Value) -> impl Iterator<Item = (&str, u64)> {
    figures.as_object().unwrap().iter().filter_map(|(figure, value)| Some((figure.as_str(), value.as_u64()?)))
}

/// How a number is told: under five not at all, the others to the nearest five.
fn rounded(number: u64) -> Option<u64> {
    match number {
        0 => Some(0),
        1..5 => None,
        _ => Some((number + 2) / 5 * 5),
    }
}

/// The concerns in each part of each theme: those that everybody may know of, and the others.
#[derive(Default)]
struct Parts(BTreeMap<Part, (BTreeSet<usize>, BTreeSet<usize>)>);

/// A theme, and what became of it.
type Part = (String, &'static str);

impl Parts {
    fn of<'a>(heard: impl Iterator<Item = &'a Said>, stories: &Stories, catalogue: &BTreeMap<&str, &Value>) -> Self {
        let mut parts = Self::default();
        for said in heard.filter(|said| said.category != "officer_complaint") {
            let category = catalogue[said.category];
            let restricted = match category["sensitivity"].as_str().unwrap() {
                "signpost_only" => continue,
                sensitivity => sensitivity == "restricted",
            };
            let theme = category["parent"].as_str().unwrap_or(said.category).to_owned();
            let (known, kept) = parts.0.entry((theme, became(said, stories))).or_default();
            (if restricted { kept } else { known }).insert(said.number);
        }
        parts
    }
}

/// What became of a concern: open as long as one of its tickets is, done when one of them was.
fn became(said: &Said, stories: &Stories) -> &'static str {
    let fates: Vec<&str> = stories.fates(said);
    ["open", "done", "not_done"].into_iter().find(|fate| fates.contains(fate)).unwrap_or("done")
}

/// Holds a sheet against the recount; what others have counted is left out of its numbers. Gives what these count.
fn right(sheet: &Value, parts: &Parts, elsewhere: &BTreeSet<usize>) -> BTreeSet<usize> {
    let mut left: BTreeMap<_, _> = parts.0.iter().collect();
    let (mut counted, mut left_out) = (BTreeSet::new(), false);
    for theme in sheet["themes"].as_array().unwrap() {
        for part in theme["parts"].as_array().unwrap() {
            let key = (theme["code"].as_str().unwrap().to_owned(), became_of(part));
            let (known, kept) = left.remove(&key).unwrap_or_else(|| panic!("nobody said {key:?}: {sheet:#}"));
            let here = enough(known, kept);
            let mine = enough(&(known - elsewhere), &(kept - elsewhere));
            left_out |= mine.len() < here.len();
            // Which of the lines are of those that are left, the sheet does not tell.
            let lines = part["lines"].as_array().unwrap().len();
            let number = rounded(mine.len() as u64).filter(|number| *number > 0);
            let with_few_lines = number.filter(|number| *number >= 2 * LEAST as u64);
            let expected = if lines < LINES {
                [number, number]
            } else if mine.len() == here.len() {
                [with_few_lines; 2]
            } else {
                [number, with_few_lines]
            };
            let found = part["count"].as_u64();
            assert!(expected.contains(&found), "{key:?}: {} of {} concerns, {part}", mine.len(), here.len());
            counted.extend(mine.into_iter().filter(|_| found.is_some()));
        }
    }
    assert_eq!(sheet["counted_elsewhere"], left_out);
    // What is not on it may not be.
    assert!(left.values().all(|(known, kept)| known.is_empty() && kept.len() < LEAST), "not on the sheet {sheet:#}");
    counted
}

fn became_of(part: &Value) -> &'static str {
    let became = part["became"].as_str().unwrap();
    ["open", "done", "not_done"].into_iter().find(|one| *one == became).unwrap()
}

/// All that count: the restricted ones only if they are five.
fn enough(known: &BTreeSet<usize>, kept: &BTreeSet<usize>) -> BTreeSet<usize> {
    known | &(if kept.len() < LEAST { BTreeSet::new() } else { kept.clone() })
}
