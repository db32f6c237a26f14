//! Taking a ticket in hand.

use chrono::{DateTime, NaiveDate, Utc};

use super::lifecycle::{Action, Refusal, next};
use super::{Change, Fact, Ticket};
use crate::id::UserId;
use crate::text::Note;

/// Take a ticket in hand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acknowledge {
    /// Who in the service has it from now on.
    pub assignee: Option<UserId>,
    /// The day on which the service expects to act.
    pub expected_on: Option<NaiveDate>,
    /// For the service and the dispatcher.
    pub note: Option<Note>,
}

impl Acknowledge {
    /// The ticket once it is taken in hand. A service that takes it in hand has received it.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is submitted.
    pub fn apply(self, ticket: Ticket, now: DateTime<Utc>) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Acknowledge)?;
        let fact = Fact::Acknowledged { assignee: self.assignee, expected_on: self.expected_on, note: self.note };
        Ok(ticket.turned(state, fact, |ticket| {
            ticket.received_at.get_or_insert(now);
            ticket.acknowledged_at = Some(now);
            ticket.rungs = 0;
            ticket.assignee = self.assignee.or(ticket.assignee);
            ticket.scheduled_for = self.expected_on;
        }))
    }
}
