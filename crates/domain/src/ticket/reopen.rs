//! Taking back that a ticket is settled.

use chrono::{DateTime, Duration, Utc};

use super::lifecycle::{Action, Refusal, State, next};
use super::{Change, Fact, Ticket};
use crate::city::City;
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
    /// without ever having been settled, as its service had refused it, and where `City::goes_instead` says so.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is resolved or closed; [`Refusal::ReopenWindowOver`] when it was closed
    /// more than 30 days ago; [`Refusal::Merged`] when it was closed as a duplicate.
    pub fn apply(self, ticket: Ticket, city: &City, now: DateTime<Utc>) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Reopen)?;
        ticket.allows(Action::Reopen, now)?;
        let desk = &city.settings.dispatcher_desk;
        let refused = (ticket.resolved_at.is_none() && ticket.service != *desk).then_some(desk);
        let service = refused.or_else(|| city.goes_instead(&ticket)).cloned();
        let from = service.is_some().then(|| ticket.service.clone());
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

impl City {
    /// Where a ticket goes instead of back to its service: to the dispatcher's desk, when there is no such service any more, or
    /// it may not have the ticket (any more).
    pub(super) fn goes_instead(&self, ticket: &Ticket) -> Option<&ServiceCode> {
        let may = self.service(&ticket.service).is_some_and(|service| service.may_have(ticket.secrecy()));
        (!may).then_some(&self.settings.dispatcher_desk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::city::catalogue::Sensitivity;
    use crate::routing::tests::town::town;
    use crate::ticket::example::ticket;

    #[test]
    fn a_closed_ticket_can_be_reopened_for_thirty_days() {
        let closed_at: DateTime<Utc> = "2026-03-10T09:00:00Z".parse().unwrap();
        let closed = Ticket { closed_at: Some(closed_at), ..closed_at_service("works") };
        let after = |days| reopen().apply(closed.clone(), &town(Vec::new()), closed_at + Duration::days(days));
        assert_eq!(after(30).unwrap().ticket.state, State::Submitted);
        assert_eq!(after(31).unwrap_err(), Refusal::ReopenWindowOver);
    }

    #[test]
    fn what_its_service_refused_comes_back_to_the_desk_and_what_it_settled_to_the_service() {
        let refused = closed_at_service("works");
        let settled = Ticket { resolved_at: Some(refused.filed_at), ..refused.clone() };
        assert_eq!(moved(settled), None);
        assert_eq!(moved(refused), Some(("works".to_owned(), "desk".to_owned())));
        assert_eq!(moved(closed_at_service("desk")), None);
    }

    #[test]
    fn what_its_service_may_not_have_any_more_comes_back_to_the_desk() {
        let settled = |service| {
            let ticket = closed_at_service(service);
            Ticket { resolved_at: Some(ticket.filed_at), ..ticket }
        };
        assert_eq!(moved(settled("landlord")), None);
        let restricted = Ticket { sensitivity: Sensitivity::Restricted, ..settled("landlord") };
        for without in [restricted, settled("gone")] {
            let was = without.service.to_string();
            assert_eq!(moved(without), Some((was, "desk".to_owned())));
        }
    }

    fn closed_at_service(service: &str) -> Ticket {
        Ticket { service: service.parse().unwrap(), ..ticket(State::Closed) }
    }

    /// From where to where it goes when it is reopened, as the event says; none when it goes back to its service.
    fn moved(ticket: Ticket) -> Option<(String, String)> {
        let now = ticket.filed_at;
        let Change { ticket: back, fact } = reopen().apply(ticket, &town(Vec::new()), now).unwrap();
        assert_eq!((back.handovers, back.reroutes), (2, 0));
        let Fact::Reopened { from, service, .. } = fact else { unreachable!("{fact:?}") };
        if let Some(service) = &service {
            assert_eq!(back.service, *service);
        }
        from.zip(service).map(|(from, service)| (from.to_string(), service.to_string()))
    }

    fn reopen() -> Reopen {
        Reopen { note: Note::try_from("encore là".to_owned()).unwrap() }
    }
}
