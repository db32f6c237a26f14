//! Saying who in the service has a ticket.

use super::lifecycle::{Action, Refusal, next};
use super::{Change, Fact, Ticket};
use crate::id::UserId;
use crate::text::Note;

/// Say who in the service has a ticket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assign {
    /// Who; nobody any more, when absent.
    pub assignee: Option<UserId>,
    /// For the service and the dispatcher.
    pub note: Option<Note>,
}

impl Assign {
    /// The ticket in those hands.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the service has the ticket and has not settled it.
    pub fn apply(self, ticket: Ticket) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Assign)?;
        let fact = Fact::Assigned { assignee: self.assignee, note: self.note };
        Ok(ticket.turned(state, fact, |ticket| ticket.assignee = self.assignee))
    }
}
