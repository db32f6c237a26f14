//! Logging out.

use domain::id::{SessionId, UserId};
use store::Error;

use crate::Context;

/// Ends the session that one is in.
///
/// # Errors
/// When the database does not answer.
pub async fn end_current(cx: &Context, user: UserId, session: SessionId) -> Result<(), Error> {
    end(cx, user, session).await.map(drop)
}

/// Ends one of a person's sessions. Returns whether it was live.
///
/// # Errors
/// When the database does not answer.
pub async fn end(cx: &Context, user: UserId, session: SessionId) -> Result<bool, Error> {
    let tx = cx.store.begin().await?;
    let ended = tx.end_session(session, user, cx.now()).await?;
    tx.commit().await?;
    Ok(ended)
}
