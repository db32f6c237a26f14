//! Concerns: what one resident said, once.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{ClientId, UserId};
use crate::language::Language;
use crate::ticket::State;

/// Who filed a concern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Referrer {
    /// An officer.
    Person(UserId),
    /// A program that uses the API.
    Client(ClientId),
}

impl Referrer {
    /// The officer, if it was one.
    #[must_use]
    pub const fn person(self) -> Option<UserId> {
        match self {
            Self::Person(user) => Some(user),
            Self::Client(_) => None,
        }
    }

    /// The program, if it was one.
    #[must_use]
    pub const fn client(self) -> Option<ClientId> {
        match self {
            Self::Person(_) => None,
            Self::Client(client) => Some(client),
        }
    }
}

/// What a resident is told of their concern as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// It was filed: the acknowledgement of receipt (CRPA L112-3, R112-5).
    Received,
    /// Their link was replaced by another.
    LinkRenewed,
    /// They want mails again, and something happened while they did not: how it stands.
    Resumed,
}

impl News {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Received, Self::LinkRenewed, Self::Resumed];

    /// The name in the database and of the template.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::LinkRenewed => "link_renewed",
            Self::Resumed => "resumed",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|news| news.code() == code)
    }
}

/// Where the concern was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// At a café; the café is named.
    Cafe,
    /// By a patrol.
    Patrol,
    /// At the town hall's desk.
    TownHallDesk,
    /// By telephone.
    Phone,
    /// By e-mail.
    Email,
    /// From a partner outside the town hall.
    Partner,
    /// Through Open311.
    Open311,
}

impl Origin {
    /// Every origin.
    pub const ALL: [Self; 7] =
        [Self::Cafe, Self::Patrol, Self::TownHallDesk, Self::Phone, Self::Email, Self::Partner, Self::Open311];

    /// The name in the API and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Cafe => "cafe",
            Self::Patrol => "patrol",
            Self::TownHallDesk => "town_hall_desk",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Partner => "partner",
            Self::Open311 => "open311",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn label(self, language: Language) -> &'static str {
        language.pick(match self {
            Self::Cafe => ("café", "café"),
            Self::Patrol => ("patrouille", "patrol"),
            Self::TownHallDesk => ("guichet de la mairie", "town hall desk"),
            Self::Phone => ("téléphone", "telephone"),
            Self::Email => ("courriel", "e-mail"),
            Self::Partner => ("partenaire", "partner"),
            Self::Open311 => ("Open311", "Open311"),
        })
    }

    /// The origin of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.code() == code)
    }
}

/// What became of the concern when it was filed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// At least one ticket was opened.
    Referred,
    /// The officer answered; the answer is recorded.
    AnsweredOnTheSpot,
    /// An emergency or a crime: the resident was given the numbers to call, nothing else is stored.
    Signposted,
}

impl Outcome {
    /// The name in the API and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Referred => "referred",
            Self::AnsweredOnTheSpot => "answered_on_the_spot",
            Self::Signposted => "signposted",
        }
    }

    /// The outcome of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Referred, Self::AnsweredOnTheSpot, Self::Signposted].into_iter().find(|o| o.code() == code)
    }
}

/// How far a concern is, as its tickets say. It is never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ConcernStatus)]
pub enum Status {
    /// At least one ticket still needs somebody to act.
    Open,
    /// Nothing is left to do, and at least one ticket awaits its closing.
    Resolved,
    /// Every ticket is closed or cancelled; or there never was one.
    Closed,
}

impl Status {
    /// The status of a concern with tickets in these states. A concern without tickets (answered on the spot,
    /// signposted) is closed.
    #[must_use]
    pub fn of(tickets: impl IntoIterator<Item = State>) -> Self {
        let mut status = Self::Closed;
        for state in tickets {
            match state {
                State::Submitted
                | State::Acknowledged
                | State::Scheduled
                | State::InProgress
                | State::OnHold
                | State::Refused => return Self::Open,
                State::Resolved => status = Self::Resolved,
                State::Closed | State::Cancelled => {}
            }
        }
        status
    }
}

#[cfg(test)]
mod tests {
    use super::{State, Status};

    #[test]
    fn the_status_follows_the_tickets() {
        assert_eq!(Status::of([]), Status::Closed);
        assert_eq!(Status::of([State::Closed, State::Cancelled]), Status::Closed);
        assert_eq!(Status::of([State::Closed, State::Resolved]), Status::Resolved);
        assert_eq!(Status::of([State::Resolved, State::Refused]), Status::Open);
    }
}
