//! Who is asking, once their token was verified and is known not to be revoked.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::id::{ClientId, ClientSecretId, SessionId, UserId};
use domain::rights::{Caller, ClientScope, Remembered};
use uuid::Uuid;

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The person or the program, with what they may do at this moment.
    pub caller: Caller,
    /// By what they were recognised.
    pub credential: Credential,
    /// The address that the request came from.
    pub from: Option<String>,
}

/// By what a caller was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// The access token of a session.
    Session {
        /// The session.
        id: SessionId,
        /// A second factor has to be set up before anything else.
        limited: bool,
    },
    /// The access token of a program.
    Token {
        /// The token's id (`jti`).
        id: Uuid,
    },
    /// A key of a program.
    Key {
        /// Which.
        id: ClientSecretId,
    },
}

/// A person in a session of theirs, who asks for what is their own, be it that they have to set up a second factor first. Only a
/// [`Principal`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoggedIn {
    user: UserId,
    session: SessionId,
}

impl LoggedIn {
    /// Who.
    #[must_use]
    pub const fn user(self) -> UserId {
        self.user
    }

    /// The session.
    #[must_use]
    pub const fn session(self) -> SessionId {
        self.session
    }
}

impl Principal {
    /// The person, if it is one.
    #[must_use]
    pub const fn logged_in(&self) -> Option<LoggedIn> {
        match (&self.caller, self.credential) {
            (Caller::Person(person), Credential::Session { id, .. }) => {
                Some(LoggedIn { user: person.user, session: id })
            }
            (Caller::Person(_) | Caller::Client(_), _) => None,
        }
    }
}

/// Somebody who asked before in the same session, or with the same token, as they were then. What they may do may have changed since.
#[derive(Debug, Clone)]
pub struct Recalled {
    /// The person or the program, as they were.
    pub who: Remembered,
    /// The address that the request came from.
    pub from: Option<String>,
}

impl Recalled {
    /// What they present.
    #[must_use]
    pub fn presented(&self) -> Presented {
        match &self.who {
            Remembered::Person { person, session } => Presented::Session { user: person.user, session: *session },
            Remembered::Client { client, token, asked, issued_at } => {
                Presented::Client { client: client.client, token: *token, scopes: asked.clone(), issued_at: *issued_at }
            }
        }
    }
}

/// What an access token says, as far as its signature can vouch for it. Whether it still holds, the database knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    /// A person in a session.
    Session {
        /// Who.
        user: UserId,
        /// The session.
        session: SessionId,
    },
    /// A program.
    Client {
        /// Which.
        client: ClientId,
        /// The token's id (`jti`).
        token: Uuid,
        /// What it asked to be allowed, within what it may do.
        scopes: BTreeSet<ClientScope>,
        /// When it was issued.
        issued_at: DateTime<Utc>,
    },
}

/// An access token that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What it says.
    pub presented: Presented,
    /// When it was signed.
    pub issued_at: DateTime<Utc>,
    /// When its time is over.
    pub expires_at: DateTime<Utc>,
}
