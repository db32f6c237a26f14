//! OAuth 2.0 for programs: the client credentials grant (RFC 6749, 4.4), revocation (RFC 7009), introspection (RFC 7662).

use std::collections::BTreeSet;

use auth::secret::digest;
use auth::{Presented, Verified, assertion};
use chrono::Duration;
use domain::audit::act::ClientRefusal;
use domain::audit::{Act, By};
use domain::id::ClientId;
use domain::rights::ClientScope;
use secrecy::{ExposeSecret as _, SecretString};
use store::Error;
use store::client::Registered;
use store::throttle::{Key, Limit};

use crate::client::{looks_like_key, looks_like_secret};
use crate::{Context, Origin, authenticate, refusal};

/// How often it is recorded that a program is refused, from one address.
const RECORDED: Limit = Limit { burst: 5, interval: Duration::minutes(15) };

/// How a program proves who it is.
pub enum Credentials {
    /// By a secret (`client_secret_basic`).
    Secret {
        /// Which program.
        client: ClientId,
        /// The secret.
        secret: SecretString,
    },
    /// By a statement that it has signed (`private_key_jwt`).
    Assertion {
        /// The statement.
        assertion: String,
        /// Whom it may be addressed to: the issuer, the endpoint.
        audiences: Vec<String>,
    },
}

impl Credentials {
    /// The program that they name. Nothing is proved yet.
    #[must_use]
    pub fn client(&self) -> Option<ClientId> {
        match self {
            Self::Secret { client, .. } => Some(*client),
            Self::Assertion { assertion, .. } => assertion::client_of(assertion),
        }
    }
}

/// Why a program gets nothing.
#[derive(Debug, thiserror::Error)]
pub enum OauthError {
    /// It has not proved who it is: unknown, disabled, a wrong or expired secret. Which of them is not said.
    #[error("the program has not proved who it is")]
    InvalidClient,
    /// It asked for a scope that does not exist, or that it may not have.
    #[error("the scope is unknown, or not allowed")]
    InvalidScope,
    /// The token is another program's.
    #[error("the token is another program's")]
    NotTheirs,
    /// What shall be revoked is a program's secret.
    #[error("a secret is no token")]
    Secret,
    /// The token could not be signed.
    #[error(transparent)]
    Key(#[from] auth::token::KeyError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// An access token, and what it is for.
pub struct Issued {
    /// The token.
    pub access_token: String,
    /// What it is for.
    pub scopes: BTreeSet<ClientScope>,
}

/// Gets a program an access token for these scopes, or for all that it may have.
///
/// # Errors
/// See [`OauthError`].
pub async fn token(
    cx: &Context,
    credentials: &Credentials,
    scope: Option<&str>,
    from: &Origin,
) -> Result<Issued, OauthError> {
    let registered = prove(cx, credentials, from).await?;
    let client = &registered.client;
    let scopes = match scope {
        None => client.scopes.clone(),
        Some(scope) => {
            let asked: Option<BTreeSet<_>> = scope.split_ascii_whitespace().map(ClientScope::from_code).collect();
            let Some(asked) = asked.filter(|asked| !asked.is_empty() && asked.is_subset(&client.scopes)) else {
                refused(cx, Some(client.client), from, ClientRefusal::ScopeNotAllowed).await?;
                return Err(OauthError::InvalidScope);
            };
            asked
        }
    };
    let id = cx.ids.next();
    let access_token = cx.tokens.sign_client(client.client, id, &scopes, cx.now())?;
    tracing::info!(client = %client.client, token = %id, "a program is given an access token");
    Ok(Issued { access_token, scopes })
}

/// Revokes an access token or an API key of the program's own. One that is none, or no longer one, is none to worry about
/// (RFC 7009, 2.2). A program that finds its key abroad need not wait for an administrator; its secret, which proves who
/// it is, is theirs to revoke.
///
/// # Errors
/// [`OauthError::InvalidClient`], [`OauthError::NotTheirs`], [`OauthError::Secret`].
pub async fn revoke(cx: &Context, credentials: &Credentials, token: &str, from: &Origin) -> Result<(), OauthError> {
    let own = prove(cx, credentials, from).await?.client.client;
    if looks_like_secret(token) {
        return Err(OauthError::Secret);
    }
    if looks_like_key(token) {
        return revoke_key(cx, own, token, from).await;
    }
    match cx.tokens.read(token, cx.now()) {
        Ok(Verified { presented: Presented::Client { client, token, .. }, expires_at, .. }) if client == own => {
            Ok(cx.store.revoke_token(token, expires_at + Duration::minutes(1)).await?)
        }
        Ok(_) => Err(OauthError::NotTheirs),
        Err(_) => Ok(()),
    }
}

async fn revoke_key(cx: &Context, own: ClientId, key: &str, from: &Origin) -> Result<(), OauthError> {
    let now = cx.now();
    match cx.store.key_holder(&digest(key), now).await? {
        Some((client, id)) if client.client == own => {
            let tx = cx.store.begin().await?;
            if tx.revoke_client_secret(own, id, now).await? {
                let act = Act::ClientSecretRevoked { client: own, secret: id };
                tx.audit(&from.record(By::Client { client: own }, act, now));
                tx.commit().await?;
            }
            Ok(())
        }
        Some(_) => Err(OauthError::NotTheirs),
        None => Ok(()),
    }
}

/// What is told of a token or a key that holds.
pub struct Introspected {
    /// What its owner may do; none for a person's.
    pub scopes: Option<BTreeSet<ClientScope>>,
    /// The program, if it is one's.
    pub client: Option<ClientId>,
    /// Whose it is: the id of the person or of the program.
    pub subject: uuid::Uuid,
    /// The token, unless it is a key.
    pub token: Option<Verified>,
}

/// Tells a program whether a token, or an API key, holds at this moment; none when it does not.
///
/// # Errors
/// [`OauthError::InvalidClient`].
pub async fn introspect(
    cx: &Context,
    credentials: &Credentials,
    token: &str,
    from: &Origin,
) -> Result<Option<Introspected>, OauthError> {
    prove(cx, credentials, from).await?;
    if let Some((client, _)) = authenticate::key(cx, token).await? {
        let (id, scopes) = (client.client, Some(client.scopes));
        return Ok(Some(Introspected { scopes, client: Some(id), subject: id.0, token: None }));
    }
    let Ok(verified) = cx.tokens.read(token, cx.now()) else { return Ok(None) };
    let Some(principal) = authenticate::authenticate(cx, verified.presented.clone(), None).await? else {
        return Ok(None);
    };
    Ok(Some(match principal.caller {
        domain::rights::Caller::Person(person) => {
            Introspected { scopes: None, client: None, subject: person.user.0, token: Some(verified) }
        }
        domain::rights::Caller::Client(client) => Introspected {
            scopes: Some(client.scopes),
            client: Some(client.client),
            subject: client.client.0,
            token: Some(verified),
        },
    }))
}

/// The program that has proved who it is.
async fn prove(cx: &Context, credentials: &Credentials, from: &Origin) -> Result<Registered, OauthError> {
    let registered = match credentials.client() {
        Some(id) => cx.store.client(id, cx.now()).await?,
        None => None,
    };
    let Some(registered) = registered else {
        refused(cx, None, from, ClientRefusal::UnknownClient).await?;
        return Err(OauthError::InvalidClient);
    };
    let id = registered.client.client;
    let refusal = if !registered.active {
        Some(ClientRefusal::Disabled)
    } else if !holds(cx, &registered, credentials).await? {
        Some(ClientRefusal::WrongSecret)
    } else {
        None
    };
    if let Some(reason) = refusal {
        refused(cx, Some(id), from, reason).await?;
        return Err(OauthError::InvalidClient);
    }
    Ok(registered)
}

/// Whether the program's secret or statement is accepted; a statement is spent by it.
async fn holds(cx: &Context, registered: &Registered, credentials: &Credentials) -> Result<bool, Error> {
    let (id, now) = (registered.client.client, cx.now());
    let secret = match credentials {
        Credentials::Secret { secret, .. } => {
            let secret = cx.store.client_secret(id, &digest(secret.expose_secret()), now).await?;
            if secret.is_none() {
                return Ok(false);
            }
            secret
        }
        Credentials::Assertion { assertion, audiences } => {
            let Some(keys) = &registered.jwks else { return Ok(false) };
            let Ok(verified) = assertion::verify(assertion, id, keys, audiences, now) else { return Ok(false) };
            if !cx.store.spend_assertion(id, &verified.jti, verified.expires_at).await? {
                return Ok(false);
            }
            None
        }
    };
    cx.store.client_used(id, secret, now).await?;
    Ok(true)
}

async fn refused(cx: &Context, client: Option<ClientId>, from: &Origin, reason: ClientRefusal) -> Result<(), Error> {
    let address = from.address.clone().unwrap_or_default();
    let key = Key::of("record of a refused program", &[&address]);
    let record = from.record(By::Nobody, Act::ClientRefused { client, reason }, cx.now());
    refusal::record(cx, (&key, RECORDED), None, &record).await
}
