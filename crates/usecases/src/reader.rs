//! Who reads tickets. Whoever has asked before is remembered, and the statement that finds the tickets asks whether they are still
//! who they were: one round trip instead of two. It finds nothing when a session has ended, or roles or services have changed; then
//! the database is asked who it is.

use std::time::Duration;

use auth::permission::ReadTickets;
use auth::token::LIFETIME;
use auth::{Credential, Grant, Presented, Principal, Recalled};
use domain::id::SessionId;
use domain::rights::{Caller, Person};
use moka::sync::Cache;
use store::Scope;

use crate::Context;

/// How many people are remembered.
const MOST: u64 = 10_000;

/// The people who have read tickets lately, by their session.
#[derive(Clone)]
pub struct Readers(Cache<SessionId, Person>);

impl Default for Readers {
    fn default() -> Self {
        let lived = Duration::from_secs(LIFETIME.num_seconds().unsigned_abs());
        Self(Cache::builder().max_capacity(MOST).time_to_live(lived).build())
    }
}

impl Readers {
    /// Who presents that, if they have read tickets lately.
    #[must_use]
    pub fn recall(&self, presented: &Presented, from: Option<&str>) -> Option<Recalled> {
        let Presented::Session { user, session } = *presented else { return None };
        let person = self.0.get(&session).filter(|person| person.user == user)?;
        Some(Recalled { person, session, from: from.map(str::to_owned) })
    }

    /// Remembers somebody whom the database was asked about just now, unless a second factor is due first.
    pub fn remember(&self, principal: &Principal) {
        match (&principal.caller, principal.credential) {
            (Caller::Person(person), Credential::Session { id, limited: false }) => self.0.insert(id, person.clone()),
            (_, Credential::Session { id, .. }) => self.forget(id),
            (_, Credential::Token { .. } | Credential::Key { .. }) => {}
        }
    }

    /// Forgets whose session has ended.
    pub fn forget(&self, session: SessionId) {
        self.0.invalidate(&session);
    }
}

/// Who reads tickets, and which ones they may know of.
#[derive(Debug, Clone)]
pub struct Reader {
    who: Grant<ReadTickets>,
    scope: Scope,
}

impl Reader {
    /// Somebody of whom the database has said what they may do.
    #[must_use]
    pub fn known(who: Grant<ReadTickets>) -> Self {
        let scope = Scope::of(who.caller());
        Self { who, scope }
    }

    /// Somebody who is remembered, and could read tickets then. Nothing is found for them unless they still can.
    #[must_use]
    pub fn recalled(cx: &Context, recalled: &Recalled) -> Option<Self> {
        let who = recalled.grant_once_found()?;
        Some(Self { who, scope: Scope::recalled(&recalled.person, recalled.session, cx.now()) })
    }

    /// Who it is.
    #[must_use]
    pub const fn who(&self) -> &Grant<ReadTickets> {
        &self.who
    }

    /// Who it is.
    #[must_use]
    pub fn into_who(self) -> Grant<ReadTickets> {
        self.who
    }

    /// Which tickets they may know of.
    pub(crate) const fn scope(&self) -> &Scope {
        &self.scope
    }
}
