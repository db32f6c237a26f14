//! The city's events in one order: what other programs follow, page by page, as a stream, or by webhooks.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use crate::id::{AreaCode, CafeId, CategoryCode, ConcernId, ServiceCode, TicketId, ZoningCode};
use crate::place::Areas;
use crate::rights::ClientScope;
use crate::ticket::Actor;
use crate::ticket::ActorView;

macro_rules! types {
    ($($name:ident = $code:literal, $meaning:literal;)*) => {
        /// What an event tells of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum EventType {
            $(#[doc = $meaning] #[serde(rename = $code)] $name,)*
        }

        impl EventType {
            /// Every type.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name: the `type` of the `CloudEvent`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What it tells.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)* }
            }

            /// The type of that name.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }
        }
    };
}

types! {
    Submitted = "ticket.submitted", "A concern was referred to a service: there is a new ticket.";
    Received = "ticket.received", "The service opened the ticket for the first time.";
    Acknowledged = "ticket.acknowledged", "The service took the ticket in hand.";
    Refused = "ticket.refused", "The service sent the ticket back.";
    Rerouted = "ticket.rerouted", "The ticket went to another service; told to both.";
    Scheduled = "ticket.scheduled", "The service set a day.";
    Started = "ticket.started", "The service set to work.";
    Held = "ticket.held", "The service waits for something.";
    Resumed = "ticket.resumed", "The waiting is over.";
    Resolved = "ticket.resolved", "The service says that it is settled.";
    Reopened = "ticket.reopened", "It was not settled after all. Both services are told when it goes to the desk, because its own had refused it, or may not have it any more.";
    Closed = "ticket.closed", "The ticket ended.";
    Cancelled = "ticket.cancelled", "The ticket was called off.";
    Merged = "ticket.merged", "The ticket ended as a duplicate.";
    Unmerged = "ticket.unmerged", "The ticket was no duplicate after all. Both services are told when it goes to the desk, because its own may not have it any more.";
    Assigned = "ticket.assigned", "Somebody in the service has the ticket, or nobody any more.";
    Prioritised = "ticket.prioritised", "The ticket became more, or less, pressing.";
    Followed = "ticket.followed", "Another concern about the same thing was attached.";
    Split = "ticket.split", "Other services got tickets of the same concern.";
    AttachmentAdded = "ticket.attachment_added", "The ticket has a photograph or a document more.";
    AttachmentRemoved = "ticket.attachment_removed", "A photograph or a document was taken back.";
    Pseudonymised = "ticket.pseudonymised", "What was said and written about the ticket is no longer kept: erase it where you keep it. Told to every service that had the ticket.";
    NoteAdded = "ticket.note_added", "A note for colleagues was written.";
    ReferrerMessage = "ticket.referrer_message_written", "The service and the officer who filed the concern write to one another.";
    ResidentMessage = "ticket.resident_message_written", "The service wrote to the resident.";
    FeedbackGiven = "ticket.feedback_given", "A resident said whether it is solved.";
    CafePlanned = "cafe.planned", "A café was planned.";
    CafeChanged = "cafe.changed", "The plan or the report of a café was changed.";
    CafeAnnounced = "cafe.announced", "A café stands in the public calendar.";
    CafeHeld = "cafe.held", "A café takes place.";
    CafeReported = "cafe.reported", "The report of a café is written.";
    CafeCancelled = "cafe.cancelled", "A café was called off.";
}

impl EventType {
    /// The scope that lets a program know of such events.
    #[must_use]
    pub fn scope(self) -> ClientScope {
        if self.code().starts_with("cafe.") { ClientScope::CafesRead } else { ClientScope::TicketsRead }
    }
}

// The names hold a dot, which the derived schemas would not know of.
impl PartialSchema for EventType {
    fn schema() -> RefOr<Schema> {
        let codes = Self::ALL.iter().map(|one| one.code());
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(codes))
            .description(Some("What an event tells of."))
            .into()
    }
}

impl ToSchema for EventType {}

/// The place of an event in the feed: the first one has 1, each one more than the one before.
pub type Position = i64;

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub struct Happened {
    /// Its place in the feed.
    pub position: Position,
    /// Its id.
    pub id: Uuid,
    /// What it tells of.
    pub event_type: EventType,
    /// When.
    pub at: DateTime<Utc>,
    /// What happened to what.
    pub about: About,
    /// Who did it, and their name, if they have one. Of cafés it is not told.
    pub by: Option<(Actor, Option<String>)>,
    /// What was said.
    pub details: Map<String, Value>,
    /// The trace of the request in which it happened, as in the header `traceparent` (W3C Trace Context); no program is told of
    /// it but by that header.
    pub traceparent: Option<String>,
}

/// What something happened to, as it was afterwards.
#[derive(Debug, Clone, PartialEq)]
pub enum About {
    /// A ticket.
    Ticket {
        /// Its id.
        id: TicketId,
        /// Its reference.
        reference: String,
        /// Its concern.
        concern: ConcernId,
        /// Its category.
        category: CategoryCode,
        /// The service that had it.
        service: ServiceCode,
        /// The areas of its place.
        areas: Areas,
        /// Its state.
        state: String,
        /// Its version, if the event changed it.
        version: Option<i64>,
    },
    /// A café.
    Cafe {
        /// Its id.
        id: CafeId,
        /// The areas of its place.
        areas: Areas,
        /// Its state.
        state: String,
    },
}

/// Which events are asked for. Each list: any of these, all when it is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of these types.
    pub types: Vec<EventType>,
    /// Of tickets of these services.
    pub services: Vec<ServiceCode>,
    /// Of tickets of these categories.
    pub categories: Vec<CategoryCode>,
    /// In these areas.
    pub areas: Vec<(ZoningCode, AreaCode)>,
}

/// An event as other programs read it: `CloudEvents` 1.0 in JSON.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = CityEvent)]
pub struct CloudEvent {
    /// The version of `CloudEvents`.
    #[schema(examples("1.0"))]
    specversion: &'static str,
    /// The same wherever and however often the event is told: a receiver drops what it has seen.
    id: Uuid,
    /// Which Continuum it happened in.
    #[schema(format = "uri", examples("https://continuum.ville.example/"))]
    source: String,
    /// What it tells of.
    #[serde(rename = "type")]
    #[schema(rename = "type", value_type = EventType)]
    event_type: &'static str,
    /// The ticket's reference, or the café's id.
    #[schema(examples("AMI-26-004217"))]
    subject: String,
    /// When it happened.
    time: DateTime<Utc>,
    /// Its place in the feed, of 20 digits: each event has one more than the one before. `after` takes it.
    #[schema(pattern = "^[0-9]{20}$", examples("00000000000000004217"))]
    sequence: String,
    /// Of `data`.
    #[schema(examples("application/json"))]
    datacontenttype: &'static str,
    data: EventData,
}

/// What an event says: of a ticket, or of a café.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct EventData {
    /// The ticket, as it was once it had happened. Absent for a café.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ticket: Option<EventTicket>,
    /// The café. Absent for a ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cafe: Option<EventCafe>,
    /// Who did it. Of cafés it is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    by: Option<ActorView>,
    /// What was said, by type of event: what the ticket's timeline has in `data`; of notes, messages and answers `id` and
    /// `text`.
    details: Map<String, Value>,
}

/// A ticket, as far as an event tells of it. `GET /v1/tickets/{id}` tells the rest.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct EventTicket {
    /// Its id.
    id: Uuid,
    /// What people say on the phone.
    #[schema(examples("AMI-26-004217"))]
    reference: String,
    /// The concern that it refers.
    concern_id: Uuid,
    /// The category's code.
    #[schema(examples("illegal_dumping"))]
    category: String,
    /// The code of the service that had it.
    #[schema(examples("proprete"))]
    service: String,
    /// The area of its place in each zoning.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    areas: Areas,
    /// Its state.
    #[schema(value_type = crate::ticket::State)]
    state: String,
    /// Its version; absent when the event did not change it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    version: Option<i64>,
}

/// A café, as far as an event tells of it. `GET /v1/cafes/{id}` tells the rest.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
struct EventCafe {
    /// Its id.
    id: Uuid,
    /// The area of its place in each zoning.
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    areas: Areas,
    /// Its state.
    #[schema(value_type = crate::cafe::State)]
    state: String,
}

impl CloudEvent {
    /// The event, as it is told by the Continuum at `source`.
    #[must_use]
    pub fn new(happened: Happened, source: &str) -> Self {
        let Happened { position, id, event_type, at, about, by, details, .. } = happened;
        let (subject, ticket, cafe) = match about {
            About::Ticket { id, reference, concern, category, service, areas, state, version } => {
                let ticket = EventTicket {
                    id: id.0,
                    reference: reference.clone(),
                    concern_id: concern.0,
                    category: category.to_string(),
                    service: service.to_string(),
                    areas,
                    state,
                    version,
                };
                (reference, Some(ticket), None)
            }
            About::Cafe { id, areas, state } => (id.to_string(), None, Some(EventCafe { id: id.0, areas, state })),
        };
        let by = by.map(|(by, name)| ActorView::new(&by, name));
        Self {
            specversion: "1.0",
            id,
            source: source.to_owned(),
            event_type: event_type.code(),
            subject,
            time: at,
            sequence: sequence(position),
            datacontenttype: "application/json",
            data: EventData { ticket, cafe, by, details },
        }
    }
}

impl CloudEvent {
    /// What it tells of.
    #[must_use]
    pub const fn event_type(&self) -> &'static str {
        self.event_type
    }

    /// Its place in the feed, as text.
    #[must_use]
    pub fn sequence(&self) -> &str {
        &self.sequence
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }
}

/// A position as text that sorts as positions do.
#[must_use]
pub fn sequence(position: Position) -> String {
    format!("{position:020}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_found_again() {
        let names: BTreeSet<&str> = EventType::ALL.iter().map(|one| one.code()).collect();
        assert_eq!(names.len(), EventType::ALL.len());
        assert!(EventType::ALL.iter().all(|one| EventType::from_code(one.code()) == Some(*one)));
    }
}
