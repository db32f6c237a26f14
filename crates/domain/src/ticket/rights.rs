//! Who may see a ticket and who may do what with it, decided from the ticket and from who is asking.

use std::collections::BTreeSet;

use super::event::Part;
use super::lifecycle::{Action, Refusal, State};
use super::{Actor, Ticket};
use crate::city::catalogue::Sensitivity;
use crate::id::{ServiceCode, UserId};
use crate::person::Role;

/// A person, as far as rights on tickets depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub user: UserId,
    /// Their roles.
    pub roles: BTreeSet<Role>,
    /// The services that they belong to.
    pub services: BTreeSet<ServiceCode>,
}

impl Person {
    /// Whether the person has the role.
    #[must_use]
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    fn is_of(&self, service: &ServiceCode) -> bool {
        self.is(Role::ServiceMember) && self.services.contains(service)
    }

    /// Whether the person may know of the ticket. The `store` asks the same in SQL, in every query; a test compares
    /// the two.
    #[must_use]
    pub fn sees(&self, ticket: &Ticket) -> bool {
        if self.is(Role::Dispatcher) || self.is_of(&ticket.service) {
            return true;
        }
        if !self.is(Role::Agent) || (ticket.hidden_from_referrer && ticket.referrer == self.user) {
            return false;
        }
        match ticket.sensitivity {
            Sensitivity::Standard => true,
            Sensitivity::Restricted => ticket.referrer == self.user,
            Sensitivity::SignpostOnly => false,
        }
    }

    /// Whether the person may read the notes that the service writes for itself: everybody who sees the ticket, but
    /// for the referrer of a restricted one.
    #[must_use]
    pub fn reads_notes_of(&self, ticket: &Ticket) -> bool {
        self.is(Role::Dispatcher) || self.is_of(&ticket.service) || ticket.sensitivity == Sensitivity::Standard
    }

    /// The person in the part in which they may do the action on this ticket.
    ///
    /// # Errors
    /// [`Refusal::NotTheirs`] when none of their parts may.
    pub fn acting(&self, action: Action, ticket: &Ticket) -> Result<Actor, Refusal> {
        let has = |part| match part {
            Part::Service => self.is_of(&ticket.service),
            Part::Dispatcher => self.is(Role::Dispatcher),
            Part::Referrer => self.is(Role::Agent) && ticket.referrer == self.user && !ticket.hidden_from_referrer,
        };
        parts(action, ticket)
            .iter()
            .copied()
            .find(|part| has(*part))
            .map(|part| Actor::Person { user: self.user, part })
            .ok_or(Refusal::NotTheirs(action))
    }
}

/// The parts that may do an action, as the table of `docs/architecture.md` says.
const fn parts(action: Action, ticket: &Ticket) -> &'static [Part] {
    match action {
        Action::Receive
        | Action::Acknowledge
        | Action::Refuse
        | Action::Schedule
        | Action::Start
        | Action::Hold
        | Action::Resume
        | Action::Resolve => &[Part::Service],
        // The service itself may pass a ticket on once; from the second handover on, the dispatcher only.
        Action::Reroute if ticket.handovers <= 1 => &[Part::Service, Part::Dispatcher],
        Action::Reopen => &[Part::Referrer, Part::Dispatcher],
        Action::Cancel if matches!(ticket.state, State::Submitted) => &[Part::Referrer, Part::Dispatcher],
        Action::Reroute | Action::Close | Action::Cancel | Action::Merge => &[Part::Dispatcher],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::example::ticket;
    use uuid::Uuid;

    fn person(roles: &[Role], services: &[&str], user: u128) -> Person {
        Person {
            user: UserId(Uuid::from_u128(user)),
            roles: roles.iter().copied().collect(),
            services: services.iter().map(|s| s.parse().unwrap()).collect(),
        }
    }

    #[test]
    fn each_action_belongs_to_the_parts_of_the_table() {
        let member = person(&[Role::ServiceMember], &["proprete"], 10);
        let stranger = person(&[Role::ServiceMember], &["voirie"], 11);
        let referrer = person(&[Role::Agent], &[], 3);
        let agent = person(&[Role::Agent], &[], 12);
        let dispatcher = person(&[Role::Dispatcher], &[], 13);
        let admin = person(&[Role::Admin], &["proprete"], 14);
        let service = "receive acknowledge refuse reroute schedule start hold resume resolve";
        for (who, may) in [
            (&member, service),
            (&stranger, ""),
            (&referrer, "reopen cancel"),
            (&agent, ""),
            (&dispatcher, "reroute reopen close cancel merge"),
            (&admin, ""),
        ] {
            let allowed: Vec<&str> = Action::ALL
                .into_iter()
                .filter(|action| who.acting(*action, &ticket(State::Submitted)).is_ok())
                .map(Action::code)
                .collect();
            assert_eq!(allowed.join(" "), may, "{who:?}");
        }
        assert!(referrer.acting(Action::Cancel, &ticket(State::Acknowledged)).is_err());
        let passed_on = Ticket { handovers: 2, ..ticket(State::Submitted) };
        assert!(member.acting(Action::Reroute, &passed_on).is_err());
        assert!(dispatcher.acting(Action::Reroute, &passed_on).is_ok());
    }

    #[test]
    fn who_sees_what_depends_on_the_sensitivity() {
        let standard = ticket(State::Submitted);
        let restricted = Ticket { sensitivity: Sensitivity::Restricted, ..standard.clone() };
        let complaint = Ticket { hidden_from_referrer: true, ..restricted.clone() };
        for (who, sees) in [
            (person(&[Role::ServiceMember], &["proprete"], 10), [true, true, true]),
            (person(&[Role::ServiceMember], &["voirie"], 11), [false, false, false]),
            (person(&[Role::Agent], &[], 3), [true, true, false]),
            (person(&[Role::Agent], &[], 12), [true, false, false]),
            (person(&[Role::Dispatcher], &[], 13), [true, true, true]),
            (person(&[Role::Admin], &[], 14), [false, false, false]),
        ] {
            assert_eq!([&standard, &restricted, &complaint].map(|t| who.sees(t)), sees, "{who:?}");
        }
    }
}
