//! Permissions: what a role may do at all. Which tickets it concerns is decided later, from the ticket.

use std::marker::PhantomData;

use domain::person::Role;
use domain::ticket::rights::Person;

use crate::token::Principal;

/// A thing that one may be allowed to do.
pub trait Permission {
    /// Its name, which a refusal tells.
    const NAME: &'static str;
    /// The roles that may.
    const ROLES: &'static [Role];
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $code:literal: $($role:ident),+;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub enum $name {}

        impl Permission for $name {
            const NAME: &'static str = $code;
            const ROLES: &'static [Role] = &[$(Role::$role),+];
        }
    )*};
}

permissions! {
    /// Plan cafés and say that they are held.
    HoldCafes = "hold_cafes": Agent, Dispatcher;
    /// Read the list of cafés.
    ReadCafes = "read_cafes": Agent, ServiceMember, Dispatcher;
    /// File concerns.
    FileConcerns = "file_concerns": Agent, Dispatcher;
    /// Read concerns and tickets, each within their own reach.
    ReadTickets = "read_tickets": Agent, ServiceMember, Dispatcher;
    /// Act on tickets, each within their own part.
    ChangeTickets = "change_tickets": Agent, ServiceMember, Dispatcher;
}

/// The proof that somebody may do `P`. Only [`Principal::grant`] makes one.
#[derive(Debug, Clone)]
pub struct Grant<P> {
    person: Person,
    permission: PhantomData<fn() -> P>,
}

impl<P> Grant<P> {
    /// Who it was granted to.
    #[must_use]
    pub const fn person(&self) -> &Person {
        &self.person
    }
}

/// Why something was not granted: the name of the permission that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the permission {0} is missing")]
pub struct Forbidden(pub &'static str);

impl Principal {
    /// The proof that this principal may do `P`.
    ///
    /// # Errors
    /// [`Forbidden`] when none of the principal's roles may.
    pub fn grant<P: Permission>(&self) -> Result<Grant<P>, Forbidden> {
        if P::ROLES.iter().any(|role| self.person.is(*role)) {
            Ok(Grant { person: self.person.clone(), permission: PhantomData })
        } else {
            Err(Forbidden(P::NAME))
        }
    }
}
