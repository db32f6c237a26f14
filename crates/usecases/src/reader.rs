//! Who reads tickets, or follows events. Whoever has asked before is remembered, and the statement that finds what they ask for asks
//! whether they are still who they were: one round trip instead of two. It finds nothing when a session has ended, a token was
//! revoked, or what they may do has changed; then the database is asked who it is.

use std::time::Duration;

use auth::permission::ReadTickets;
use auth::token::LIFETIME;
use auth::{Asking, Credential, Grant, Presented, Principal, Recalled};
use domain::rights::{Caller, Remembered};
use moka::sync::Cache;
use store::Scope;
use uuid::Uuid;

use crate::Context;

/// How many are remembered.
const MOST: u64 = 10_000;

/// Those who have read lately, by their session or their token.
#[derive(Clone)]
pub struct Readers(Cache<Uuid, Caller>);

impl Default for Readers {
    fn default() -> Self {
        let lived = Duration::from_secs(LIFETIME.num_seconds().unsigned_abs());
        Self(Cache::builder().max_capacity(MOST).time_to_live(lived).build())
    }
}

impl Readers {
    /// Who presents that, if they have read lately.
    #[must_use]
    pub fn recall(&self, presented: &Presented, from: Option<&str>) -> Option<Recalled> {
        let who = match (self.0.get(&by(presented))?, presented) {
            (Caller::Person(person), Presented::Session { user, session }) if person.user == *user => {
                Remembered::Person { person, session: *session }
            }
            (Caller::Client(program), Presented::Client { client, token, scopes, issued_at })
                if program.client == *client =>
            {
                Remembered::Client { client: program, token: *token, asked: scopes.clone(), issued_at: *issued_at }
            }
            (Caller::Person(_) | Caller::Client(_), _) => return None,
        };
        Some(Recalled { who, from: from.map(str::to_owned) })
    }

    /// Remembers somebody whom the database was asked about just now, unless a second factor is due first.
    pub fn remember(&self, principal: &Principal) {
        match principal.credential {
            Credential::Session { id, limited: true } => self.0.invalidate(&id.0),
            Credential::Session { id, limited: false } => self.0.insert(id.0, principal.caller.clone()),
            Credential::Token { id } => self.0.insert(id, principal.caller.clone()),
            Credential::Key { .. } => {}
        }
    }

    /// Forgets whose session has ended, or whose token no longer holds.
    pub fn forget(&self, presented: &Presented) {
        self.0.invalidate(&by(presented));
    }
}

/// What somebody is remembered by.
fn by(presented: &Presented) -> Uuid {
    match presented {
        Presented::Session { session, .. } => session.0,
        Presented::Client { token, .. } => *token,
    }
}

/// Somebody who reads tickets, and which ones they may know of.
#[derive(Debug, Clone)]
pub struct Reader {
    who: Grant<ReadTickets>,
    scope: Scope,
}

impl Reader {
    /// Somebody of whom the database has said what they may do; or who is remembered, and could read tickets then: nothing is found
    /// for them unless they still can.
    #[must_use]
    pub fn new(cx: &Context, asking: &Asking<ReadTickets>) -> Self {
        let scope = match asking.as_recalled() {
            Some(recalled) => Scope::recalled(&recalled.who, cx.now()),
            None => Scope::of(asking.holder()),
        };
        Self { who: asking.clone().once_found(), scope }
    }

    /// Who it is.
    #[must_use]
    pub const fn who(&self) -> &Grant<ReadTickets> {
        &self.who
    }

    /// Which tickets they may know of.
    pub(crate) const fn scope(&self) -> &Scope {
        &self.scope
    }
}
