//! Somebody else's sessions.

use auth::Grant;
use auth::permission::ManageUsers;
use domain::audit::Act;
use domain::id::UserId;
use store::Error;
use store::session::Listed;

use crate::Context;

/// The live sessions of somebody; none when there is no such account.
///
/// # Errors
/// When the database does not answer.
pub async fn sessions(cx: &Context, _who: &Grant<ManageUsers>, user: UserId) -> Result<Option<Vec<Listed>>, Error> {
    match cx.store.user(user).await? {
        Some(_) => cx.store.sessions(user, cx.now()).await.map(Some),
        None => Ok(None),
    }
}

/// Ends every session of somebody. Returns whether there is such an account.
///
/// # Errors
/// When the database does not answer.
pub async fn end_sessions(cx: &Context, who: &Grant<ManageUsers>, user: UserId) -> Result<bool, Error> {
    let tx = cx.store.begin().await?;
    if tx.lock_user(user).await?.is_none() {
        return Ok(false);
    }
    tx.end_sessions(user, None, cx.now()).await?;
    tx.audit(&who.record(Act::SessionsEnded { user }, cx.now()));
    tx.commit().await?;
    Ok(true)
}
