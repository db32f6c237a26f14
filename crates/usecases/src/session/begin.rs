//! Logging in.

use auth::refresh::RefreshToken;
use domain::id::SessionId;
use store::session::NewSession;

use super::{Held, LIFETIME};
use crate::Context;

/// Log in.
pub struct Begin {
    /// The address of the account.
    pub email: String,
    /// The password.
    pub password: String,
}

/// Why somebody is not logged in.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// There is no such account, it has no password, or the password is another. Which of them is not said.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    /// The token could not be signed.
    #[error(transparent)]
    Key(#[from] auth::token::KeyError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Logs somebody in. Takes as long for an account that does not exist as for a wrong password.
///
/// # Errors
/// See [`BeginError`].
///
/// # Panics
/// If the process is being torn down.
pub async fn begin(cx: &Context, cmd: Begin) -> Result<Held, BeginError> {
    let user = cx.store.user_by_email(&cmd.email).await?;
    let hash = user.as_ref().and_then(|user| user.password_hash.clone());
    let passwords = cx.passwords.clone();
    let permit = cx.hashing.clone().acquire_owned().await.expect("the semaphore is never closed");
    let verified = tokio::task::spawn_blocking(move || {
        let verified = passwords.verify(&cmd.password, hash.as_deref());
        drop(permit);
        verified
    });
    let verified = verified.await.expect("verifying a password does not panic");
    let user = user.filter(|_| verified).ok_or(BeginError::WrongCredentials)?;
    let refresh_token = RefreshToken::generate();
    let now = cx.now();
    let session = NewSession {
        id: SessionId(cx.ids.next()),
        user: user.person.user,
        refresh_digest: RefreshToken::digest(refresh_token.as_str()),
        created_at: now,
        expires_at: now + LIFETIME,
    };
    let access_token = cx.tokens.sign(&user.person, session.id, now)?;
    let tx = cx.store.begin().await?;
    tx.begin_session(session).await?;
    tx.commit().await?;
    Ok(Held { access_token, refresh_token: refresh_token.as_str().to_owned() })
}
