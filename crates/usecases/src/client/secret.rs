//! Secrets and keys of programs: shown once, kept as digests, two of a kind at a time so that one can follow the other.

use auth::Grant;
use auth::permission::ManageClients;
use auth::secret::Secret;
use chrono::{DateTime, Duration, Utc};
use domain::audit::Act;
use domain::id::{ClientId, ClientSecretId};
use store::Error;
use store::client::{SecretInfo, SecretKind};

use crate::Context;

/// How many of a kind are accepted at a time.
const AT_ONCE: usize = 2;
/// How long a secret lives unless asked otherwise.
const LIFETIME: Duration = Duration::days(365);
/// How long a secret lives at most.
const LONGEST: Duration = Duration::days(2 * 365);

/// Give a program a secret or a key.
#[derive(Debug, Clone)]
pub struct AddSecret {
    /// What it is for.
    pub kind: SecretKind,
    /// Until when it is accepted; a year, when absent.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Why a secret is not made or revoked.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is no such program, or it has no such secret.
    #[error("there is no such program, or no such secret")]
    NotFound,
    /// Two of the kind are accepted already: one has to be revoked first.
    #[error("the program has two of them already")]
    TooMany,
    /// It would expire in the past, or later than in two years.
    #[error("a secret expires within two years")]
    Expiry,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Gives a program a secret or a key. What it is can be told this once only.
///
/// # Errors
/// See [`SecretError`].
pub async fn add_secret(
    cx: &Context,
    who: &Grant<ManageClients>,
    client: ClientId,
    cmd: AddSecret,
) -> Result<(SecretInfo, Secret), SecretError> {
    let now = cx.now();
    let expires_at = cmd.expires_at.unwrap_or(now + LIFETIME);
    if expires_at <= now || expires_at > now + LONGEST {
        return Err(SecretError::Expiry);
    }
    let tx = cx.store.begin().await?;
    let registered = tx.lock_client(client, now).await?.ok_or(SecretError::NotFound)?;
    if registered.secrets.iter().filter(|secret| secret.kind == cmd.kind).count() >= AT_ONCE {
        return Err(SecretError::TooMany);
    }
    let secret = Secret::generate(match cmd.kind {
        SecretKind::Secret => SECRET_PREFIX,
        SecretKind::ApiKey => KEY_PREFIX,
    });
    let exposed = secret.expose();
    let info = SecretInfo {
        id: ClientSecretId(cx.ids.next()),
        kind: cmd.kind,
        hint: exposed.get(exposed.len() - 4..).unwrap_or_default().to_owned(),
        created_at: now,
        expires_at,
        last_used_at: None,
    };
    tx.add_client_secret(client, &info, &secret.digest()).await?;
    tx.audit(&who.record(Act::ClientSecretAdded { client, secret: info.id }, now));
    tx.commit().await?;
    Ok((info, secret))
}

/// How a secret begins.
const SECRET_PREFIX: &str = "ccs_";
/// How an API key begins.
const KEY_PREFIX: &str = "cak_";

/// Whether a text looks like an API key, be it one or not.
#[must_use]
pub fn looks_like_key(text: &str) -> bool {
    text.starts_with(KEY_PREFIX)
}

/// Whether a text looks like a secret, be it one or not.
pub(crate) fn looks_like_secret(text: &str) -> bool {
    text.starts_with(SECRET_PREFIX)
}

/// Revokes a secret or a key, at once.
///
/// # Errors
/// [`SecretError::NotFound`] when the program has no such one that is accepted.
pub async fn revoke_secret(
    cx: &Context,
    who: &Grant<ManageClients>,
    client: ClientId,
    secret: ClientSecretId,
) -> Result<(), SecretError> {
    let tx = cx.store.begin().await?;
    if !tx.revoke_client_secret(client, secret, cx.now()).await? {
        return Err(SecretError::NotFound);
    }
    tx.audit(&who.record(Act::ClientSecretRevoked { client, secret }, cx.now()));
    tx.commit().await?;
    Ok(())
}
