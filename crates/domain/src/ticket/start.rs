//! Setting to work.

use chrono::{DateTime, Utc};

use super::lifecycle::{Action, Refusal, next};
use super::{Change, Fact, Ticket};
use crate::text::Note;

/// Set to work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Start {
    /// For the service and the dispatcher.
    pub note: Option<Note>,
}

impl Start {
    /// The ticket once somebody is at work; if it waited, it no longer does.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is acknowledged, scheduled or on hold.
    pub fn apply(self, ticket: Ticket, now: DateTime<Utc>) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Start)?;
        Ok(ticket.turned(state, Fact::Started { note: self.note }, |ticket| ticket.end_pause(now)))
    }
}
