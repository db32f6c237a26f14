//! Adding photographs and documents to a ticket, and taking them back. Neither changes how far the ticket is.

use super::{Change, Fact, State, Ticket};
use crate::attachment::{MediaType, Refusal};
use crate::id::AttachmentId;

impl Ticket {
    /// Whether something can be added: as long as it has not ended.
    ///
    /// # Errors
    /// [`Refusal::Ended`].
    pub const fn takes_attachments(&self) -> Result<(), Refusal> {
        match self.state {
            State::Submitted
            | State::Acknowledged
            | State::Scheduled
            | State::InProgress
            | State::OnHold
            | State::Refused
            | State::Resolved => Ok(()),
            State::Closed | State::Cancelled => Err(Refusal::Ended),
        }
    }
}

/// Add an attachment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attach {
    /// Which.
    pub attachment: AttachmentId,
    /// What it is.
    pub media_type: MediaType,
}

impl Attach {
    /// The ticket with it.
    ///
    /// # Errors
    /// [`Refusal::Ended`].
    pub fn apply(self, ticket: Ticket) -> Result<Change, Refusal> {
        ticket.takes_attachments()?;
        let state = ticket.state;
        let fact = Fact::AttachmentAdded { attachment: self.attachment, media_type: self.media_type };
        Ok(ticket.turned(state, fact, |_| {}))
    }
}

/// Take an attachment back, whatever became of the ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detach {
    /// Which.
    pub attachment: AttachmentId,
    /// A virus was found in it.
    pub infected: bool,
}

impl Detach {
    /// The ticket without it.
    #[must_use]
    pub fn apply(self, ticket: Ticket) -> Change {
        let state = ticket.state;
        let fact = Fact::AttachmentRemoved { attachment: self.attachment, infected: self.infected };
        ticket.turned(state, fact, |_| {})
    }
}
