//! Signing in at the organisation's identity provider (OpenID Connect), through the browser.
//!
//! The browser leaves with a cookie and comes back with an answer; both must fit the attempt, which is used up by the
//! first answer. Who has come back gets a code, with which the program that began gets a session: it alone can answer the
//! challenge that it began with (PKCE), and no token of ours ever stands in an address. An identity belongs to an account
//! because its owner has linked the two ([`super::linking`]), by a link that was sent to them; never because of an e-mail
//! address.
//!
//! Coming back signs in without a question: it changes no account, and what it brings about, a code, goes to the program
//! whose `state` it carries, or onto a page.

use auth::LoggedIn;
use auth::oidc::{Attempt, Callback, Identity, OidcError};
use auth::pkce::Challenge;
use auth::secret::{Secret, digest};
use chrono::Duration;
use domain::account::{Affair, Method};
use domain::audit::act::SignInRefusal;
use domain::audit::{Act, By};
use domain::id::{IdentityId, MessageId, UserId};
use domain::siret::Siret;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use store::identity::Key;
use store::outbox::Message;
use store::sign_in::Stage;
use store::throttle::{Key as Count, Limit};
use store::user::User;
use store::{Error, Tx};
use url::Url;

use super::linking::{Question, ask};
use super::open::{Opened, open};
use super::{Held, SessionError};
use crate::{Context, Origin, refusal};

/// How long the browser may be at the provider.
pub const AT_PROVIDER: Duration = Duration::minutes(10);
/// How long a code lives.
const CODE: Duration = Duration::minutes(2);
/// How often a refused sign-in is recorded, from one address: every one that people or a patient guesser cause, and not
/// what a flood would, so that the log is not for an attacker to fill.
const RECORDED: Limit = Limit { burst: 300, interval: Duration::seconds(10) };

/// What becomes of a sign-in.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Wish {
    /// The link by which the account is linked with the identity.
    pub link: Option<String>,
    /// Where the browser goes with the code; to a page of ours, when absent.
    pub return_to: Option<Url>,
    /// What the program wants back with the code.
    pub state: Option<String>,
    /// What the program has to answer to get a session for the code; there is no code without.
    #[serde(default)]
    pub challenge: Option<Challenge>,
}

/// A sign-in that has begun.
pub struct Started {
    /// Where the browser goes.
    pub url: Url,
    /// What it keeps meanwhile.
    pub cookie: Secret,
}

/// What comes of the browser's return.
pub enum Return {
    /// The person is signed in.
    SignedIn(Finished),
    /// They came to link their account: they are asked first.
    Asked(Question),
}

/// A sign-in that has succeeded.
pub struct Finished {
    /// Gets a session, once, within two minutes.
    pub code: Secret,
    /// The account.
    pub user: User,
    /// What was wished for.
    pub wish: Wish,
}

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// There is no identity provider.
    #[error("no identity provider is configured")]
    NotConfigured,
    /// The answer belongs to no attempt of this browser.
    #[error("the answer belongs to no attempt of this browser")]
    NoAttempt,
    /// The identity belongs to no account, or to one that is disabled.
    #[error("the identity belongs to no account")]
    UnknownPerson,
    /// The link to the account can no longer be used.
    #[error("the link cannot be used any more")]
    LinkInvalid,
    /// The account has a second factor, which a link does not prove.
    #[error("the account has a second factor")]
    SecondFactor,
    /// The identity belongs to another account.
    #[error("the identity belongs to another account")]
    SomebodyElse,
    /// The provider's answer is not accepted.
    #[error(transparent)]
    Provider(#[from] OidcError),
    /// The code can no longer be used.
    #[error("the code cannot be used any more")]
    CodeInvalid,
    /// The session cannot be begun.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl From<Error> for SignInError {
    fn from(error: Error) -> Self {
        Self::Session(error.into())
    }
}

#[derive(Serialize, Deserialize)]
struct Remembered {
    state: String,
    nonce: String,
    pkce_verifier: Option<String>,
    wish: Wish,
}

#[derive(Serialize, Deserialize)]
struct Granted {
    user: UserId,
    identity: IdentityId,
    id_token: String,
    challenge: Challenge,
}

pub(super) fn remember(value: &impl Serialize) -> Result<Vec<u8>, SignInError> {
    serde_json::to_vec(value).map_err(|error| Error::Corrupt(error.to_string()).into())
}

pub(super) fn recall<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, SignInError> {
    serde_json::from_slice(bytes).map_err(|error| Error::Corrupt(error.to_string()).into())
}

/// Begins a sign-in.
///
/// # Errors
/// [`SignInError::NotConfigured`], [`SignInError::Provider`] when the provider does not answer.
pub async fn start(cx: &Context, wish: Wish) -> Result<Started, SignInError> {
    let provider = cx.provider.as_ref().ok_or(SignInError::NotConfigured)?;
    let begin = provider.begin(cx.now()).await?;
    let cookie = Secret::generate("");
    let Attempt { state, nonce, pkce_verifier } = begin.attempt;
    let remembered = Remembered {
        state: state.expose_secret().to_owned(),
        nonce: nonce.expose_secret().to_owned(),
        pkce_verifier: pkce_verifier.map(|verifier| verifier.expose_secret().to_owned()),
        wish,
    };
    let expires_at = cx.now() + AT_PROVIDER;
    let plain = remember(&remembered)?;
    cx.store.keep_sign_in(cx.ids.next(), Stage::Attempt, &cookie.digest(), &plain, expires_at).await?;
    Ok(Started { url: begin.url, cookie })
}

/// Finishes the sign-in of the browser that holds this cookie. Whatever comes of it, the attempt is used up; what is
/// refused is in the audit log.
///
/// # Errors
/// See [`SignInError`].
pub async fn finish(
    cx: &Context,
    cookie: Option<&str>,
    callback: Callback,
    from: &Origin,
) -> Result<Return, SignInError> {
    recorded(cx, answer(cx, cookie, callback).await, from).await
}

/// The same outcome; what of it is a refusal is in the audit log.
pub(super) async fn recorded<T>(
    cx: &Context,
    outcome: Result<T, SignInError>,
    from: &Origin,
) -> Result<T, SignInError> {
    if let Some((reason, siret)) = outcome.as_ref().err().and_then(refusal) {
        record(cx, reason, siret, from).await?;
    }
    outcome
}

async fn answer(cx: &Context, cookie: Option<&str>, callback: Callback) -> Result<Return, SignInError> {
    let provider = cx.provider.as_ref().ok_or(SignInError::NotConfigured)?;
    let remembered = match cookie {
        Some(cookie) => cx.store.take_sign_in(Stage::Attempt, &digest(cookie), cx.now()).await?,
        None => None,
    };
    let remembered = remembered.ok_or(SignInError::NoAttempt)?;
    let Remembered { state, nonce, pkce_verifier, wish } = recall(&remembered)?;
    let attempt =
        Attempt { state: state.into(), nonce: nonce.into(), pkce_verifier: pkce_verifier.map(SecretString::from) };
    let identity = provider.finish(attempt, callback, cx.now()).await?;
    if let Some(token) = wish.link {
        return ask(cx, token, &identity).await.map(Return::Asked);
    }
    let challenge = wish.challenge.clone().ok_or(SignInError::NoAttempt)?;
    let (user, id) = owner(cx, &identity).await?;
    let id_token = identity.id_token.expose_secret().to_owned();
    let granted = Granted { user: user.person.user, identity: id, id_token, challenge };
    let code = Secret::generate("csc_");
    let (plain, expires_at) = (remember(&granted)?, cx.now() + CODE);
    cx.store.keep_sign_in(cx.ids.next(), Stage::Granted, &code.digest(), &plain, expires_at).await?;
    Ok(Return::SignedIn(Finished { code, user, wish }))
}

async fn owner(cx: &Context, identity: &Identity) -> Result<(User, IdentityId), SignInError> {
    let idp = identity.idp_id.as_deref().unwrap_or_default();
    let key = Key { issuer: &identity.issuer, idp, subject: &identity.subject };
    let (owner, id) = cx.store.identity_owner(key).await?.ok_or(SignInError::UnknownPerson)?;
    let user = cx.store.user(owner).await?.filter(|user| user.active).ok_or(SignInError::UnknownPerson)?;
    Ok((user, id))
}

/// Gets a session for the code of a sign-in, for who answers its challenge. Whatever comes of it, the code is used up. One
/// that comes a second time ends the session that it got: somebody has a copy of it. The owner is told.
///
/// # Errors
/// [`SignInError::CodeInvalid`].
pub async fn redeem(cx: &Context, code: &str, verifier: &str, from: &Origin) -> Result<Held, SignInError> {
    let digest = digest(code);
    let tx = cx.store.begin().await?;
    let held = if let Some(granted) = tx.take_sign_in(Stage::Granted, &digest, cx.now()).await? {
        exchange(cx, &tx, recall(&granted)?, verifier, &digest, from).await?
    } else {
        end_redeemed(cx, &tx, &digest, from).await?;
        None
    };
    tx.commit().await?;
    cx.wake.notify_one();
    if held.is_none() {
        record(cx, SignInRefusal::CodeRefused, None, from).await?;
    }
    held.ok_or(SignInError::CodeInvalid)
}

/// The session of a code that was just taken out, if the verifier is right and the account is still open to the identity.
async fn exchange(
    cx: &Context,
    tx: &Tx,
    granted: Granted,
    verifier: &str,
    digest: &[u8],
    from: &Origin,
) -> Result<Option<Held>, SignInError> {
    let Granted { user, identity, id_token, challenge } = granted;
    if !challenge.is_answered_by(verifier) {
        return Ok(None);
    }
    let Some(user) = tx.lock_user(user).await?.filter(|user| user.active) else { return Ok(None) };
    // Whoever takes it away locks the account too, and ends the sessions that it began.
    if !tx.has_identity(user.person.user, identity).await? {
        return Ok(None);
    }
    let code_digest = Some(digest.to_vec());
    let how = Opened { method: Method::Oidc, second_factor: None, id_token: Some(id_token), code_digest, rehash: None };
    Ok(Some(open(cx, tx, &user, from, how).await?))
}

/// Ends the session that the code got when it came before, if it did (RFC 6749, 4.1.2).
async fn end_redeemed(cx: &Context, tx: &Tx, digest: &[u8], from: &Origin) -> Result<(), Error> {
    let now = cx.now();
    let Some((session, user)) = tx.end_session_of_code(digest, now).await? else { return Ok(()) };
    tx.audit(&from.record(By::Nobody, Act::CodeReused { user, session }, now));
    let message = Message::to_person(user, MessageId(cx.ids.next()), Affair::SessionStolen { session });
    tx.append_message(&message, now).await
}

/// Ends the session that one is in. Where the browser goes to log out at the provider too, if it is from there that one
/// came; a provider that does not answer keeps nobody logged in here.
///
/// # Errors
/// When the database does not answer.
pub async fn logout(cx: &Context, who: LoggedIn) -> Result<Option<Url>, Error> {
    let (user, session) = (who.user(), who.session());
    let id_token = cx.store.id_token(session, user).await?;
    super::end::end(cx, user, session).await?;
    let (Some(provider), Some(id_token)) = (&cx.provider, id_token) else { return Ok(None) };
    Ok(match provider.logout(&id_token.into(), cx.now()).await {
        Ok(url) => url,
        Err(error) => {
            tracing::warn!(%error, "somebody stays logged in at the identity provider");
            None
        }
    })
}

/// What the audit log says of it, with the establishment that may not sign in; nothing of what is nobody's attempt to get
/// in.
fn refusal(error: &SignInError) -> Option<(SignInRefusal, Option<Siret>)> {
    let reason = match error {
        SignInError::Provider(OidcError::SiretNotAllowed { siret }) => {
            return Some((SignInRefusal::SiretNotAllowed, siret.clone()));
        }
        SignInError::Provider(OidcError::SiretMissing) => SignInRefusal::SiretNotAllowed,
        SignInError::NoAttempt | SignInError::Provider(OidcError::State) => SignInRefusal::StateMismatch,
        SignInError::UnknownPerson | SignInError::SomebodyElse | SignInError::SecondFactor => {
            SignInRefusal::UnknownPerson
        }
        SignInError::Provider(OidcError::Nonce) => SignInRefusal::NonceMismatch,
        SignInError::Provider(OidcError::Refused { .. }) => SignInRefusal::CodeRefused,
        SignInError::Provider(OidcError::Issuer | OidcError::IdToken(_) | OidcError::Userinfo(_)) => {
            SignInRefusal::TokenInvalid
        }
        SignInError::Provider(OidcError::Unreachable | OidcError::Unintelligible) => SignInRefusal::ProviderFailed,
        SignInError::NotConfigured | SignInError::LinkInvalid | SignInError::CodeInvalid | SignInError::Session(_) => {
            return None;
        }
    };
    Some((reason, None))
}

async fn record(cx: &Context, reason: SignInRefusal, siret: Option<Siret>, from: &Origin) -> Result<(), Error> {
    let address = from.address.clone().unwrap_or_default();
    let count = Count::of("record of a refused sign-in", &[&address]);
    let issuer = cx.provider.as_ref().map(|provider| provider.issuer().to_owned());
    let record = from.record(By::Nobody, Act::SignInRefused { reason, issuer, siret }, cx.now());
    refusal::record(cx, (&count, RECORDED), None, &record).await
}
