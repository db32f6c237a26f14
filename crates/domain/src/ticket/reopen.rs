//! Taking back that a ticket is settled.

use chrono::{DateTime, Duration, Utc};

use super::lifecycle::{Action, Refusal, State, next};
use super::{Change, Fact, Ticket};
use crate::text::Note;

/// How long after its end a ticket can be reopened.
pub const WINDOW: Duration = Duration::days(30);

/// Whether a ticket that has ended can still be reopened.
pub(super) fn in_time(ticket: &Ticket, now: DateTime<Utc>) -> bool {
    !(ticket.state == State::Closed && ticket.closed_at.is_some_and(|closed| now - closed > WINDOW))
}

/// Take back that a ticket is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reopen {
    /// Why.
    pub note: Note,
}

impl Reopen {
    /// The ticket as it goes back to its service, its clocks begun anew.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is resolved or closed; [`Refusal::ReopenWindowOver`] when it was closed
    /// more than 30 days ago; [`Refusal::Merged`] when it was closed as a duplicate.
    pub fn apply(self, ticket: Ticket, now: DateTime<Utc>) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Reopen)?;
        ticket.allows(Action::Reopen, now)?;
        Ok(ticket.turned(state, Fact::Reopened { note: self.note }, |ticket| {
            ticket.hand_over(now);
            ticket.reopened += 1;
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::example::ticket;

    #[test]
    fn a_closed_ticket_can_be_reopened_for_thirty_days() {
        let closed_at: DateTime<Utc> = "2026-03-10T09:00:00Z".parse().unwrap();
        let closed = Ticket { closed_at: Some(closed_at), ..ticket(State::Closed) };
        let reopen = || Reopen { note: Note::try_from("encore là".to_owned()).unwrap() };
        let after = |days| reopen().apply(closed.clone(), closed_at + Duration::days(days));
        assert_eq!(after(30).unwrap().ticket.state, State::Submitted);
        assert_eq!(after(31).unwrap_err(), Refusal::ReopenWindowOver);
    }
}
