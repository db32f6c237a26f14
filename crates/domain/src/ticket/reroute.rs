//! Passing a ticket on to another service.

use chrono::{DateTime, Utc};

use super::lifecycle::{Action, Refusal, next};
use super::{Change, Fact, Ticket};
use crate::id::{OrganisationCode, ServiceCode};
use crate::text::Note;

/// Pass a ticket on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reroute {
    /// To this service.
    pub service: ServiceCode,
    /// Why; the new service reads it.
    pub note: Note,
}

impl Reroute {
    /// The ticket at its new service, whose clocks begin anew. `organisation`: that of the new service,
    /// when the one that had it is of another.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is submitted, acknowledged or refused.
    pub fn apply(
        self,
        ticket: Ticket,
        organisation: Option<OrganisationCode>,
        now: DateTime<Utc>,
    ) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Reroute)?;
        let fact = Fact::Rerouted {
            from: ticket.service.clone(),
            service: self.service.clone(),
            note: self.note,
            answer_due_at: None,
            organisation,
        };
        Ok(ticket.turned(state, fact, |ticket| {
            ticket.service = self.service;
            ticket.reroutes += 1;
            ticket.hand_over(now);
        }))
    }
}
