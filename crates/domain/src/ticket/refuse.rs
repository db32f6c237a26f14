//! Sending a ticket back to the dispatcher.

use super::event::RefusalReason;
use super::lifecycle::{Action, Refusal, next};
use super::{Change, Fact, Ticket};
use crate::id::ServiceCode;
use crate::text::Note;

/// Send a ticket back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refuse {
    /// Why.
    pub reason: RefusalReason,
    /// The service that is competent instead.
    pub service: Option<ServiceCode>,
    /// For the dispatcher.
    pub note: Option<Note>,
}

impl Refuse {
    /// The ticket once it is sent back.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is submitted or acknowledged.
    pub fn apply(self, ticket: Ticket) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Refuse)?;
        let fact = Fact::Refused { reason: self.reason, service: self.service, note: self.note };
        Ok(ticket.turned(state, fact, |ticket| ticket.assignee = None))
    }
}
