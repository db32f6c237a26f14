//! What became of each ticket, as its timeline tells.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::city::catalogue::{Audience, ClosureReason};
use domain::language::Language;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use super::cast::DISPATCHER;
use super::town::{AT_ONCE, Said, Town, whole};

/// A ticket at the end of the play, and what happened to it.
pub struct Story {
    pub ticket: Value,
    pub events: Vec<Value>,
}

/// One end of a ticket; it may have had several.
pub struct End {
    pub at: DateTime<Utc>,
    /// When the ticket began anew, if it did.
    pub until: Option<DateTime<Utc>>,
    pub by: Value,
    /// How a resident and an officer are told of it.
    pub to_resident: &'static str,
    pub to_officer: &'static str,
}

/// All tickets' stories.
pub struct Stories {
    pub all: BTreeMap<String, Story>,
    /// The tickets of each concern, by its number.
    of_concern: BTreeMap<usize, Vec<String>>,
    /// The concerns that were attached to a ticket, by its reference.
    attached: BTreeMap<String, Vec<usize>>,
    /// What was merged into a ticket, and when.
    duplicates: BTreeMap<String, Vec<(String, DateTime<Utc>)>>,
}

impl Stories {
    /// Reads them as the dispatcher.
    pub async fn of(town: &Town) -> Self {
        let dispatcher = town.who(DISPATCHER).await;
        let read = async |ticket: Value| {
            let id = ticket["id"].as_str().unwrap().to_owned();
            let events = whole(&dispatcher, &format!("/v1/tickets/{id}/timeline")).await;
            (id, Story { ticket, events })
        };
        let tickets = stream::iter(whole(&dispatcher, "/v1/tickets").await);
        let all: BTreeMap<String, Story> = tickets.map(read).buffer_unordered(AT_ONCE).collect().await;
        let mut stories =
            Self { of_concern: BTreeMap::new(), attached: BTreeMap::new(), duplicates: BTreeMap::new(), all };
        for (id, story) in &stories.all {
            stories.of_concern.entry(town.number(&story.ticket)).or_default().push(id.clone());
            for event in story.events.iter().filter(|event| event["type"] == "merged") {
                let main = event["data"]["duplicate_of"].as_str().unwrap().to_owned();
                stories.duplicates.entry(main).or_default().push((id.clone(), at(event)));
            }
        }
        for said in &town.said {
            let to = said.attached.iter().cloned();
            to.for_each(|to| stories.attached.entry(to).or_default().push(said.number));
        }
        stories
    }

    /// What happened to tickets, by whom, and what residents say of them, each once: the test of the test.
    pub fn what_there_is(&self) -> BTreeSet<String> {
        let happened = self.all.values().flat_map(|story| &story.events).map(|event| {
            let (kind, by) = (event["type"].as_str().unwrap(), event["by"]["type"].as_str().unwrap());
            format!("{kind} by {by}")
        });
        let said = self.all.values().map(|story| story.ticket["feedback"].as_str().unwrap().to_owned());
        happened.chain(said).collect()
    }

    /// The references that a concern has: of its tickets, or of the one that it was attached to.
    pub fn references<'a>(&'a self, said: &'a Said) -> Vec<&'a str> {
        self.own(said).map(Story::reference).chain(said.attached.as_deref()).collect()
    }

    /// The tickets of a concern.
    pub fn own(&self, said: &Said) -> impl Iterator<Item = &Story> {
        self.of_concern.get(&said.number).into_iter().flatten().map(|id| &self.all[id])
    }

    /// What became of each ticket of a concern, or of the ticket that it was attached to; of a duplicate, what became of the
    /// ticket that it is followed with.
    pub fn fates<'a>(&'a self, said: &'a Said) -> Vec<&'static str> {
        let named = |reference: &String| self.all.values().find(|story| story.reference() == reference);
        self.own(said).chain(said.attached.iter().filter_map(named)).map(|story| self.fate(story)).collect()
    }

    fn fate(&self, story: &Story) -> &'static str {
        let last = |kind: &str| story.events.iter().rev().find(|event| event["type"] == kind);
        match story.ticket["state"].as_str().unwrap() {
            "cancelled" => "not_done",
            "resolved" | "closed" => {
                let merged = last("merged").map(|event| event["data"]["duplicate_of"].as_str().unwrap());
                if let Some(main) = merged {
                    return self.fate(&self.all[main]);
                }
                let ends = story.events.iter().rev().filter_map(|event| event["data"]["closure_reason"].as_str());
                let done = ["work_done", "information_given", "under_monitoring"];
                if ends.take(1).all(|reason| done.contains(&reason)) { "done" } else { "not_done" }
            }
            _ => "open",
        }
    }

    /// The concerns whose residents and officers are told what becomes of a ticket at a moment: its own, those that were
    /// attached to it, and those of its duplicates.
    pub fn followers<'a>(&self, town: &'a Town, ticket: &str, when: DateTime<Utc>) -> BTreeMap<usize, &'a Said> {
        let story = &self.all[ticket];
        let attached = self.attached.get(story.reference()).into_iter().flatten().map(|number| &town.said[*number]);
        let attached = attached.filter(|said| Town::tuesday(said.week) <= when);
        let own = &town.said[town.number(&story.ticket)];
        let mut all: BTreeMap<usize, &Said> = attached.chain([own]).map(|said| (said.number, said)).collect();
        for (duplicate, _) in self.duplicates.get(ticket).into_iter().flatten().filter(|(_, at)| *at <= when) {
            all.extend(self.followers(town, duplicate, when));
        }
        all
    }
}

fn at(event: &Value) -> DateTime<Utc> {
    event["at"].as_str().unwrap().parse().unwrap()
}

impl Story {
    pub fn reference(&self) -> &str {
        self.ticket["reference"].as_str().unwrap()
    }

    pub fn is_open(&self) -> bool {
        !["resolved", "closed", "cancelled"].contains(&self.ticket["state"].as_str().unwrap())
    }

    /// Its ends.
    pub fn ends(&self) -> Vec<End> {
        let mut ends: Vec<End> = Vec::new();
        for event in &self.events {
            let (kind, reason) = (event["type"].as_str().unwrap(), event["data"]["closure_reason"].as_str());
            if ["reopened", "unmerged"].contains(&kind) {
                ends.last_mut().unwrap().until = Some(at(event));
            }
            let (to_resident, to_officer) = match (kind, reason) {
                ("resolved" | "closed", Some(reason)) => words(reason),
                ("cancelled", _) => ("est annulée", "annulée"),
                ("merged", _) => ("est suivie avec une autre", "suivie avec une autre"),
                // Of a resolved ticket that is closed, people know already.
                _ => continue,
            };
            ends.push(End { at: at(event), until: None, by: event["by"].clone(), to_resident, to_officer });
        }
        ends
    }
}

fn words(reason: &str) -> (&'static str, &'static str) {
    let reason = ClosureReason::from_code(reason).unwrap();
    let to_resident = match reason {
        // Where it stands: on the page, not in the letter.
        ClosureReason::InformationGiven => "La réponse à votre question se lit sur votre page de suivi.",
        _ => reason.label(Audience::Resident, Language::Fr),
    };
    (to_resident, reason.label(Audience::Agent, Language::Fr))
}
