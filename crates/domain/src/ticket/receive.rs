//! The service opening a ticket for the first time.

use chrono::{DateTime, Utc};

use super::lifecycle::{Action, Refusal, next};
use super::{Change, Fact, Ticket};

/// Open a ticket for the first time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Receive;

impl Receive {
    /// The ticket once its service has opened it.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is submitted; [`Refusal::AlreadyReceived`] the second time.
    pub fn apply(self, ticket: Ticket, now: DateTime<Utc>) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Receive)?;
        if ticket.received_at.is_some() {
            return Err(Refusal::AlreadyReceived);
        }
        Ok(ticket.turned(state, Fact::Received, |ticket| ticket.received_at = Some(now)))
    }
}
