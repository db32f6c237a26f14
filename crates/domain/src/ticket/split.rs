//! Opening tickets of the same concern at other services. Each has a life of its own: ending one ends no other.

use chrono::{DateTime, Utc};

use super::lifecycle::{Action, Refusal, State, next};
use super::{Change, Fact, Feedback, Ticket};
use crate::id::{ServiceCode, TicketId};
use crate::text::Note;

/// Open tickets of the same concern at other services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The services.
    pub services: Vec<ServiceCode>,
    /// Why; the new services read it.
    pub note: Note,
}

impl Split {
    /// The ticket as it stays where it is, and the new ones, which have these ids, in the order of the services, without
    /// a reference yet.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is open.
    pub fn apply(
        self,
        ticket: Ticket,
        ids: impl FnMut() -> TicketId,
        now: DateTime<Utc>,
    ) -> Result<(Change, Vec<Ticket>), Refusal> {
        let state = next(ticket.state, Action::Split)?;
        let ids: Vec<TicketId> = std::iter::repeat_with(ids).take(self.services.len()).collect();
        let at = |(id, service): (&TicketId, &ServiceCode)| ticket.sibling(*id, service.clone(), now);
        let opened = ids.iter().zip(&self.services).map(at).collect();
        let fact = Fact::Split { services: self.services, tickets: ids, note: self.note };
        Ok((ticket.turned(state, fact, |_| ()), opened))
    }
}

impl Ticket {
    /// A new ticket of the same concern at another service.
    fn sibling(&self, id: TicketId, service: ServiceCode, now: DateTime<Utc>) -> Self {
        Self {
            id,
            reference: String::new(),
            version: 1,
            state: State::Submitted,
            service,
            sent: None,
            handovers: 1,
            reroutes: 0,
            reopened: 0,
            followers: 0,
            filed_at: now,
            handed_over_at: now,
            received_at: None,
            acknowledged_at: None,
            resolved_at: None,
            closed_at: None,
            scheduled_for: None,
            resume_on: None,
            closure_reason: None,
            duplicate_of: None,
            feedback: Feedback::NotAsked,
            assignee: None,
            pauses: Vec::new(),
            remind_at: None,
            rungs: 0,
            ..self.clone()
        }
    }
}
