//! Waiting for something.

use chrono::{DateTime, NaiveDate, Utc};

use super::event::HoldReason;
use super::lifecycle::{Action, Refusal, next};
use super::{Change, Fact, Ticket};
use crate::text::Note;
use crate::time::Pause;

/// Wait for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// For what.
    pub reason: HoldReason,
    /// The day on which it resumes by itself.
    pub resume_on: NaiveDate,
    /// For the service and the dispatcher.
    pub note: Option<Note>,
}

impl Hold {
    /// The ticket while it waits: the resolution clock stops.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is acknowledged, scheduled or in progress.
    pub fn apply(self, ticket: Ticket, now: DateTime<Utc>) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Hold)?;
        let fact = Fact::Held { reason: self.reason, resume_on: self.resume_on, note: self.note };
        Ok(ticket.turned(state, fact, |ticket| {
            ticket.pauses.push(Pause { from: now, to: None });
            ticket.resume_on = Some(self.resume_on);
        }))
    }
}
