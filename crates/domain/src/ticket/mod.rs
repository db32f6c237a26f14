//! Tickets: the referral of one concern to one service, followed to its end.
//!
//! [`lifecycle`] holds the whole table of states and actions; each action that needs more than the table has a file
//! with its command and its rule.

pub mod acknowledge;
mod actor_view;
pub mod assign;
pub mod attach;
pub mod cancel;
pub mod clock;
pub mod close;
pub mod duplicate;
pub mod event;
pub mod feedback;
pub mod follow;
pub mod handover;
pub mod hold;
pub mod lifecycle;
pub mod list;
pub mod merge;
pub mod notice;
pub mod partner;
pub mod prioritise;
pub mod receive;
pub mod refuse;
pub mod reopen;
pub mod reroute;
pub mod resolve;
pub mod resume;
pub mod rights;
pub mod schedule;
pub mod silence;
pub mod split;
pub mod start;
pub mod writing;

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::city::catalogue::{ClosureReason, Sensitivity};
use crate::city::question::Replies;
use crate::concern::{Origin, Referrer};
use crate::id::{CategoryCode, ConcernId, ServiceCode, TicketId, UserId};
use crate::language::Language;
use crate::place::{Areas, Whereabouts};
use crate::routing::Sent;
use crate::time::Pause;
pub use actor_view::ActorView;
pub use event::{Actor, Event, Fact};
pub use feedback::Feedback;
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
    /// Every priority, the least pressing first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Normal, Self::High, Self::Urgent];

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

    /// What people call it.
    #[must_use]
    pub const fn label(self, language: Language) -> &'static str {
        language.pick(match self {
            Self::Low => ("basse", "low"),
            Self::Normal => ("normale", "normal"),
            Self::High => ("haute", "high"),
            Self::Urgent => ("urgente", "urgent"),
        })
    }

    /// The priority of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.code() == code)
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
    /// Where the concern was heard.
    pub origin: Origin,
    /// Who filed the concern.
    pub referrer: Referrer,
    /// Where.
    pub place: Whereabouts,
    /// The areas of the place, as they were when the concern was filed.
    pub areas: Areas,
    /// What was answered to the category's questions when the concern was filed.
    pub replies: Replies,
    /// The rule that sent it, and why; none when a dispatcher opened it at its service.
    pub sent: Option<Arc<Sent>>,
    /// How often it was passed to a service; 1 when filed.
    pub handovers: i32,
    /// How often somebody passed it on to another service.
    pub reroutes: i32,
    /// How often it was reopened.
    pub reopened: i32,
    /// How many concerns were attached to it: they follow it.
    pub followers: i32,
    /// Who in the service has it.
    pub assignee: Option<UserId>,
    /// When the concern was filed.
    pub filed_at: DateTime<Utc>,
    /// When it was last passed to a service: the clocks count from then.
    pub handed_over_at: DateTime<Utc>,
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
    /// When it waited, since it was last passed to a service; the resolution clock stood still.
    pub pauses: Vec<Pause>,
    /// When the next rung of the ladder of reminders is due, if one is.
    pub remind_at: Option<DateTime<Utc>>,
    /// How many rungs of the ladder were climbed since the clock that runs began.
    pub rungs: i16,
    /// The day on which the service expects to act.
    pub scheduled_for: Option<NaiveDate>,
    /// The day on which it resumes by itself.
    pub resume_on: Option<NaiveDate>,
    /// Why it ended.
    pub closure_reason: Option<ClosureReason>,
    /// The ticket that it is a duplicate of.
    pub duplicate_of: Option<TicketId>,
    /// What its residents say of how it ended.
    pub feedback: Feedback,
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
    /// Whether the ticket, as it is now, allows the action, whatever is said with it.
    ///
    /// # Errors
    /// Why not.
    pub fn allows(&self, action: Action, now: DateTime<Utc>) -> Result<(), Refusal> {
        lifecycle::next(self.state, action)?;
        match action {
            Action::Receive if self.received_at.is_some() => Err(Refusal::AlreadyReceived),
            Action::Reopen if !reopen::in_time(self, now) => Err(Refusal::ReopenWindowOver),
            Action::Reopen if self.duplicate_of.is_some() => Err(Refusal::Merged),
            Action::Unmerge if self.duplicate_of.is_none() => Err(Refusal::NotMerged),
            Action::Receive
            | Action::Acknowledge
            | Action::Refuse
            | Action::Reroute
            | Action::Schedule
            | Action::Start
            | Action::Hold
            | Action::Resume
            | Action::Resolve
            | Action::Reopen
            | Action::Close
            | Action::Cancel
            | Action::Merge
            | Action::Unmerge
            | Action::Assign
            | Action::Prioritise
            | Action::Split => Ok(()),
        }
    }

    /// The ticket after one more change.
    fn turned(self, state: State, fact: Fact, also: impl FnOnce(&mut Self)) -> Change {
        let mut ticket = Self { state, version: self.version + 1, ..self };
        also(&mut ticket);
        Change { ticket, fact }
    }

    /// What is so of every ticket that was just passed to a service.
    fn hand_over(&mut self, now: DateTime<Utc>) {
        self.handovers += 1;
        self.handed_over_at = now;
        self.received_at = None;
        self.acknowledged_at = None;
        self.resolved_at = None;
        self.closed_at = None;
        self.assignee = None;
        self.scheduled_for = None;
        self.resume_on = None;
        self.closure_reason = None;
        self.duplicate_of = None;
        self.feedback = Feedback::NotAsked;
        self.pauses.clear();
        self.rungs = 0;
    }

    /// Ends the waiting, if the ticket waits.
    fn end_pause(&mut self, now: DateTime<Utc>) {
        self.resume_on = None;
        if let Some(pause) = self.pauses.last_mut() {
            pause.to.get_or_insert(now);
        }
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
            origin: Origin::Patrol,
            referrer: Referrer::Person(UserId(Uuid::from_u128(3))),
            place: Whereabouts { point: Some(Point { lat: 49.9, lon: 2.3 }), address: None },
            areas: Areas::new(),
            replies: Replies::new(),
            sent: Some(Arc::new(Sent {
                rule: "depots".parse().unwrap(),
                version: 1,
                because: Vec::new(),
                acknowledge_within: None,
                resolve_within: None,
                watchers: Vec::new(),
            })),
            handovers: 1,
            reroutes: 0,
            reopened: 0,
            followers: 0,
            assignee: None,
            filed_at,
            handed_over_at: filed_at,
            received_at: None,
            acknowledged_at: None,
            resolved_at: None,
            closed_at: None,
            ack_due_at: filed_at,
            resolve_due_at: filed_at,
            pauses: Vec::new(),
            remind_at: None,
            rungs: 0,
            scheduled_for: None,
            resume_on: None,
            closure_reason: None,
            duplicate_of: None,
            feedback: Feedback::NotAsked,
        }
    }
}
