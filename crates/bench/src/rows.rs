//! The rows of a ticket's story, as COPY reads them.

use anyhow::Result;
use chrono::{DateTime, Duration, Utc};
use domain::city::City;
use domain::ticket::{Actor, Fact};
use serde_json::to_string;
use uuid::Uuid;

use crate::story::{Course, Story, concern_id, event_id, ticket_id};

/// The tables that are copied into, and their columns.
const TABLES: [(&str, &str); 5] = [
    ("concern", "id, origin, category_code, outcome, description, lat, lon, address, areas, referrer_id, filed_at"),
    (
        "ticket",
        "id, reference, version, state, concern_id, category_code, service_code, priority, sensitivity, \
         hidden_from_referrer, referrer_id, lat, lon, address, areas, sent, handovers, filed_at, handed_over_at, \
         received_at, acknowledged_at, resolved_at, closed_at, ack_due_at, resolve_due_at, closure_reason, origin, wound_at",
    ),
    ("ticket_event", "ticket_id, version, id, at, actor, fact"),
    (
        "handover",
        "ticket_id, number, service_code, sent_at, received_at, answered_at, answer, answered_by, answered_after, ended_at",
    ),
    ("outbox", "id, lane, kind, recipient, ticket_id, event_version, state, due_at, finished_at"),
];

/// Rows of each of the tables.
#[derive(Default)]
pub(crate) struct Rows([String; 5]);

/// What the rows of one ticket have in common.
struct Told<'a> {
    story: &'a Story<'a>,
    concern: String,
    ticket: String,
    referrer: String,
    service: &'a str,
    areas: String,
}

impl Rows {
    /// Each table with its columns and rows.
    pub(crate) fn tables(self) -> impl Iterator<Item = (&'static str, &'static str, String)> {
        TABLES.into_iter().zip(self.0).map(|((table, columns), rows)| (table, columns, rows))
    }

    /// Adds the rows of a ticket.
    pub(crate) fn add(&mut self, story: &Story<'_>, city: &City, referrers: &[Uuid]) -> Result<()> {
        let told = Told {
            story,
            concern: concern_id(story.number).to_string(),
            ticket: ticket_id(story.number).to_string(),
            referrer: referrers[story.referrer % referrers.len()].to_string(),
            service: story.route.send_to.first().map_or("", |service| service.as_str()),
            areas: field(to_string(&story.areas)?),
        };
        let [concerns, tickets, events, handovers, messages] = &mut self.0;
        told.concern(concerns);
        told.ticket(tickets, &city.settings.reference_prefix)?;
        told.events(events)?;
        told.handover(handovers)?;
        told.message(messages);
        Ok(())
    }
}

impl Told<'_> {
    fn concern(&self, rows: &mut String) {
        let Story { origin, category, description, point, address, at, .. } = self.story;
        row(
            rows,
            [
                &self.concern,
                origin.code(),
                category.code.as_str(),
                "referred",
                &field(description.clone()),
                &point.lat.to_string(),
                &point.lon.to_string(),
                &field(address.clone()),
                &self.areas,
                &self.referrer,
                &time(*at),
            ],
        );
    }

    fn ticket(&self, rows: &mut String, prefix: &str) -> Result<()> {
        let Story { number, origin, category, point, address, at, route, course, events, .. } = self.story;
        let acknowledged = field(self.acknowledged().map(time));
        let closure_reason = events.iter().find_map(|(_, fact)| match fact {
            Fact::Resolved { closure_reason, .. } => Some(closure_reason.code().to_owned()),
            _ => None,
        });
        row(
            rows,
            [
                &self.ticket,
                &format!("{prefix}-{}-{number:06}", at.format("%y")),
                &events.len().to_string(),
                course.state(),
                &self.concern,
                category.code.as_str(),
                self.service,
                route.priority.code(),
                category.sensitivity.code(),
                &category.hidden_from_referrer.to_string(),
                &self.referrer,
                &point.lat.to_string(),
                &point.lon.to_string(),
                &field(address.clone()),
                &self.areas,
                &field(to_string(&route.sent)?),
                "1",
                &time(*at),
                &time(*at),
                &acknowledged,
                &acknowledged,
                &field(self.resolved().map(time)),
                &field(self.when(|fact| matches!(fact, Fact::Closed { .. })).map(time)),
                &time(*at + Duration::days(2)),
                &time(*at + Duration::days(10)),
                &field(closure_reason),
                origin.code(),
                "1",
            ],
        );
        Ok(())
    }

    fn events(&self, rows: &mut String) -> Result<()> {
        let by = to_string(&Actor::System)?;
        for (place, (at, fact)) in self.story.events.iter().enumerate() {
            let version = place + 1;
            let id = event_id(self.story.number, version).to_string();
            row(rows, [&self.ticket, &version.to_string(), &id, &time(*at), &by, &field(to_string(fact)?)]);
        }
        Ok(())
    }

    fn handover(&self, rows: &mut String) -> Result<()> {
        let at = self.story.at;
        let acknowledged = self.acknowledged();
        let by = acknowledged.map(|_| to_string(&Actor::System)).transpose()?;
        // About a third of the time is working time.
        let after = acknowledged.map(|answered| ((answered - at).num_seconds() / 3).to_string());
        let ended = self.resolved().or_else(|| self.when(|fact| matches!(fact, Fact::Cancelled { .. })));
        let answered = field(acknowledged.map(time));
        row(
            rows,
            [
                &self.ticket,
                "1",
                self.service,
                &time(at),
                &answered,
                &answered,
                &field(acknowledged.map(|_| "accepted".to_owned())),
                &field(by),
                &field(after),
                &field(ended.map(time)),
            ],
        );
        Ok(())
    }

    /// The last message about it.
    fn message(&self, rows: &mut String) {
        let (kind, recipient, version) = match self.story.course {
            Course::Closed | Course::Resolved => {
                ("outcome", format!(r#"{{"type":"person","user":"{}"}}"#, self.referrer), "3")
            }
            Course::Submitted => ("referral", format!(r#"{{"type":"service","code":"{}"}}"#, self.service), "1"),
            Course::Acknowledged | Course::InProgress | Course::Cancelled => return,
        };
        let (id, lane) = (event_id(self.story.number, 100).to_string(), format!("ticket:{}", self.ticket));
        let at = time(self.story.at);
        row(rows, [&id, &lane, kind, &recipient, &self.ticket, version, "sent", &at, &at]);
    }

    fn when(&self, wanted: fn(&Fact) -> bool) -> Option<DateTime<Utc>> {
        self.story.events.iter().find(|(_, fact)| wanted(fact)).map(|(at, _)| *at)
    }

    fn acknowledged(&self) -> Option<DateTime<Utc>> {
        self.when(|fact| matches!(fact, Fact::Acknowledged { .. }))
    }

    fn resolved(&self) -> Option<DateTime<Utc>> {
        self.when(|fact| matches!(fact, Fact::Resolved { .. }))
    }
}

/// A field of a row: none is null.
fn field(value: impl Into<Option<String>>) -> String {
    let Some(value) = value.into() else { return "\\N".to_owned() };
    if value.contains(['\\', '\t', '\n']) {
        value.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n")
    } else {
        value
    }
}

fn row<const N: usize>(rows: &mut String, fields: [&str; N]) {
    for (place, field) in fields.into_iter().enumerate() {
        if place > 0 {
            rows.push('\t');
        }
        rows.push_str(field);
    }
    rows.push('\n');
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339()
}
