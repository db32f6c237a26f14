//! Permissions: the proof that somebody has a right. Which tickets it concerns is decided later, from the ticket.

use std::fmt;

use chrono::{DateTime, Utc};
use domain::audit::{Act, By, Record};
use domain::rights::{Caller, Client, Person, Right};
use uuid::Uuid;

use crate::principal::{Credential, Principal, Recalled};

/// A right, as a type.
pub trait Permission {
    /// The right.
    const RIGHT: Right;
    /// Who can have it: people only, or programs too.
    type Holder: Holder;
}

/// Who can hold a permission.
pub trait Holder: Clone + fmt::Debug {
    /// The caller, if they are such a holder.
    fn of(caller: &Caller) -> Option<Self>;
    /// The id of the person or the program.
    fn id(&self) -> Uuid;
    /// The holder, as the audit log names them.
    fn by(&self) -> By;
}

impl Holder for Person {
    fn of(caller: &Caller) -> Option<Self> {
        match caller {
            Caller::Person(person) => Some(person.clone()),
            Caller::Client(_) => None,
        }
    }

    fn id(&self) -> Uuid {
        self.user.0
    }

    fn by(&self) -> By {
        By::Person { user: self.user }
    }
}

impl Holder for Client {
    fn of(caller: &Caller) -> Option<Self> {
        match caller {
            Caller::Person(_) => None,
            Caller::Client(client) => Some(client.clone()),
        }
    }

    fn id(&self) -> Uuid {
        self.client.0
    }

    fn by(&self) -> By {
        By::Client { client: self.client }
    }
}

impl Holder for Caller {
    fn of(caller: &Caller) -> Option<Self> {
        Some(caller.clone())
    }

    fn id(&self) -> Uuid {
        match self {
            Self::Person(person) => person.user.0,
            Self::Client(client) => client.client.0,
        }
    }

    fn by(&self) -> By {
        match self {
            Self::Person(person) => person.by(),
            Self::Client(client) => By::Client { client: client.client },
        }
    }
}

macro_rules! permissions {
    ($($name:ident for $holder:ident;)*) => {$(
        #[doc = concat!("[`Right::", stringify!($name), "`].")]
        #[derive(Debug, Clone, Copy)]
        pub enum $name {}

        impl Permission for $name {
            const RIGHT: Right = Right::$name;
            type Holder = $holder;
        }
    )*};
}

permissions! {
    HoldCafes for Person;
    ReadCity for Caller;
    ReadRouting for Person;
    ReplayRouting for Person;
    ManageRouting for Person;
    ReadCafes for Caller;
    PublishSheets for Person;
    ReadHotspots for Person;
    FileConcerns for Caller;
    ReadTickets for Caller;
    ChangeTickets for Caller;
    ReadStatistics for Caller;
    SaveFilters for Person;
    FollowEvents for Client;
    HandInMail for Caller;
    UseOpen311 for Caller;
    SettleMail for Person;
    ManagePersonalData for Person;
    PreviewLetters for Person;
    ReadAudit for Person;
    ReadUsers for Person;
    ManageUsers for Person;
    ReadClients for Person;
    ManageClients for Person;
}

/// The proof that somebody has the right `P`. Only [`Principal::grant`] makes one, and [`Asking::once_found`].
#[derive(Debug, Clone)]
pub struct Grant<P: Permission> {
    holder: P::Holder,
    from: Option<String>,
}

impl<P: Permission> Grant<P> {
    fn of(caller: &Caller, from: Option<String>) -> Result<Self, Forbidden> {
        let holder = P::Holder::of(caller).filter(|_| caller.has(P::RIGHT));
        Ok(Self { holder: holder.ok_or(Forbidden::Right(P::RIGHT))?, from })
    }

    /// Who has it.
    pub const fn holder(&self) -> &P::Holder {
        &self.holder
    }

    /// What the audit log keeps of an act of theirs.
    pub fn record(&self, act: Act, at: DateTime<Utc>) -> Record {
        Record { at, by: self.holder.by(), from: self.from.clone(), act, why: None }
    }
}

impl<P: Permission<Holder = Caller>> Grant<P> {
    /// Who has it.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.holder
    }
}

impl<P: Permission<Holder = Person>> Grant<P> {
    /// Who has it.
    #[must_use]
    pub const fn person(&self) -> &Person {
        &self.holder
    }
}

/// Why something was not granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// The right is missing.
    #[error("the right {} is missing", .0.code())]
    Right(Right),
    /// The person has a role that requires a second factor, and has none yet.
    #[error("a second factor has to be set up first")]
    SecondFactor,
}

impl Principal {
    /// The proof that this principal has the right `P`.
    ///
    /// # Errors
    /// [`Forbidden`] when none of their roles or scopes gives it, or when a second factor is due first.
    pub fn grant<P: Permission>(&self) -> Result<Grant<P>, Forbidden> {
        if matches!(self.credential, Credential::Session { limited: true, .. }) {
            return Err(Forbidden::SecondFactor);
        }
        Grant::of(&self.caller, self.from.clone())
    }
}

/// Somebody who asks for what the right `P` is for: they have it; or are recalled, from a cache, and had it. A cached caller's
/// rights are re-checked by the same statement that finds what they ask for; if they changed, it returns `Unrecognised`.
#[derive(Debug, Clone)]
pub struct Asking<P: Permission> {
    grant: Grant<P>,
    recalled: Option<Recalled>,
}

impl<P: Permission> From<Grant<P>> for Asking<P> {
    fn from(grant: Grant<P>) -> Self {
        Self { grant, recalled: None }
    }
}

impl<P: Permission> Asking<P> {
    /// Who is recalled.
    ///
    /// # Errors
    /// [`Forbidden`] when they did not have the right.
    pub fn recalled(recalled: Recalled) -> Result<Self, Forbidden> {
        let grant = Grant::of(&recalled.who.caller(), recalled.from.clone())?;
        Ok(Self { grant, recalled: Some(recalled) })
    }

    /// Who it is.
    pub const fn holder(&self) -> &P::Holder {
        self.grant.holder()
    }

    /// As whom they are recalled, unless they are known.
    pub const fn as_recalled(&self) -> Option<&Recalled> {
        self.recalled.as_ref()
    }

    /// What proves the right. Of who is recalled, it proves nothing before something was found for them.
    #[must_use]
    pub fn once_found(self) -> Grant<P> {
        self.grant
    }
}
