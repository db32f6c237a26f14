//! The city's figures are what the events say: the statistics, the cafés, the sheets.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cast::{DISPATCHER, OFFICERS};
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

    /// Every café's sheet says how much of what was heard there was done, was not, and is open; published, it says the same.
    pub async fn the_sheets_are_right(&self, stories: &Stories) {
        let officer = self.who(OFFICERS[0].0).await;
        let catalogue = officer.get("/v1/categories").await.ok();
        let catalogue: BTreeMap<&str, &Value> =
            catalogue["items"].as_array().unwrap().iter().map(|one| (one["code"].as_str().unwrap(), one)).collect();
        let mut told = 0;
        for cafe in self.cafes.iter().filter(|cafe| !cafe.cancelled) {
            let path = format!("/v1/cafes/{}/sheet", cafe.id);
            let sheet = officer.get(&path).await.ok();
            let heard = self.said.iter().filter(|said| said.cafe.as_ref() == Some(&cafe.id));
            told += right(&sheet, &count(heard, stories, &catalogue));
            let published = officer.post(&format!("{path}/publish"), &json!({})).await.created();
            let again = officer.get(&path).await.ok();
            assert_eq!((&again["themes"], &again["published"]), (&sheet["themes"], &published));
        }
        assert!(told > 0, "no number is told on any sheet");
    }
}

/// How many concerns are in each part of each theme: those that everybody may know of, and the others.
type Parts = BTreeMap<(String, &'static str), (usize, usize)>;

fn count<'a>(heard: impl Iterator<Item = &'a Said>, stories: &Stories, catalogue: &BTreeMap<&str, &Value>) -> Parts {
    let mut parts = Parts::new();
    for said in heard.filter(|said| said.category != "officer_complaint") {
        let category = catalogue[said.category];
        let restricted = match category["sensitivity"].as_str().unwrap() {
            "signpost_only" => continue,
            sensitivity => sensitivity == "restricted",
        };
        let theme = category["parent"].as_str().unwrap_or(said.category).to_owned();
        let (known, kept) = parts.entry((theme, became(said, stories))).or_default();
        *(if restricted { kept } else { known }) += 1;
    }
    parts
}

/// What became of a concern: open as long as one of its tickets is, done when one of them was.
fn became(said: &Said, stories: &Stories) -> &'static str {
    let fates: Vec<&str> = stories.fates(said);
    ["open", "done", "not_done"].into_iter().find(|fate| fates.contains(fate)).unwrap_or("done")
}

/// Holds a sheet against the recount. Gives how many numbers it tells.
fn right(sheet: &Value, parts: &Parts) -> usize {
    assert_eq!(sheet["counted_elsewhere"], false);
    let mut left = parts.clone();
    let mut told = 0;
    for theme in sheet["themes"].as_array().unwrap() {
        for part in theme["parts"].as_array().unwrap() {
            let key = (theme["code"].as_str().unwrap().to_owned(), part["became"].as_str().unwrap());
            let found = left.keys().find(|(code, became)| *code == key.0 && *became == key.1).cloned();
            let found = found.unwrap_or_else(|| panic!("nobody said {key:?}: {parts:?}"));
            let (known, kept) = left.remove(&found).unwrap();
            let all = known + if kept >= LEAST { kept } else { 0 };
            let least = if part["lines"].as_array().unwrap().len() >= LINES { 2 * LEAST } else { LEAST };
            let number = Some((all + 2) / LEAST * LEAST).filter(|number| all >= LEAST && *number >= least);
            assert_eq!(part["count"], json!(number), "{key:?} {parts:?} {part}");
            told += usize::from(number.is_some());
        }
    }
    // What is not on it may not be.
    assert!(left.values().all(|(known, kept)| *known == 0 && *kept < LEAST), "{left:?} is not on the sheet {sheet}");
    told
}
