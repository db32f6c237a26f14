//! Who may see a ticket and who may do what with it, decided from the ticket and from who is asking.

use chrono::{DateTime, Utc};

use super::event::Part;
use super::lifecycle::{Action, Refusal, State};
use super::{Actor, Ticket};
use crate::concern::Referrer;
use crate::person::Role;
use crate::rights::{Caller, Client, Person, Reach, Secrecy};

impl Ticket {
    /// How far it is kept from others.
    #[must_use]
    pub const fn secrecy(&self) -> Secrecy {
        Secrecy::of(self.sensitivity, self.hidden_from_referrer)
    }
}

impl Caller {
    /// Whether the caller may know of the ticket. The `store` asks the same in SQL, in every query; a test compares
    /// the two.
    #[must_use]
    pub fn sees(&self, ticket: &Ticket) -> bool {
        self.reaches(ticket.secrecy()).any(|reach| match reach {
            Reach::Nothing => false,
            Reach::Filed => self.filed(ticket),
            Reach::OfTheirServices => self.services().contains(&ticket.service),
            Reach::WithinLimits => self.is_within_limits(ticket),
            Reach::Everything => true,
        })
    }

    /// Whether the caller filed the ticket's concern.
    #[must_use]
    pub fn filed(&self, ticket: &Ticket) -> bool {
        match (self, ticket.referrer) {
            (Self::Person(person), Referrer::Person(user)) => person.user == user,
            (Self::Client(own), Referrer::Client(client)) => own.client == client,
            (Self::Person(_), Referrer::Client(_)) | (Self::Client(_), Referrer::Person(_)) => false,
        }
    }

    /// Whether the caller looks after the resident of a concern which that referrer filed: the referrer and dispatchers.
    #[must_use]
    pub fn looks_after(&self, referrer: Referrer) -> bool {
        match self {
            Self::Person(person) if person.is(Role::Dispatcher) => true,
            Self::Person(person) => referrer == Referrer::Person(person.user),
            Self::Client(own) => referrer == Referrer::Client(own.client),
        }
    }

    fn is_within_limits(&self, ticket: &Ticket) -> bool {
        match self {
            Self::Person(_) => false,
            Self::Client(Client { services, categories, .. }) => {
                (services.is_empty() || services.contains(&ticket.service))
                    && (categories.is_empty() || categories.contains(&ticket.category))
            }
        }
    }

    fn is_of_service(&self, ticket: &Ticket) -> bool {
        match self {
            Self::Person(person) => person.is_of(ticket),
            Self::Client(_) => self.sees(ticket),
        }
    }

    /// The caller in the part in which they may do the action on this ticket.
    ///
    /// # Errors
    /// [`Refusal::NotTheirs`] when none of their parts may.
    pub fn acting(&self, action: Action, ticket: &Ticket) -> Result<Actor, Refusal> {
        let part = parts(action).iter().find(|(part, when)| when.holds(ticket) && self.has_part(*part, ticket));
        part.map(|(part, _)| self.in_part(*part)).ok_or(Refusal::NotTheirs(action))
    }

    /// What the caller may do with the ticket now.
    pub fn actions_on(&self, ticket: &Ticket, now: DateTime<Utc>) -> impl Iterator<Item = Action> {
        let own: Vec<Part> = self.parts_in(ticket).collect();
        let theirs = move |action| parts(action).iter().any(|(part, when)| own.contains(part) && when.holds(ticket));
        Action::ALL.into_iter().filter(move |action| theirs(*action) && ticket.allows(*action, now).is_ok())
    }

    /// The parts that the caller has in the ticket.
    pub fn parts_in(&self, ticket: &Ticket) -> impl Iterator<Item = Part> {
        [Part::Service, Part::Dispatcher, Part::Referrer].into_iter().filter(|part| self.has_part(*part, ticket))
    }

    /// Whether the caller has that part in the ticket.
    #[must_use]
    pub fn has_part(&self, part: Part, ticket: &Ticket) -> bool {
        match (part, self) {
            (Part::Service, _) => self.is_of_service(ticket),
            (Part::Dispatcher, Self::Person(person)) => person.is(Role::Dispatcher),
            (Part::Dispatcher, Self::Client(_)) => false,
            (Part::Referrer, Self::Person(person)) => {
                person.is(Role::Agent) && self.filed(ticket) && !ticket.hidden_from_referrer
            }
            (Part::Referrer, Self::Client(_)) => self.filed(ticket) && self.sees(ticket),
        }
    }

    /// The caller as an actor in that part.
    #[must_use]
    pub const fn in_part(&self, part: Part) -> Actor {
        match self {
            Self::Person(person) => Actor::Person { user: person.user, part },
            Self::Client(client) => Actor::Client { client: client.client, part },
        }
    }

    /// The caller as who files a concern.
    #[must_use]
    pub const fn referrer(&self) -> Referrer {
        match self {
            Self::Person(person) => Referrer::Person(person.user),
            Self::Client(client) => Referrer::Client(client.client),
        }
    }
}

impl Person {
    fn is_of(&self, ticket: &Ticket) -> bool {
        self.roles.iter().any(|role| role.is_in_a_service()) && self.services.contains(&ticket.service)
    }
}

/// When a part may do an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Whenever the ticket's state allows it.
    Always,
    /// While the ticket is submitted.
    Submitted,
    /// Until it was passed on once: from then on, the dispatcher settles where the ticket belongs.
    NeverRerouted,
}

impl When {
    const fn holds(self, ticket: &Ticket) -> bool {
        match self {
            Self::Always {} => true,
            Self::Submitted => matches!(ticket.state, State::Submitted),
            Self::NeverRerouted => ticket.reroutes == 0,
        }
    }
}

/// The parts that may do an action, and when.
#[must_use]
pub const fn parts(action: Action) -> &'static [(Part, When)] {
    use Part::{Dispatcher, Referrer, Service};
    match action {
        Action::Receive
        | Action::Acknowledge
        | Action::Refuse
        | Action::Schedule
        | Action::Start
        | Action::Hold
        | Action::Resume
        | Action::Resolve
        | Action::Assign => &[(Service, When::Always)],
        Action::Prioritise => &[(Service, When::Always), (Dispatcher, When::Always)],
        Action::Reroute => &[(Service, When::NeverRerouted), (Dispatcher, When::Always)],
        Action::Reopen => &[(Referrer, When::Always), (Dispatcher, When::Always)],
        Action::Cancel => &[(Referrer, When::Submitted), (Dispatcher, When::Always)],
        Action::Close | Action::Merge | Action::Unmerge | Action::Split => &[(Dispatcher, When::Always)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::city::catalogue::Sensitivity;
    use crate::id::{ClientId, UserId};
    use crate::rights::ClientScope::{self, TicketsRead, TicketsRestricted, TicketsWrite};
    use crate::ticket::example::ticket;
    use uuid::Uuid;

    fn person(roles: &[Role], services: &[&str], user: u128) -> Caller {
        Caller::Person(Person {
            user: UserId(Uuid::from_u128(user)),
            roles: roles.iter().copied().collect(),
            services: services.iter().map(|s| s.parse().unwrap()).collect(),
        })
    }

    fn program(scopes: &[ClientScope], services: &[&str], categories: &[&str]) -> Caller {
        Caller::Client(Client {
            client: ClientId(Uuid::from_u128(20)),
            scopes: scopes.iter().copied().collect(),
            services: services.iter().map(|s| s.parse().unwrap()).collect(),
            categories: categories.iter().map(|s| s.parse().unwrap()).collect(),
        })
    }

    #[test]
    fn each_action_belongs_to_the_parts_of_the_table() {
        let member = person(&[Role::ServiceMember], &["proprete"], 10);
        let stranger = person(&[Role::ServiceMember], &["voirie"], 11);
        let referrer = person(&[Role::Agent], &[], 3);
        let agent = person(&[Role::Agent], &[], 12);
        let dispatcher = person(&[Role::Dispatcher], &[], 13);
        let admin = person(&[Role::Admin], &["proprete"], 14);
        let manager = person(&[Role::ServiceManager], &["proprete"], 15);
        let auditor = person(&[Role::Auditor], &["proprete"], 16);
        let program_of_proprete = program(&[TicketsRead, TicketsWrite], &["proprete"], &[]);
        let program_of_voirie = program(&[TicketsRead, TicketsWrite], &["voirie"], &[]);
        let service = "receive acknowledge refuse reroute schedule start hold resume resolve assign prioritise";
        for (who, may) in [
            (&member, service),
            (&stranger, ""),
            (&referrer, "reopen cancel"),
            (&agent, ""),
            (&dispatcher, "reroute reopen close cancel merge unmerge prioritise split"),
            (&admin, ""),
            (&manager, service),
            (&auditor, ""),
            (&program_of_proprete, service),
            (&program_of_voirie, ""),
        ] {
            let allowed: Vec<&str> = Action::ALL
                .into_iter()
                .filter(|action| who.acting(*action, &ticket(State::Submitted)).is_ok())
                .map(Action::code)
                .collect();
            assert_eq!(allowed.join(" "), may, "{who:?}");
            for ticket in State::ALL.map(ticket) {
                let both = |action: &Action| {
                    who.acting(*action, &ticket).is_ok() && ticket.allows(*action, ticket.filed_at).is_ok()
                };
                let open: Vec<Action> = who.actions_on(&ticket, ticket.filed_at).collect();
                assert_eq!(open, Action::ALL.into_iter().filter(both).collect::<Vec<_>>(), "{who:?}");
            }
        }
        assert!(referrer.acting(Action::Cancel, &ticket(State::Acknowledged)).is_err());
        let passed_on = Ticket { handovers: 2, reroutes: 1, ..ticket(State::Submitted) };
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
            (person(&[Role::Admin], &["proprete"], 14), [false, false, false]),
            (person(&[Role::ServiceManager], &["proprete"], 15), [true, true, true]),
            (person(&[Role::ServiceManager], &["voirie"], 15), [false, false, false]),
            (person(&[Role::Auditor], &["proprete"], 16), [false, false, false]),
            (person(&[], &["proprete"], 17), [false, false, false]),
            (program(&[TicketsRead], &[], &[]), [true, false, false]),
            (program(&[TicketsRead], &["proprete"], &["illegal_dumping"]), [true, false, false]),
            (program(&[TicketsRead], &["proprete"], &["pothole"]), [false, false, false]),
            (program(&[TicketsRead, TicketsRestricted], &[], &[]), [true, false, false]),
            (program(&[TicketsRead, TicketsRestricted], &["proprete"], &[]), [true, true, true]),
            (program(&[TicketsRead, TicketsRestricted], &["voirie"], &[]), [false, false, false]),
            (program(&[TicketsWrite], &["proprete"], &[]), [false, false, false]),
        ] {
            assert_eq!([&standard, &restricted, &complaint].map(|t| who.sees(t)), sees, "{who:?}");
        }
    }
}
