//! Going on after waiting.

use chrono::{DateTime, Utc};

use super::lifecycle::{Action, Refusal, next};
use super::{Change, Fact, Ticket};
use crate::text::Note;

/// Go on after waiting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resume {
    /// For the service and the dispatcher.
    pub note: Option<Note>,
}

impl Resume {
    /// The ticket once the waiting is over: the resolution clock goes on.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is on hold.
    pub fn apply(self, ticket: Ticket, now: DateTime<Utc>) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Resume)?;
        Ok(ticket.turned(state, Fact::Resumed { note: self.note }, |ticket| ticket.end_pause(now)))
    }
}
