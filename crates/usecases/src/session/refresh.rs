//! Getting a new access token for a refresh token, which is spent by it.

use auth::secret::{self, Secret};
use domain::account::Affair;
use domain::audit::{Act, By};
use domain::id::MessageId;
use store::outbox::Message;
use store::session::Refreshed;

use super::{Held, LIFETIME, SessionError};
use crate::{Context, Origin};

/// Why a refresh token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// There is no such token, it was spent, its session has ended, or the account is no longer in use.
    #[error("the refresh token is not valid")]
    Invalid,
    /// The session cannot go on.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl From<store::Error> for RefreshError {
    fn from(error: store::Error) -> Self {
        Self::Session(error.into())
    }
}

/// Spends a refresh token for an access token and the next refresh token. A token that was spent before ends its
/// session, with every token that came of it: one of the two that hold it has stolen it. The owner is told.
///
/// # Errors
/// See [`RefreshError`].
pub async fn refresh(cx: &Context, presented: &str, from: &Origin) -> Result<Held, RefreshError> {
    let next = Secret::generate("crt_");
    let now = cx.now();
    let (presented, address) = (secret::digest(presented), from.address.as_deref());
    let tx = cx.store.begin().await?;
    match tx.refresh_session(&presented, &next.digest(), address, now, LIFETIME).await? {
        Refreshed::Renewed { session, user, second_factor_due } => {
            let access_token = cx.tokens.sign_session(user, session, now).map_err(SessionError::from)?;
            tx.commit().await?;
            tracing::info!(%user, %session, "a session is refreshed");
            Ok(Held { access_token, refresh_token: next, second_factor_due, device_token: None })
        }
        Refreshed::Reused { session, user } => {
            tx.audit(&from.record(By::Nobody, Act::RefreshReused { user, session }, now));
            let message = Message::to_person(user, MessageId(cx.ids.next()), Affair::SessionStolen { session });
            tx.append_message(&message, now).await?;
            tx.commit().await?;
            cx.wake.notify_one();
            Err(RefreshError::Invalid)
        }
        Refreshed::Unknown => Err(RefreshError::Invalid),
    }
}
