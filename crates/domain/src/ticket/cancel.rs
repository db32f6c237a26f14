//! Calling a ticket off.

use super::lifecycle::{Action, Refusal, next};
use super::{Change, Fact, Ticket};
use crate::text::{MessageToResident, Note};

/// Call a ticket off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancel {
    /// Why.
    pub note: Note,
    /// Why, as the resident reads it.
    pub message_to_resident: Option<MessageToResident>,
}

impl Cancel {
    /// The ticket once it is called off.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is submitted, acknowledged or refused.
    pub fn apply(self, ticket: Ticket) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Cancel)?;
        let fact = Fact::Cancelled { note: self.note, message_to_resident: self.message_to_resident };
        Ok(ticket.turned(state, fact, |_| ()))
    }
}
