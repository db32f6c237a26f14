//! Who may do what: the one place where it stands. `continuum permissions` prints these tables as
//! `docs/permissions.md`; the extractors of the API, the lists and the fetches obey them.
//!
//! [`Right`] says what somebody may do at all; [`reach`] says which tickets they may know of; which part a person may
//! take in one ticket is decided in [`crate::ticket::rights`], from the ticket.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};
use uuid::Uuid;

use crate::city::catalogue::Sensitivity;
use crate::id::{CategoryCode, ClientId, ServiceCode, SessionId, UserId};
use crate::person::Role;
use crate::person::Role::{Admin, Agent, Auditor, Dispatcher, ServiceManager, ServiceMember};

macro_rules! rights {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal: [$($role:ident),*] $(or [$($scope:ident),*])?;)*) => {
        /// Something that one may be allowed to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Right {
            $($(#[doc = $doc])+ $name,)*
        }

        impl Right {
            /// Every right.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name, which a refusal tells.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What it allows.
            #[must_use]
            pub const fn allows(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)* }
            }

            /// The roles that have it.
            #[must_use]
            pub const fn roles(self) -> &'static [Role] {
                match self { $(Self::$name => &[$($role),*],)* }
            }

            /// The scopes that give it to a program.
            #[must_use]
            pub const fn scopes(self) -> &'static [ClientScope] {
                match self { $(Self::$name => &[$($(ClientScope::$scope),*)?],)* }
            }
        }
    };
}

rights! {
    /// Read the city: its categories, services and areas.
    ReadCity = "read_city": [Agent, ServiceMember, ServiceManager, Dispatcher, Auditor, Admin]
        or [CafesRead, ConcernsWrite, TicketsRead, TicketsRestricted, TicketsWrite, StatsRead, Open311];
    /// Read the routing rules, and try concerns against them.
    ReadRouting = "read_routing": [ServiceManager, Dispatcher, Auditor, Admin];
    /// Play routing rules over past concerns.
    ReplayRouting = "replay_routing": [Dispatcher];
    /// Write and publish routing rules.
    ManageRouting = "manage_routing": [Dispatcher, Admin];
    /// Plan cafés, announce them, say that they are held, report on them, call them off.
    HoldCafes = "hold_cafes": [Agent, Dispatcher];
    /// Read the cafés and their cadence.
    ReadCafes = "read_cafes": [Agent, ServiceMember, ServiceManager, Dispatcher] or [CafesRead];
    /// Draw up sheets of what was said and what became of it, publish and withdraw them.
    PublishSheets = "publish_sheets": [Agent, Dispatcher];
    /// Read where concerns come back, each within their own reach.
    ReadHotspots = "read_hotspots": [Agent, ServiceMember, ServiceManager, Dispatcher];
    /// File concerns.
    FileConcerns = "file_concerns": [Agent, Dispatcher] or [ConcernsWrite];
    /// Read concerns and tickets, each within their own reach.
    ReadTickets = "read_tickets": [Agent, ServiceMember, ServiceManager, Dispatcher] or [TicketsRead];
    /// Keep lists of tickets for oneself; a service's managers, also for the service.
    SaveFilters = "save_filters": [Agent, ServiceMember, ServiceManager, Dispatcher];
    /// Act on tickets, each within their own part.
    ChangeTickets = "change_tickets": [Agent, ServiceMember, ServiceManager, Dispatcher] or [TicketsWrite];
    /// Follow what happens: the events of tickets and cafés, each within its own reach.
    FollowEvents = "follow_events": [] or [TicketsRead, CafesRead];
    /// Hand in e-mails that came for the city.
    HandInMail = "hand_in_mail": [] or [MailInbound];
    /// Read e-mails that could not be put with a ticket, settle them, put them with one.
    SettleMail = "settle_mail": [Dispatcher];
    /// Hand out what is kept of a resident, erase it, and confirm what is erased at night.
    ManagePersonalData = "manage_personal_data": [Dispatcher];
    /// See the letters that are sent, as they would be written.
    PreviewLetters = "preview_letters": [Dispatcher, Admin];
    /// Read figures that tell of no person.
    ReadStatistics = "read_statistics": [ServiceManager, Dispatcher, Auditor, Admin] or [StatsRead];
    /// Send and read service requests over Open311.
    UseOpen311 = "use_open311": [] or [Open311];
    /// Read the audit log.
    ReadAudit = "read_audit": [Auditor];
    /// Read the accounts of people.
    ReadUsers = "read_users": [Dispatcher, Admin];
    /// Invite people, change their roles, end their sessions, disable their accounts.
    ManageUsers = "manage_users": [Admin];
    /// Read the list of the programs that use the API.
    ReadClients = "read_clients": [Admin];
    /// Register programs that use the API, and hand out their secrets and keys.
    ManageClients = "manage_clients": [Admin];
}

macro_rules! scopes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal;)*) => {
        /// What a program may be allowed: an OAuth 2.0 scope (RFC 6749, 3.3).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum ClientScope {
            $($(#[doc = $doc])+ #[serde(rename = $code)] $name,)*
        }

        impl ClientScope {
            /// Every scope.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name, in tokens and in the database.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// What it allows.
            #[must_use]
            pub const fn allows(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)* }
            }

            /// The scope of that name.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|scope| scope.code() == code)
            }
        }
    };
}

scopes! {
    /// Read the list of cafés.
    CafesRead = "cafes:read";
    /// File concerns.
    ConcernsWrite = "concerns:write";
    /// Read standard tickets of the services and categories that the program is limited to; all, when it is not.
    TicketsRead = "tickets:read";
    /// With `tickets:read`: read restricted tickets too, of the services that the program is limited to; none, when it is not.
    TicketsRestricted = "tickets:restricted";
    /// Act on the tickets that it can read, as their service does.
    TicketsWrite = "tickets:write";
    /// Hand in e-mails that came for the city.
    MailInbound = "mail:inbound";
    /// Read figures that tell of no person.
    StatsRead = "stats:read";
    /// Send and read service requests over Open311; an API key does.
    Open311 = "open311";
}

// The names hold a colon, which the derived schemas would not know of.
impl PartialSchema for ClientScope {
    fn schema() -> RefOr<Schema> {
        let codes = Self::ALL.iter().map(|scope| scope.code());
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(codes))
            .description(Some("What a program may be allowed: an OAuth 2.0 scope (RFC 6749, 3.3)."))
            .into()
    }
}

impl ToSchema for ClientScope {}

/// A person, as far as rights depend on it.
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
}

/// A program, as far as rights depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Which.
    pub client: ClientId,
    /// What it may do.
    pub scopes: BTreeSet<ClientScope>,
    /// The services that it is limited to; empty when it is not limited.
    pub services: BTreeSet<ServiceCode>,
    /// The categories that it is limited to; empty when it is not limited.
    pub categories: BTreeSet<CategoryCode>,
}

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A person who has logged in.
    Person(Person),
    /// A program.
    Client(Client),
}

/// Somebody who asked before, as they were then: what they may do may have changed since.
#[derive(Debug, Clone)]
pub enum Remembered {
    /// In a session.
    Person {
        /// The person, with what they could do. No second factor was due.
        person: Person,
        /// The session.
        session: SessionId,
    },
    /// With an access token.
    Client {
        /// The program, with what it could do of what the token asks for.
        client: Client,
        /// The token's id (`jti`).
        token: Uuid,
        /// What the token asks for.
        asked: BTreeSet<ClientScope>,
        /// When it was issued.
        issued_at: DateTime<Utc>,
    },
}

impl Remembered {
    /// Who it was.
    #[must_use]
    pub fn caller(&self) -> Caller {
        match self {
            Self::Person { person, .. } => Caller::Person(person.clone()),
            Self::Client { client, .. } => Caller::Client(client.clone()),
        }
    }
}

impl Caller {
    /// Whether the caller has the right.
    #[must_use]
    pub fn has(&self, right: Right) -> bool {
        match self {
            Self::Person(person) => right.roles().iter().any(|role| person.is(*role)),
            Self::Client(client) => right.scopes().iter().any(|scope| client.scopes.contains(scope)),
        }
    }
}

/// How far a ticket is kept from others: its category's sensitivity, and for a complaint about an officer more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Secrecy {
    /// An ordinary ticket.
    Standard,
    /// Of a restricted category.
    Restricted,
    /// Restricted, and hidden from who filed it: a complaint about an officer.
    HiddenFromReferrer,
}

impl Secrecy {
    /// Every secrecy.
    pub const ALL: [Self; 3] = [Self::Standard, Self::Restricted, Self::HiddenFromReferrer];

    /// What follows from a category's sensitivity, and from whether its tickets are hidden from who filed them.
    #[must_use]
    pub const fn of(sensitivity: Sensitivity, hidden_from_referrer: bool) -> Self {
        match (hidden_from_referrer, sensitivity) {
            (true, _) => Self::HiddenFromReferrer,
            (false, Sensitivity::Standard) => Self::Standard,
            (false, Sensitivity::Restricted | Sensitivity::SignpostOnly) => Self::Restricted,
        }
    }
}

/// Which tickets of one secrecy a role or a scope reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// None.
    Nothing,
    /// Those whose concern they filed.
    Filed,
    /// Those of the services that they belong to, or are limited to.
    OfTheirServices,
    /// Those within the services and categories that the program is limited to; all, when it is not limited.
    WithinLimits,
    /// All.
    Everything,
}

/// Whose reach it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    /// People with that role.
    Role(Role),
    /// Programs with that scope.
    Scope(ClientScope),
}

impl Holder {
    /// Its name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Role(role) => role.code(),
            Self::Scope(scope) => scope.code(),
        }
    }
}

/// Which tickets each role and each scope reaches: standard ones, restricted ones, and complaints about officers. Who
/// holds several reaches what any of them does.
pub const REACH: [(Holder, [Reach; 3]); 8] = {
    use Reach::{Everything, Filed, Nothing, OfTheirServices, WithinLimits};
    [
        (Holder::Role(Agent), [Everything, Filed, Nothing]),
        (Holder::Role(ServiceMember), [OfTheirServices, OfTheirServices, OfTheirServices]),
        (Holder::Role(ServiceManager), [OfTheirServices, OfTheirServices, OfTheirServices]),
        (Holder::Role(Dispatcher), [Everything, Everything, Everything]),
        (Holder::Role(Auditor), [Nothing, Nothing, Nothing]),
        (Holder::Role(Admin), [Nothing, Nothing, Nothing]),
        (Holder::Scope(ClientScope::TicketsRead), [WithinLimits, Nothing, Nothing]),
        (Holder::Scope(ClientScope::TicketsRestricted), [Nothing, OfTheirServices, OfTheirServices]),
    ]
};

/// Which tickets, of every secrecy, are counted in the figures that a role or a scope reads. Who holds several counts what
/// any of them does. Whoever does not reach every ticket reads figures as [`crate::statistics::mask`] shows them.
pub const COUNTED: [(Holder, Reach); 5] = [
    (Holder::Role(ServiceManager), Reach::OfTheirServices),
    (Holder::Role(Dispatcher), Reach::Everything),
    (Holder::Role(Auditor), Reach::Everything),
    (Holder::Role(Admin), Reach::Everything),
    (Holder::Scope(ClientScope::StatsRead), Reach::WithinLimits),
];

impl Caller {
    fn holds(&self, holder: Holder) -> bool {
        match (self, holder) {
            (Self::Person(person), Holder::Role(role)) => person.is(role),
            (Self::Client(client), Holder::Scope(scope)) => client.scopes.contains(&scope),
            (Self::Person(_), Holder::Scope(_)) | (Self::Client(_), Holder::Role(_)) => false,
        }
    }

    /// The reaches that the caller has among tickets of that secrecy; a ticket in any of them is one that they may
    /// know of.
    pub fn reaches(&self, secrecy: Secrecy) -> impl Iterator<Item = Reach> {
        REACH.into_iter().filter(|(holder, _)| self.holds(*holder)).map(move |(_, reaches)| reaches[secrecy as usize])
    }

    /// Which tickets are counted in the figures that the caller reads.
    pub fn counted(&self) -> impl Iterator<Item = Reach> {
        COUNTED.into_iter().filter(|(holder, _)| self.holds(*holder)).map(|(_, reach)| reach)
    }

    /// Whether the caller may know of every ticket, and so of every number.
    #[must_use]
    pub fn reaches_everything(&self) -> bool {
        Secrecy::ALL.into_iter().all(|secrecy| self.reaches(secrecy).any(|reach| reach == Reach::Everything))
    }

    /// The services that a person belongs to, or that a program is limited to.
    #[must_use]
    pub const fn services(&self) -> &BTreeSet<ServiceCode> {
        match self {
            Self::Person(person) => &person.services,
            Self::Client(client) => &client.services,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_replays_rules_knows_of_every_ticket() {
        // A replay is not narrowed to its reader's reach.
        let everything = |role: &Role| REACH.contains(&(Holder::Role(*role), [Reach::Everything; 3]));
        assert!(Right::ReplayRouting.roles().iter().all(everything));
        assert_eq!(Right::ReplayRouting.scopes(), []);
    }

    #[test]
    fn who_reads_figures_counts_some_tickets_and_nobody_else_does() {
        let counted = |holder| COUNTED.iter().any(|(one, _)| *one == holder);
        for role in Role::ALL {
            assert_eq!(counted(Holder::Role(role)), Right::ReadStatistics.roles().contains(&role), "{}", role.code());
        }
        for scope in ClientScope::ALL {
            assert_eq!(
                counted(Holder::Scope(*scope)),
                Right::ReadStatistics.scopes().contains(scope),
                "{}",
                scope.code()
            );
        }
    }
}
