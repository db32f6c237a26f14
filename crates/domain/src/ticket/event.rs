//! Events: the lines of a ticket's timeline. Each change appends exactly one; nothing edits or deletes one.

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::attachment::MediaType;
use crate::city::catalogue::ClosureReason;
use crate::id::{AttachmentId, ClientId, ConcernId, EventId, OrganisationCode, ServiceCode, TicketId, UserId};
use crate::text::{BodyTold, MessageToResident, Note, Reason};
use crate::ticket::Priority;

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Actor {
    /// A person with an account, in one of the parts that a person can have in a ticket.
    Person {
        /// Who.
        user: UserId,
        /// In which part.
        part: Part,
    },
    /// A program that uses the API.
    Client {
        /// Which.
        client: ClientId,
        /// In which part.
        part: Part,
    },
    /// Somebody of a partner without accounts, through the link to the ticket: always in the part of its service.
    Partner {
        /// The partner.
        service: ServiceCode,
    },
    /// A service, from its mailbox: who wrote is not known.
    Service {
        /// Which.
        service: ServiceCode,
    },
    /// The resident, through the tracking link or by e-mail.
    Resident {
        /// Of which concern: the ticket's own, or one that follows it. Not known of what was kept before this was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        concern: Option<ConcernId>,
    },
    /// A dispatcher, who put an e-mail with the ticket that somebody else wrote.
    Mail {
        /// The dispatcher.
        user: UserId,
        /// Who wrote it.
        from: Writer,
        /// Where that is a resident: of which concern.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        concern: Option<ConcernId>,
    },
    /// Continuum itself: a clock ran out.
    System,
}

impl Actor {
    /// Whether it is this person.
    #[must_use]
    pub fn is(&self, user: UserId) -> bool {
        matches!(self, Self::Person { user: own, .. } if *own == user)
    }

    /// Whether it is the referrer's: by themselves, or in an e-mail of theirs.
    #[must_use]
    pub const fn is_referrers(&self) -> bool {
        matches!(
            self,
            Self::Person { part: Part::Referrer, .. }
                | Self::Client { part: Part::Referrer, .. }
                | Self::Mail { from: Writer::Referrer, .. }
        )
    }
}

/// Who wrote an e-mail that a dispatcher put with a ticket, by the address that it came from: that can be forged, and the
/// dispatcher has read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MailWriter)]
pub enum Writer {
    /// A resident whose concern the ticket is about.
    Resident,
    /// The ticket's service, from its mailbox, or one of its members.
    Service,
    /// Who filed the concern.
    Referrer,
    /// A dispatcher.
    Dispatcher,
    /// Somebody else.
    Other,
}

impl From<Part> for Writer {
    fn from(part: Part) -> Self {
        match part {
            Part::Referrer => Self::Referrer,
            Part::Service => Self::Service,
            Part::Dispatcher => Self::Dispatcher,
        }
    }
}

/// The part that a person or a program has in a ticket when they act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TicketPart)]
pub enum Part {
    /// Filed the concern.
    Referrer,
    /// Belongs to the ticket's service.
    Service,
    /// Coordinates.
    Dispatcher,
}

/// Why a service sends a ticket back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusalReason {
    /// Another body is competent.
    NotCompetent,
    /// The place lies outside the service's area.
    OutsideArea,
    /// Another ticket already covers it.
    Duplicate,
    /// What was said is not enough to act on.
    InsufficientInformation,
    /// Something else, said in the note.
    Other,
}

/// Why a service waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldReason {
    /// For the resident.
    Resident,
    /// For somebody else.
    ThirdParty,
    /// For better weather.
    Weather,
    /// For works that are planned already.
    WorksPlanned,
    /// For something else, said in the note.
    Other,
}

/// What happened. The tag is the event's type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Fact {
    /// The concern was referred to the service.
    Submitted {
        /// The service.
        service: ServiceCode,
        /// What the city's rule says to it, or why it was opened beside another ticket of the concern.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Reason>,
        /// The organisation of the service, when it was opened beside a ticket of another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        organisation: Option<OrganisationCode>,
    },
    /// The service opened it for the first time.
    Received,
    /// The service took it in hand.
    Acknowledged {
        /// Who in the service has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assignee: Option<UserId>,
        /// The day on which it expects to act.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_on: Option<NaiveDate>,
        /// For the service and the dispatcher.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Note>,
    },
    /// The service sent it back.
    Refused {
        /// Why.
        reason: RefusalReason,
        /// The service that it thinks competent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<ServiceCode>,
        /// For the dispatcher.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Note>,
    },
    /// It went to another service.
    Rerouted {
        /// The service that had it.
        from: ServiceCode,
        /// The service that has it now.
        service: ServiceCode,
        /// Why.
        note: Note,
        /// Of a ticket that returns by itself: until when the partner should have answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer_due_at: Option<DateTime<Utc>>,
        /// The organisation of the service, when that from which it came is of another.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        organisation: Option<OrganisationCode>,
    },
    /// The service set a day.
    Scheduled {
        /// The day.
        scheduled_for: NaiveDate,
        /// For the service and the dispatcher.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Note>,
    },
    /// The service set to work.
    Started {
        /// For the service and the dispatcher.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Note>,
    },
    /// The service waits for something.
    Held {
        /// For what.
        reason: HoldReason,
        /// The day on which it resumes by itself.
        resume_on: NaiveDate,
        /// For the service and the dispatcher.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Note>,
    },
    /// The waiting is over.
    Resumed {
        /// For the service and the dispatcher.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Note>,
    },
    /// The service says that it is settled.
    Resolved {
        /// How.
        closure_reason: ClosureReason,
        /// The competent body that was told (CRPA L114-2).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body_told: Option<BodyTold>,
        /// What the resident reads.
        message_to_resident: MessageToResident,
        /// For the service and the dispatcher.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Note>,
    },
    /// It was not settled after all.
    Reopened {
        /// Why.
        note: Note,
        /// When it does not go back to the service that had it, as that had refused it or may not have it any more: that
        /// service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<ServiceCode>,
        /// And where it goes: the dispatcher's desk.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<ServiceCode>,
    },
    /// It ended.
    Closed {
        /// How, when that was not said before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closure_reason: Option<ClosureReason>,
        /// The competent body that was told (CRPA L114-2).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body_told: Option<BodyTold>,
        /// What the resident reads.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_to_resident: Option<MessageToResident>,
        /// For the service and the dispatcher.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Note>,
    },
    /// It was called off.
    Cancelled {
        /// Why.
        note: Note,
        /// Why, as the resident reads it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message_to_resident: Option<MessageToResident>,
    },
    /// It ended as a duplicate.
    Merged {
        /// Of this ticket.
        duplicate_of: TicketId,
        /// For the service and the dispatcher.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Note>,
    },
    /// It was no duplicate after all.
    Unmerged {
        /// The ticket that it was taken for a duplicate of.
        duplicate_of: TicketId,
        /// Why.
        note: Note,
        /// When it does not go back to the service that had it, as that may not have it any more: that service.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<ServiceCode>,
        /// And where it goes: the dispatcher's desk.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<ServiceCode>,
    },
    /// Somebody in the service has it, or nobody any more.
    Assigned {
        /// Who.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assignee: Option<UserId>,
        /// For the service and the dispatcher.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Note>,
    },
    /// It became more, or less, pressing.
    Prioritised {
        /// How pressing it was.
        from: Priority,
        /// How pressing it is.
        priority: Priority,
        /// For the service and the dispatcher.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<Note>,
    },
    /// Another concern about the same thing was attached.
    Followed {
        /// The concern.
        concern: ConcernId,
    },
    /// Other services got tickets of the same concern.
    Split {
        /// The services.
        services: Vec<ServiceCode>,
        /// Their tickets, in the same order.
        tickets: Vec<TicketId>,
        /// Why.
        note: Note,
    },
    /// It has a photograph or a document more.
    AttachmentAdded {
        /// Which. What it is called is not told here: it can be taken back, an event cannot.
        attachment: AttachmentId,
        /// What it is.
        media_type: MediaType,
    },
    /// A photograph or a document was taken back.
    AttachmentRemoved {
        /// Which.
        attachment: AttachmentId,
        /// A virus was found in it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        infected: bool,
    },
    /// What was said and written about it is no longer kept ([`crate::retention`]).
    Pseudonymised,
}

impl Fact {
    /// The event's type, as the API and the database name it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Submitted { .. } => "submitted",
            Self::Received => "received",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Refused { .. } => "refused",
            Self::Rerouted { .. } => "rerouted",
            Self::Scheduled { .. } => "scheduled",
            Self::Started { .. } => "started",
            Self::Held { .. } => "held",
            Self::Resumed { .. } => "resumed",
            Self::Resolved { .. } => "resolved",
            Self::Reopened { .. } => "reopened",
            Self::Closed { .. } => "closed",
            Self::Cancelled { .. } => "cancelled",
            Self::Merged { .. } => "merged",
            Self::Unmerged { .. } => "unmerged",
            Self::Assigned { .. } => "assigned",
            Self::Prioritised { .. } => "prioritised",
            Self::Followed { .. } => "followed",
            Self::Split { .. } => "split",
            Self::AttachmentAdded { .. } => "attachment_added",
            Self::AttachmentRemoved { .. } => "attachment_removed",
            Self::Pseudonymised => "pseudonymised",
        }
    }

    /// What the resident may read.
    #[must_use]
    pub const fn message_to_resident(&self) -> Option<&MessageToResident> {
        match self {
            Self::Resolved { message_to_resident, .. } => Some(message_to_resident),
            Self::Closed { message_to_resident, .. } | Self::Cancelled { message_to_resident, .. } => {
                message_to_resident.as_ref()
            }
            Self::Submitted { .. }
            | Self::Received
            | Self::Acknowledged { .. }
            | Self::Refused { .. }
            | Self::Rerouted { .. }
            | Self::Scheduled { .. }
            | Self::Started { .. }
            | Self::Held { .. }
            | Self::Resumed { .. }
            | Self::Reopened { .. }
            | Self::Merged { .. }
            | Self::Unmerged { .. }
            | Self::Assigned { .. }
            | Self::Prioritised { .. }
            | Self::Followed { .. }
            | Self::Split { .. }
            | Self::AttachmentAdded { .. }
            | Self::AttachmentRemoved { .. }
            | Self::Pseudonymised => None,
        }
    }
}

/// One line of a ticket's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// The ticket's version once it had happened: 1 for the first.
    pub version: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: Actor,
    /// What.
    pub fact: Fact,
}
