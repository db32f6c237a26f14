//! Tickets: the referral of one concern to one service, followed to its end.
//!
//! [`lifecycle`] holds the whole table of states and actions; each action that needs more than the table has a file
//! with its command and its rule.

pub mod acknowledge;
pub mod close;
pub mod event;
pub mod lifecycle;
pub mod notice;
pub mod refuse;
pub mod reopen;
pub mod resolve;
pub mod rights;
pub mod start;

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::city::catalogue::{ClosureReason, Sensitivity};
use crate::city::routing::Sent;
use crate::concern::Referrer;
use crate::id::{CategoryCode, ConcernId, ServiceCode, TicketId, UserId};
use crate::place::{Areas, Place};
pub use event::{Actor, Event, Fact};
pub use lifecycle::{Action, Refusal, State};

/// How pressing a ticket is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Can wait.
    Low,
    /// The usual.
    #[default]
    Normal,
    /// Before others.
    High,
    /// Somebody may come to harm.
    Urgent,
}

impl Priority {
    /// The name in the API and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }

    /// The priority of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Low, Self::Normal, Self::High, Self::Urgent].into_iter().find(|p| p.code() == code)
    }
}

/// A ticket.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// What people say on the phone: `AMI-26-004217`.
    pub reference: String,
    /// Counts the changes; the `ETag`.
    pub version: i64,
    /// How far it is.
    pub state: State,
    /// The concern that it refers.
    pub concern: ConcernId,
    /// What the concern is about.
    pub category: CategoryCode,
    /// The service that has it.
    pub service: ServiceCode,
    /// How pressing it is.
    pub priority: Priority,
    /// Who may know of it.
    pub sensitivity: Sensitivity,
    /// The referrer does not see it: a complaint about an officer.
    pub hidden_from_referrer: bool,
    /// Who filed the concern.
    pub referrer: Referrer,
    /// Where.
    pub place: Place,
    /// The areas of the place, as they were when the concern was filed.
    pub areas: Areas,
    /// The rule that sent it, and why.
    pub sent: Sent,
    /// How often it was passed to a service; 1 when filed.
    pub handovers: i32,
    /// Who in the service has it.
    pub assignee: Option<UserId>,
    /// When the concern was filed.
    pub filed_at: DateTime<Utc>,
    /// When the service first opened it.
    pub received_at: Option<DateTime<Utc>>,
    /// When the service took it in hand.
    pub acknowledged_at: Option<DateTime<Utc>>,
    /// When the service said that it is settled.
    pub resolved_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub closed_at: Option<DateTime<Utc>>,
    /// Until when the service should take it in hand.
    pub ack_due_at: DateTime<Utc>,
    /// Until when the service should settle it.
    pub resolve_due_at: DateTime<Utc>,
    /// The day on which the service expects to act.
    pub scheduled_for: Option<NaiveDate>,
    /// The day on which it resumes by itself.
    pub resume_on: Option<NaiveDate>,
    /// Why it ended.
    pub closure_reason: Option<ClosureReason>,
    /// The ticket that it is a duplicate of.
    pub duplicate_of: Option<TicketId>,
}

impl Ticket {
    /// Whether a target is missed: not in hand after `ack_due_at`, or not settled after `resolve_due_at`. A ticket
    /// that waits, or on which nothing is left to do, is not late.
    #[must_use]
    pub fn is_late(&self, now: DateTime<Utc>) -> bool {
        match self.state {
            State::Submitted | State::Refused => self.ack_due_at < now,
            State::Acknowledged | State::Scheduled | State::InProgress => self.resolve_due_at < now,
            State::OnHold | State::Resolved | State::Closed | State::Cancelled => false,
        }
    }
}

/// Until when a service should act on a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// Until when it should take it in hand.
    pub acknowledge: DateTime<Utc>,
    /// Until when it should settle it.
    pub resolve: DateTime<Utc>,
}

/// A ticket as an action left it, and the one event that tells of it. Both are written in one transaction, with the
/// messages that follow from the event.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The ticket afterwards; its version is one more than before.
    pub ticket: Ticket,
    /// What happened.
    pub fact: Fact,
}

impl Ticket {
    /// The ticket after one more change.
    fn turned(self, state: State, fact: Fact, also: impl FnOnce(&mut Self)) -> Change {
        let mut ticket = Self { state, version: self.version + 1, ..self };
        also(&mut ticket);
        Change { ticket, fact }
    }
}

/// Tickets for the tests of this crate.
#[cfg(test)]
pub(crate) mod example {
    use super::*;
    use crate::place::Point;
    use uuid::Uuid;

    pub(crate) fn ticket(state: State) -> Ticket {
        let filed_at = "2026-03-10T09:00:00Z".parse().unwrap();
        Ticket {
            id: TicketId(Uuid::from_u128(1)),
            reference: "AMI-26-000001".into(),
            version: 3,
            state,
            concern: ConcernId(Uuid::from_u128(2)),
            category: "illegal_dumping".parse().unwrap(),
            service: "proprete".parse().unwrap(),
            priority: Priority::Normal,
            sensitivity: Sensitivity::Standard,
            hidden_from_referrer: false,
            referrer: Referrer::Person(UserId(Uuid::from_u128(3))),
            place: Place { point: Point { lat: 49.9, lon: 2.3 }, address: None },
            areas: Areas::new(),
            sent: Sent { rule: "depots".parse().unwrap(), version: 1, because: Vec::new() },
            handovers: 1,
            assignee: None,
            filed_at,
            received_at: None,
            acknowledged_at: None,
            resolved_at: None,
            closed_at: None,
            ack_due_at: filed_at,
            resolve_due_at: filed_at,
            scheduled_for: None,
            resume_on: None,
            closure_reason: None,
            duplicate_of: None,
        }
    }
}
