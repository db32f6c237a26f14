//! Asking again who somebody is, before what would shut an account's owner out: whoever has an access token of theirs has not
//! proved to be them.

use chrono::Duration;
use domain::id::{SessionId, UserId};
use secrecy::SecretString;
use store::Error;
use store::user::User;

use crate::Context;
use crate::password::{PasswordError, confirm as confirm_password};

/// How long ago a login may be that still proves who asks.
const RECENT: Duration = Duration::minutes(10);

/// Why somebody has not proved anew who they are.
#[derive(Debug, thiserror::Error)]
pub enum AgainError {
    /// The password is wrong, or was tried too often.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// They logged in too long ago.
    #[error("the login is too long ago")]
    LongAgo,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Asks for the account's password; where it has none, for a login of a moment ago.
pub(crate) async fn confirm(
    cx: &Context,
    user: &User,
    session: SessionId,
    password: &SecretString,
) -> Result<(), AgainError> {
    if user.password_hash.is_some() {
        return Ok(confirm_password(cx, user, password).await?);
    }
    confirm_recent(cx, user.person.user, session).await
}

/// Asks for a login of a moment ago, with all that a login asks for.
pub(crate) async fn confirm_recent(cx: &Context, user: UserId, session: SessionId) -> Result<(), AgainError> {
    let began = cx.store.session_began(session, user).await?;
    match began {
        Some(began) if cx.now() - began <= RECENT => Ok(()),
        Some(_) | None => Err(AgainError::LongAgo),
    }
}
