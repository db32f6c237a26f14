//! Inviting somebody: they get a link by which they choose their password.

use std::collections::BTreeSet;

use auth::Grant;
use auth::permission::ManageUsers;
use domain::account::Purpose;
use domain::audit::{Act, By, Record};
use domain::email::EmailAddress;
use domain::id::{ServiceCode, UserId};
use domain::language::Language;
use domain::person::Role;
use domain::rights::Person;
use domain::text::PersonName;
use store::user::User;
use store::{Error, Tx};

use super::{Fault, faults};
use crate::once::{Done, KeyReused, Once};
use crate::password::send_link;
use crate::{Context, NoCity, of};

/// Invite somebody.
#[derive(Debug, Clone)]
pub struct Invite {
    /// Where they are written to, and what they will log in with.
    pub email: EmailAddress,
    /// Their name.
    pub name: PersonName,
    /// The language in which they are written to.
    pub language: Language,
    /// What they may do.
    pub roles: BTreeSet<Role>,
    /// Where they work.
    pub services: BTreeSet<ServiceCode>,
}

/// Why somebody is not invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// Something is wrong with the account: every fault at once.
    #[error("the account cannot be made: {0:?}")]
    Invalid(Vec<Fault>),
    /// There is an account with that address.
    #[error("there is an account with that address already")]
    Taken,
    /// There is no such account, or it is disabled.
    #[error("there is no such account")]
    NotFound,
    /// They have chosen a password, or linked an identity, already.
    #[error("the invitation was accepted already")]
    Accepted,
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(Error),
}

impl From<Error> for InviteError {
    fn from(error: Error) -> Self {
        if error.constraint() == Some("user_account_email_key") { Self::Taken } else { Self::Store(error) }
    }
}

/// Invites somebody.
///
/// # Errors
/// See [`InviteError`].
pub async fn invite(
    cx: &Context,
    who: &Grant<ManageUsers>,
    cmd: Invite,
    once: Once<'_, User>,
) -> Result<Done<User>, InviteError> {
    let user = account(cx, cmd)?;
    let record = who.record(invited(&user), cx.now());
    let done = once.run(cx, async |tx| add(cx, tx, user, &record).await).await?;
    cx.wake.notify_one();
    Ok(done)
}

/// Invites somebody from the command line: the first administrator is invited by nobody else.
///
/// # Errors
/// See [`InviteError`].
pub async fn invite_by_operator(cx: &Context, cmd: Invite) -> Result<User, InviteError> {
    let user = account(cx, cmd)?;
    let record = Record { at: cx.now(), by: By::Operator, from: None, act: invited(&user), why: None };
    let tx = cx.store.begin().await?;
    let user = add(cx, &tx, user, &record).await?;
    tx.commit().await?;
    Ok(user)
}

/// Sends the invitation again: the earlier link can no longer be used.
///
/// # Errors
/// See [`InviteError`].
pub async fn invite_again(cx: &Context, who: &Grant<ManageUsers>, user: UserId) -> Result<(), InviteError> {
    let tx = cx.store.begin().await?;
    let user = tx.lock_user(user).await?.filter(|user| user.active).ok_or(InviteError::NotFound)?;
    if user.has_accepted() {
        return Err(InviteError::Accepted);
    }
    tx.spend_links(user.person.user, cx.now()).await?;
    send_link(cx, &tx, &user, Purpose::Invitation).await?;
    tx.audit(&who.record(invited(&user), cx.now()));
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(())
}

fn account(cx: &Context, cmd: Invite) -> Result<User, InviteError> {
    let loaded = cx.city()?;
    let faults = faults(&cmd.roles, &cmd.services, |service| of(&loaded).service(service).is_some());
    if !faults.is_empty() {
        return Err(InviteError::Invalid(faults));
    }
    Ok(User {
        person: Person { user: UserId(cx.ids.next()), roles: cmd.roles, services: cmd.services },
        email: cmd.email.into(),
        name: cmd.name.into(),
        language: cmd.language,
        active: true,
        password_hash: None,
        linked: false,
        second_factor: false,
        version: 1,
        created_at: cx.now(),
    })
}

async fn add(cx: &Context, tx: &Tx, user: User, record: &Record) -> Result<User, InviteError> {
    tx.add_user(&user).await?;
    send_link(cx, tx, &user, Purpose::Invitation).await?;
    tx.audit(record);
    Ok(user)
}

fn invited(user: &User) -> Act {
    let Person { user, roles, services } = &user.person;
    Act::UserInvited {
        user: *user,
        roles: roles.iter().copied().collect(),
        services: services.iter().cloned().collect(),
    }
}
