//! Accounts.

mod change;
mod invite;
mod read;
mod sessions;

pub use change::{Change, ChangeError, change};
pub use invite::{Invite, InviteError, invite, invite_again, invite_by_operator};
pub use read::{list, read};
pub use sessions::{end_sessions, sessions};
pub use store::user::{After, Filter, User};

use std::collections::BTreeSet;

use chrono::Duration;
use domain::id::ServiceCode;
use domain::person::Role;

/// How long an invitation lives.
pub(crate) const INVITATION: Duration = Duration::days(7);

/// What is wrong with an account as it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It has no role.
    NoRole,
    /// A role in a service goes with at least one service.
    NoService,
    /// Somebody without a role in a service belongs to none.
    ServiceNotExpected,
    /// There is no such service.
    UnknownService(ServiceCode),
    /// Nobody would be left who can invite others, because of that field.
    LastAdmin(&'static str),
}

/// What is wrong with these roles and services, but for services that the city does not have.
fn faults(
    roles: &BTreeSet<Role>,
    services: &BTreeSet<ServiceCode>,
    known: impl Fn(&ServiceCode) -> bool,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    if roles.is_empty() {
        faults.push(Fault::NoRole);
    }
    match (roles.iter().any(|role| role.is_in_a_service()), services.is_empty()) {
        (true, true) => faults.push(Fault::NoService),
        (false, false) => faults.push(Fault::ServiceNotExpected),
        (true, false) | (false, true) => {}
    }
    faults.extend(services.iter().filter(|service| !known(service)).cloned().map(Fault::UnknownService));
    faults
}
