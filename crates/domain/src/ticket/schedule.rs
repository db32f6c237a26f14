//! Setting a day.

use chrono::{DateTime, NaiveDate, Utc};

use super::lifecycle::{Action, Refusal, next};
use super::{Change, Fact, Ticket};
use crate::text::Note;

/// Set the day on which the service will act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The day.
    pub scheduled_for: NaiveDate,
    /// For the service and the dispatcher.
    pub note: Option<Note>,
}

impl Schedule {
    /// The ticket once its day is set; if it waited, it no longer does.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is acknowledged, in progress or on hold.
    pub fn apply(self, ticket: Ticket, now: DateTime<Utc>) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Schedule)?;
        let fact = Fact::Scheduled { scheduled_for: self.scheduled_for, note: self.note };
        Ok(ticket.turned(state, fact, |ticket| {
            ticket.end_pause(now);
            ticket.scheduled_for = Some(self.scheduled_for);
        }))
    }
}
