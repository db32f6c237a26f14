//! Logging out.

use auth::LoggedIn;
use domain::audit::{Act, By};
use domain::id::{SessionId, UserId};
use store::Error;

use super::again::{AgainError, confirm_recent};
use crate::{Context, Origin};

/// Why a session is not ended.
#[derive(Debug, thiserror::Error)]
pub enum EndError {
    /// There is no such live session of theirs.
    #[error("there is no such session")]
    NotFound,
    /// They have not proved anew who they are.
    #[error(transparent)]
    Again(#[from] AgainError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Ends the session that one is in.
///
/// # Errors
/// When the database does not answer.
pub async fn end_current(cx: &Context, who: LoggedIn) -> Result<(), Error> {
    end(cx, who.user(), who.session()).await.map(drop)
}

/// Ends one of a person's sessions, from another of them: one that began a moment ago, unless it is the same. Whoever has got
/// hold of somebody's session does not shut its owner out.
///
/// # Errors
/// See [`EndError`].
pub async fn end_one(cx: &Context, who: LoggedIn, session: SessionId) -> Result<(), EndError> {
    if session != who.session() {
        confirm_recent(cx, who.user(), who.session()).await?;
    }
    if end(cx, who.user(), session).await? { Ok(()) } else { Err(EndError::NotFound) }
}

/// Ends all of a person's sessions but the one that asks, which began a moment ago.
///
/// # Errors
/// See [`EndError`].
pub async fn end_others(cx: &Context, who: LoggedIn, origin: &Origin) -> Result<(), EndError> {
    let (user, but) = (who.user(), who.session());
    confirm_recent(cx, user, but).await?;
    let now = cx.now();
    let tx = cx.store.begin().await?;
    tx.end_sessions(user, Some(but), now).await?;
    tx.audit(&origin.record(By::Person { user }, Act::SessionsEnded { user }, now));
    Ok(tx.commit().await?)
}

/// Ends one of a person's sessions. Returns whether it was live.
///
/// # Errors
/// When the database does not answer.
pub(super) async fn end(cx: &Context, user: UserId, session: SessionId) -> Result<bool, Error> {
    let tx = cx.store.begin().await?;
    let ended = tx.end_session(session, user, cx.now()).await?;
    tx.commit().await?;
    Ok(ended)
}
