//! Saying how pressing a ticket is.

use super::lifecycle::{Action, Refusal, next};
use super::{Change, Fact, Priority, Ticket};
use crate::text::Note;

/// Say how pressing a ticket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prioritise {
    /// How pressing.
    pub priority: Priority,
    /// For the service and the dispatcher.
    pub note: Option<Note>,
}

impl Prioritise {
    /// The ticket with that priority.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is open.
    pub fn apply(self, ticket: Ticket) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Prioritise)?;
        let fact = Fact::Prioritised { from: ticket.priority, priority: self.priority, note: self.note };
        Ok(ticket.turned(state, fact, |ticket| ticket.priority = self.priority))
    }
}
