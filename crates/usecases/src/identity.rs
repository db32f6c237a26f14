//! The identities with which people sign in: listed and taken away. They are linked in [`crate::session::linking`].

use auth::permission::ManageUsers;
use auth::{Grant, LoggedIn};
use domain::account::{Affair, Method};
use domain::audit::{Act, By, Record};
use domain::id::{IdentityId, MessageId, UserId};
use domain::person::Role;
use secrecy::SecretString;
use store::outbox::Message;
use store::user::User;
use store::{Error, Tx};

pub use store::identity::Linked;

use crate::session::{AgainError, confirm};
use crate::{Context, Origin};

/// Why an identity is not taken away.
#[derive(Debug, thiserror::Error)]
pub enum UnlinkError {
    /// There is no such account, or it has no such identity.
    #[error("there is no such identity")]
    NotFound,
    /// Nothing else lets its owner in; or no administrator would be left who can log in.
    #[error("it is the only way in")]
    OnlyWayIn,
    /// They have not proved anew who they are.
    #[error(transparent)]
    Again(#[from] AgainError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// One's own identities.
///
/// # Errors
/// When the database does not answer.
pub async fn list(cx: &Context, who: LoggedIn) -> Result<Vec<Linked>, Error> {
    cx.store.identities(who.user()).await
}

/// The identities of somebody; none when there is no such account.
///
/// # Errors
/// When the database does not answer.
pub async fn list_of(cx: &Context, _who: &Grant<ManageUsers>, user: UserId) -> Result<Option<Vec<Linked>>, Error> {
    match cx.store.user(user).await? {
        Some(_) => cx.store.identities(user).await.map(Some),
        None => Ok(None),
    }
}

/// Takes one of a person's own identities away, unless it is all that lets them in. `password` is the account's, if it has
/// one; otherwise the session began a moment ago.
///
/// # Errors
/// See [`UnlinkError`].
pub async fn unlink(
    cx: &Context,
    who: LoggedIn,
    id: IdentityId,
    password: &SecretString,
    from: &Origin,
) -> Result<(), UnlinkError> {
    let user = who.user();
    let account = cx.store.user(user).await?.ok_or(UnlinkError::NotFound)?;
    confirm(cx, &account, who.session(), password).await?;
    let tx = cx.store.begin().await?;
    let (after, issuer) = take_away(&tx, user, id).await?;
    if !after.has_accepted() {
        return Err(UnlinkError::OnlyWayIn);
    }
    finish(cx, tx, user, id, issuer, |act| from.record(By::Person { user }, act, cx.now())).await
}

/// Takes one of somebody's identities away, also the only one: it may be another person's, who must be kept out. They are
/// invited again, as those are who have not accepted yet; somebody who can do so is left.
///
/// # Errors
/// See [`UnlinkError`].
pub async fn unlink_of(
    cx: &Context,
    who: &Grant<ManageUsers>,
    user: UserId,
    id: IdentityId,
) -> Result<(), UnlinkError> {
    let tx = cx.store.begin().await?;
    let (after, issuer) = take_away(&tx, user, id).await?;
    let shut_out = after.active && after.person.is(Role::Admin) && !after.has_accepted();
    if shut_out && !tx.others_have(Role::Admin, user).await? {
        return Err(UnlinkError::OnlyWayIn);
    }
    finish(cx, tx, user, id, issuer, |act| who.record(act, cx.now())).await
}

/// The account as it is without the identity, and the identity's issuer.
async fn take_away(tx: &Tx, user: UserId, id: IdentityId) -> Result<(User, String), UnlinkError> {
    tx.lock_user(user).await?.ok_or(UnlinkError::NotFound)?;
    let issuer = tx.unlink_identity(user, id).await?.ok_or(UnlinkError::NotFound)?;
    let after = tx.lock_user(user).await?.ok_or(UnlinkError::NotFound)?;
    Ok((after, issuer))
}

/// Whoever came in by it is out, also by the codes that it was answered with ([`crate::session::sign_in::redeem`]). Which
/// session was begun by which identity is not kept: all that were begun by one end.
async fn finish(
    cx: &Context,
    tx: Tx,
    user: UserId,
    identity: IdentityId,
    issuer: String,
    record: impl FnOnce(Act) -> Record,
) -> Result<(), UnlinkError> {
    let now = cx.now();
    tx.end_sessions_begun_by(Method::Oidc, user, now).await?;
    tx.audit(&record(Act::IdentityUnlinked { user, identity, issuer: issuer.clone() }));
    let affair = Affair::IdentityChanged { issuer, linked: false };
    tx.append_message(&Message::to_person(user, MessageId(cx.ids.next()), affair), now).await?;
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(())
}
