//! Changing an account: it takes effect with the person's next request, on every instance.

use std::collections::BTreeSet;

use auth::Grant;
use auth::permission::ManageUsers;
use domain::audit::Act;
use domain::id::{ServiceCode, UserId};
use domain::language::Language;
use domain::person::Role;
use domain::rights::Person;
use domain::text::PersonName;
use store::user::User;
use store::{Error, Tx};

use super::{Fault, faults};
use crate::{Context, NoCity, of, put};

/// Change an account: what is given.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Their name.
    pub name: Option<PersonName>,
    /// The language in which they are written to.
    pub language: Option<Language>,
    /// What they may do.
    pub roles: Option<BTreeSet<Role>>,
    /// Where they work.
    pub services: Option<BTreeSet<ServiceCode>>,
    /// Whether they can do anything at all.
    pub active: Option<bool>,
}

/// Why an account is not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// The account has changed since the caller saw it.
    #[error("the account has changed; it is at version {0} now")]
    Stale(i64),
    /// Something is wrong with what it shall be: every fault at once.
    #[error("the account cannot be changed: {0:?}")]
    Invalid(Vec<Fault>),
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Changes an account that the caller has seen in one of these versions. Who is disabled is logged out everywhere.
///
/// # Errors
/// See [`ChangeError`].
pub async fn change(
    cx: &Context,
    who: &Grant<ManageUsers>,
    id: UserId,
    seen: &[i64],
    cmd: Change,
) -> Result<User, ChangeError> {
    let loaded = cx.city()?;
    let tx = cx.store.begin().await?;
    let before = tx.lock_user(id).await?.ok_or(ChangeError::NotFound)?;
    if !seen.contains(&before.version) {
        return Err(ChangeError::Stale(before.version));
    }
    let mut after = before.clone();
    let changed = apply(&mut after, cmd);
    if changed.is_empty() {
        return Ok(before);
    }
    let mut wrong =
        faults(&after.person.roles, &after.person.services, |service| of(&loaded).service(service).is_some());
    let steps_down = |user: &User| user.active && user.person.is(Role::Admin);
    if steps_down(&before) && !steps_down(&after) && !tx.others_have(Role::Admin, id).await? {
        let closed = (!after.active).then_some("active");
        let demoted = (!after.person.is(Role::Admin)).then_some("roles");
        wrong.extend(closed.into_iter().chain(demoted).map(Fault::LastAdmin));
    }
    if !wrong.is_empty() {
        return Err(ChangeError::Invalid(wrong));
    }
    after.version += 1;
    tx.save_user(&after).await?;
    if !after.active {
        tx.end_sessions(id, None, cx.now()).await?;
        tx.spend_links(id, cx.now()).await?;
    }
    record(cx, who, &tx, &changed, &after);
    tx.commit().await?;
    Ok(after)
}

fn record(cx: &Context, who: &Grant<ManageUsers>, tx: &Tx, changed: &[&str], after: &User) {
    let Person { user, roles, services } = &after.person;
    let user = *user;
    let others: Vec<String> = changed.iter().filter(|field| **field != "active").map(ToString::to_string).collect();
    if !others.is_empty() {
        let has = |field| changed.contains(&field);
        let roles = has("roles").then(|| roles.iter().copied().collect());
        let services = has("services").then(|| services.iter().cloned().collect());
        tx.audit(&who.record(Act::UserChanged { user, changed: others, roles, services }, cx.now()));
    }
    if changed.contains(&"active") {
        let act = if after.active { Act::UserEnabled { user } } else { Act::UserDisabled { user } };
        tx.audit(&who.record(act, cx.now()));
    }
}

/// Applies what is given; returns the fields that differ by it.
fn apply(user: &mut User, cmd: Change) -> Vec<&'static str> {
    let Change { name, language, roles, services, active } = cmd;
    let put = [
        ("name", put(&mut user.name, name.map(String::from))),
        ("language", put(&mut user.language, language)),
        ("roles", put(&mut user.person.roles, roles)),
        ("services", put(&mut user.person.services, services)),
        ("active", put(&mut user.active, active)),
    ];
    put.into_iter().filter(|(_, changed)| *changed).map(|(field, _)| field).collect()
}
