//! Saying that a ticket is settled, how, and what the resident reads.

use chrono::{DateTime, Utc};

use super::lifecycle::{Action, Refusal, next};
use super::{Change, Fact, Ticket};
use crate::city::catalogue::ClosureReason;
use crate::text::{MessageToResident, Note};

/// Say that a ticket is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolve {
    /// How.
    pub closure_reason: ClosureReason,
    /// What the resident reads.
    pub message_to_resident: MessageToResident,
    /// For the service and the dispatcher.
    pub note: Option<Note>,
}

impl Resolve {
    /// The ticket once it is settled.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is acknowledged, scheduled, in progress or on hold.
    pub fn apply(self, ticket: Ticket, now: DateTime<Utc>) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Resolve)?;
        let fact = Fact::Resolved {
            closure_reason: self.closure_reason,
            message_to_resident: self.message_to_resident,
            note: self.note,
        };
        Ok(ticket.turned(state, fact, |ticket| {
            ticket.resolved_at = Some(now);
            ticket.closure_reason = Some(self.closure_reason);
            ticket.end_pause(now);
        }))
    }
}
