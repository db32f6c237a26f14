//! Getting a new access token for a refresh token, which is spent by it.

use auth::refresh::RefreshToken;
use store::session::Refreshed;

use super::{Held, LIFETIME};
use crate::Context;

/// Why a refresh token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// There is no such token, it was spent, its session has ended, or the account is no longer in use.
    #[error("the refresh token is not valid")]
    Invalid,
    /// The token could not be signed.
    #[error(transparent)]
    Key(#[from] auth::token::KeyError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Spends a refresh token for an access token and the next refresh token. A token that was spent before ends its
/// session: one of the two that hold it has stolen it.
///
/// # Errors
/// See [`RefreshError`].
pub async fn refresh(cx: &Context, presented: &str) -> Result<Held, RefreshError> {
    let next = RefreshToken::generate();
    let now = cx.now();
    let refreshed = cx
        .store
        .refresh_session(&RefreshToken::digest(presented), &RefreshToken::digest(next.as_str()), now, now + LIFETIME)
        .await?;
    let (session, user) = match refreshed {
        Refreshed::Renewed { session, user } => (session, user),
        Refreshed::Reused => {
            tracing::warn!("a spent refresh token was presented; its session has ended");
            return Err(RefreshError::Invalid);
        }
        Refreshed::Unknown => return Err(RefreshError::Invalid),
    };
    let user = cx.store.user(user).await?.ok_or(RefreshError::Invalid)?;
    let access_token = cx.tokens.sign(&user.person, session, now)?;
    Ok(Held { access_token, refresh_token: next.as_str().to_owned() })
}
