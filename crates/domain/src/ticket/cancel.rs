//! Calling a ticket off.

use super::lifecycle::{Action, Refusal, next};
use super::{Change, Fact, Ticket};
use crate::text::Note;

/// Call a ticket off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancel {
    /// Why.
    pub note: Note,
}

impl Cancel {
    /// The ticket once it is called off.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is submitted, acknowledged or refused.
    pub fn apply(self, ticket: Ticket) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Cancel)?;
        Ok(ticket.turned(state, Fact::Cancelled { note: self.note }, |_| ()))
    }
}
