//! Counting by hand: each ticket's timeline is read from its first event to its last, in another way than the database's.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::{PgConnection, Row as _};
use uuid::Uuid;

/// What is known of a ticket.
#[derive(Debug, Clone)]
pub struct Story {
    pub service: String,
    pub category: String,
    pub area: Option<String>,
    pub filed_at: DateTime<Utc>,
    ack_due_at: DateTime<Utc>,
    events: Vec<(DateTime<Utc>, Value)>,
    /// When the first service answered last, and after how much working time.
    first_hand: Option<(DateTime<Utc>, i64)>,
    /// News: to whom, and whether it was sent.
    news: Vec<(Value, bool)>,
}

/// Every ticket's story.
pub async fn stories(connection: &mut PgConnection) -> Vec<Story> {
    let mut stories: BTreeMap<Uuid, Story> = BTreeMap::new();
    let tickets =
        "select id, service_code, category_code, areas ->> 'secteurs' as area, filed_at, ack_due_at from ticket";
    for row in sqlx::query(tickets).fetch_all(&mut *connection).await.unwrap() {
        let story = Story {
            service: row.get(1),
            category: row.get(2),
            area: row.get(3),
            filed_at: row.get(4),
            ack_due_at: row.get(5),
            events: Vec::new(),
            first_hand: None,
            news: Vec::new(),
        };
        stories.insert(row.get(0), story);
    }
    let events = "select ticket_id, at, fact from ticket_event order by ticket_id, version";
    for row in sqlx::query(events).fetch_all(&mut *connection).await.unwrap() {
        stories.get_mut(&row.get(0)).unwrap().events.push((row.get(1), row.get(2)));
    }
    let hands =
        "select ticket_id, answered_at, answered_after from handover where number = 1 and answered_at is not null";
    for row in sqlx::query(hands).fetch_all(&mut *connection).await.unwrap() {
        stories.get_mut(&row.get(0)).unwrap().first_hand = Some((row.get(1), row.get(2)));
    }
    let letters = "select ticket_id, kind, recipient, state from outbox where ticket_id is not null";
    for row in sqlx::query(letters).fetch_all(&mut *connection).await.unwrap() {
        let (kind, state): (String, String) = (row.get(1), row.get(3));
        if ["acknowledged", "progress", "outcome", "merged", "cancelled"].contains(&kind.as_str()) {
            stories.get_mut(&row.get(0)).unwrap().news.push((row.get(2), state == "sent"));
        }
    }
    stories.into_values().collect()
}

/// Where a ticket is after its last event.
#[derive(Default)]
struct End {
    state: String,
    acknowledged_at: Option<DateTime<Utc>>,
    resolved_at: Option<DateTime<Utc>>,
    reason: Option<Value>,
}

impl Story {
    fn kinds(&self) -> impl Iterator<Item = (DateTime<Utc>, &str)> {
        self.events.iter().map(|(at, fact)| (*at, fact["type"].as_str().unwrap()))
    }

    fn was(&self, kind: &str) -> bool {
        self.kinds().any(|(_, one)| one == kind)
    }

    fn first_status(&self) -> Option<DateTime<Utc>> {
        self.kinds().filter(|(_, kind)| ["acknowledged", "refused"].contains(kind)).map(|(at, _)| at).min()
    }

    fn end(&self) -> End {
        let mut end = End::default();
        for (at, fact) in &self.events {
            let kind = fact["type"].as_str().unwrap();
            match kind {
                "rerouted" | "reopened" | "unmerged" | "submitted" => {
                    end = End { state: "submitted".into(), ..End::default() }
                }
                "acknowledged" => end.acknowledged_at = Some(*at),
                "resolved" => (end.resolved_at, end.reason) = (Some(*at), Some(fact["closure_reason"].clone())),
                "closed" if !fact["closure_reason"].is_null() => end.reason = Some(fact["closure_reason"].clone()),
                "merged" => end.reason = Some(json!("duplicate")),
                _ => {}
            }
            if ["resolved", "closed", "merged", "cancelled", "refused"].contains(&kind) {
                kind.clone_into(&mut end.state);
            } else if ["acknowledged", "scheduled", "started", "held", "resumed"].contains(&kind) {
                end.state = "at work".into();
            }
        }
        end
    }

    fn people(&self, kind: &str, sent: bool) -> usize {
        let them = self.news.iter().filter(|(to, was)| to["type"] == kind && (*was || !sent));
        them.map(|(to, _)| to.to_string()).collect::<BTreeSet<String>>().len()
    }
}

/// The number that `tenths` of them do not exceed, between two of them where need be.
fn percentile(seconds: &[i64], tenths: u32) -> Value {
    let mut sorted = seconds.to_vec();
    sorted.sort_unstable();
    let number = |at: u32| f64::from(i32::try_from(sorted[at as usize]).unwrap());
    let Some(last) = u32::try_from(sorted.len()).unwrap().checked_sub(1) else { return Value::Null };
    let (below, above) = (tenths * last / 10, (tenths * last).div_ceil(10));
    let beyond = f64::from(tenths) / 10.0 * f64::from(last) - f64::from(below);
    json!(number(below) + beyond * (number(above) - number(below)))
}

fn delay(seconds: &[i64]) -> Value {
    json!({ "count": seconds.len(), "median_s": percentile(seconds, 5), "p90_s": percentile(seconds, 9) })
}

/// The figures of these tickets, as the API shows them to a dispatcher.
pub fn recount<'a>(stories: impl IntoIterator<Item = &'a Story>) -> Value {
    let stories: Vec<&Story> = stories.into_iter().collect();
    let ends: Vec<End> = stories.iter().map(|story| story.end()).collect();
    let both = || stories.iter().zip(&ends);
    let is = |end: &End, states: &[&str]| states.contains(&end.state.as_str());
    let count = |holds: &dyn Fn(&Story, &End) -> bool| both().filter(|(story, end)| holds(story, end)).count();
    let since = |story: &Story, at: DateTime<Utc>| (at - story.filed_at).num_seconds();
    let first: Vec<i64> = stories.iter().filter_map(|s| s.first_status().map(|at| since(s, at))).collect();
    let working = stories.iter().filter_map(|s| s.first_hand.filter(|(at, _)| Some(*at) == s.first_status()));
    let working: Vec<i64> = working.map(|(_, after)| after).collect();
    let settled = both().filter(|(_, end)| is(end, &["resolved", "closed", "merged"]));
    let settled: Vec<i64> = settled.filter_map(|(s, end)| end.resolved_at.map(|at| since(s, at))).collect();
    let answers = ["work_done", "information_given", "duplicate"];
    let ended = ["resolved", "closed", "merged", "cancelled"];
    let open = both().filter(|(_, end)| !is(end, &ended));
    let oldest = open.map(|(story, _)| story.filed_at).min();
    let people = |kind, sent| stories.iter().map(|story| story.people(kind, sent)).sum::<usize>();
    json!({
        "filed": stories.len(),
        "acknowledged": count(&|_, end| end.acknowledged_at.is_some()),
        "acknowledged_on_time": count(&|story, end| end.acknowledged_at.is_some_and(|at| at <= story.ack_due_at)),
        "first_status": delay(&first),
        "first_status_working": delay(&working),
        "resolution": delay(&settled),
        "rerouted": count(&|story, _| story.was("rerouted")),
        "refused": count(&|story, _| story.was("refused")),
        "reopened": count(&|story, _| story.was("reopened")),
        "closed_without_work": count(&|_, end| {
            is(end, &["resolved", "closed", "merged"]) && end.reason.as_ref().is_some_and(|r| !answers.contains(&r.as_str().unwrap()))
        }),
        "residents": { "to_tell": people("resident", false), "told": people("resident", true) },
        "referrers": { "to_tell": people("person", false), "told": people("person", true) },
        "open": count(&|_, end| !is(end, &ended)),
        "oldest_open_filed_at": oldest.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)),
        "masked": false,
    })
}

/// The figures of each group, by what `key` says of a ticket.
pub fn regroup(stories: &[Story], key: impl Fn(&Story) -> Option<String>) -> BTreeMap<Option<String>, Value> {
    let keys: BTreeSet<Option<String>> = stories.iter().map(&key).collect();
    let group = |wanted: Option<String>| {
        let figures = recount(stories.iter().filter(|story| key(story) == wanted));
        (wanted, figures)
    };
    keys.into_iter().map(group).collect()
}
