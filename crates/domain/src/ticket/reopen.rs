//! Taking back that a ticket is settled.

use chrono::{DateTime, Duration, Utc};

use super::lifecycle::{Action, Refusal, State, next};
use super::{Change, Fact, Ticket};
use crate::id::ServiceCode;
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
    /// The ticket as it goes back to its service, its clocks begun anew; to the dispatcher's desk, when it was closed
    /// without ever having been settled: its service had refused it.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is resolved or closed; [`Refusal::ReopenWindowOver`] when it was closed
    /// more than 30 days ago; [`Refusal::Merged`] when it was closed as a duplicate.
    pub fn apply(self, ticket: Ticket, desk: &ServiceCode, now: DateTime<Utc>) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Reopen)?;
        ticket.allows(Action::Reopen, now)?;
        let moves = ticket.resolved_at.is_none() && ticket.service != *desk;
        let (from, service) = if moves { (Some(ticket.service.clone()), Some(desk.clone())) } else { (None, None) };
        let fact = Fact::Reopened { note: self.note, from, service: service.clone() };
        Ok(ticket.turned(state, fact, |ticket| {
            if let Some(service) = service {
                ticket.service = service;
            }
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
        let after = |days| reopen().apply(closed.clone(), &desk(), closed_at + Duration::days(days));
        assert_eq!(after(30).unwrap().ticket.state, State::Submitted);
        assert_eq!(after(31).unwrap_err(), Refusal::ReopenWindowOver);
    }

    #[test]
    fn what_its_service_refused_comes_back_to_the_desk_and_what_it_settled_to_the_service() {
        let refused = ticket(State::Closed);
        let now = refused.filed_at;
        let settled = Ticket { resolved_at: Some(now), ..refused.clone() };
        let Change { ticket: back, fact } = reopen().apply(settled, &desk(), now).unwrap();
        assert_eq!((back.service.as_str(), back.reroutes), ("proprete", 0));
        assert!(matches!(fact, Fact::Reopened { from: None, service: None, .. }), "{fact:?}");
        let Change { ticket: back, fact } = reopen().apply(refused, &desk(), now).unwrap();
        assert_eq!((back.service.as_str(), back.handovers, back.reroutes), ("regulation", 2, 0));
        let elsewhere = matches!(&fact, Fact::Reopened { from: Some(from), service: Some(service), .. }
            if from.as_str() == "proprete" && *service == desk());
        assert!(elsewhere, "{fact:?}");
        let of_the_desk = Ticket { service: desk(), ..ticket(State::Closed) };
        let stays = reopen().apply(of_the_desk, &desk(), now).unwrap();
        assert!(matches!(stays.fact, Fact::Reopened { from: None, service: None, .. }), "{stays:?}");
    }

    fn desk() -> ServiceCode {
        "regulation".parse().unwrap()
    }

    fn reopen() -> Reopen {
        Reopen { note: Note::try_from("encore là".to_owned()).unwrap() }
    }
}
