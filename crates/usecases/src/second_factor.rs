//! Second factors: set up by showing that one knows the password and has the codes, taken away by a code, or by an
//! administrator for somebody who has lost theirs.

use auth::permission::ManageUsers;
use auth::second_factor::Seed;
use auth::secret::Secret;
use auth::{Grant, LoggedIn};
use domain::account::Affair;
use domain::audit::{Act, By, Record};
use domain::id::{MessageId, UserId};
use secrecy::SecretString;
use store::outbox::Message;
use store::throttle::{Key, Limit};
use store::user::User;
use store::{Error, Tx};

use crate::session::{AgainError, Throttled, accepts, confirm as confirm_again};
use crate::{Context, Origin};

/// How many recovery codes there are.
const CODES: usize = 10;
/// How often a code is tried by who is logged in.
const TRIED: Limit = Limit { burst: 5, interval: chrono::Duration::minutes(3) };

/// What an authenticator application needs.
pub struct Offer {
    /// The seed in base32.
    pub secret: String,
    /// The address that it reads from a QR code.
    pub uri: String,
}

/// Why a second factor is not set up or taken away.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// There is one already.
    #[error("a second factor is set up already")]
    AlreadySetUp,
    /// There is none.
    #[error("no second factor is set up")]
    NotSetUp,
    /// The code is wrong, or was used before.
    #[error("the code is wrong")]
    WrongCode,
    /// They have not proved anew who they are.
    #[error(transparent)]
    Again(#[from] AgainError),
    /// Too many attempts.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Begins to set a second factor up: it counts once a first code was given. `password` is the account's, if it has one;
/// otherwise the session began a moment ago: who has stolen an access token cannot lock its owner out.
///
/// # Errors
/// See [`SecondFactorError`].
pub async fn begin(cx: &Context, who: LoggedIn, password: &SecretString) -> Result<Offer, SecondFactorError> {
    let user = cx.store.user(who.user()).await?.ok_or(SecondFactorError::NotFound)?;
    if user.second_factor {
        return Err(SecondFactorError::AlreadySetUp);
    }
    confirm_again(cx, &user, who.session(), password).await?;
    let seed = Seed::generate();
    let tx = cx.store.begin().await?;
    if !tx.offer_second_factor(user.person.user, seed.as_bytes(), cx.now()).await? {
        return Err(SecondFactorError::AlreadySetUp);
    }
    tx.commit().await?;
    Ok(Offer { secret: seed.base32(), uri: seed.uri(&user.email) })
}

/// Sets the second factor up, by its first code; the other sessions, which began without it, end. Returns the recovery codes,
/// which are shown this once.
///
/// # Errors
/// See [`SecondFactorError`].
pub async fn confirm(cx: &Context, who: LoggedIn, code: &str, from: &Origin) -> Result<Vec<Secret>, SecondFactorError> {
    let user = who.user();
    throttle(cx, user).await?;
    let factor = cx.store.second_factor(user).await?.ok_or(SecondFactorError::NotSetUp)?;
    if factor.confirmed_at.is_some() {
        return Err(SecondFactorError::AlreadySetUp);
    }
    let seed = Seed::from_bytes(&factor.seed).ok_or(SecondFactorError::NotSetUp)?;
    let now = cx.now();
    let step = seed.step_of(code.trim(), now).ok_or(SecondFactorError::WrongCode)?;
    let codes: Vec<Secret> = (0..CODES).map(|_| Secret::recovery_code()).collect();
    let tx = cx.store.begin().await?;
    tx.lock_user(user).await?.ok_or(SecondFactorError::NotFound)?;
    if !tx.confirm_second_factor(user, step, codes.iter().map(Secret::digest).collect(), now).await? {
        return Err(SecondFactorError::AlreadySetUp);
    }
    tx.end_sessions(user, Some(who.session()), now).await?;
    tx.audit(&from.record(By::Person { user }, Act::SecondFactorEnabled { user }, now));
    tell(cx, &tx, user, true).await?;
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(codes)
}

/// Takes one's own second factor away, by a code of it or a recovery code; the other sessions end.
///
/// # Errors
/// See [`SecondFactorError`].
pub async fn remove(cx: &Context, who: LoggedIn, code: &str, from: &Origin) -> Result<(), SecondFactorError> {
    let user = who.user();
    throttle(cx, user).await?;
    if !cx.store.user(user).await?.is_some_and(|user: User| user.second_factor) {
        return Err(SecondFactorError::NotSetUp);
    }
    if accepts(cx, user, code).await?.is_none() {
        return Err(SecondFactorError::WrongCode);
    }
    let tx = cx.store.begin().await?;
    tx.lock_user(user).await?.ok_or(SecondFactorError::NotFound)?;
    tx.remove_second_factor(user).await?;
    tx.end_sessions(user, Some(who.session()), cx.now()).await?;
    tx.audit(&from.record(By::Person { user }, Act::SecondFactorRemoved { user }, cx.now()));
    tell(cx, &tx, user, false).await?;
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(())
}

/// Takes somebody's second factor away who has lost it. Their sessions end.
///
/// # Errors
/// See [`SecondFactorError`].
pub async fn remove_of(cx: &Context, who: &Grant<ManageUsers>, user: UserId) -> Result<(), SecondFactorError> {
    take_away(cx, user, |act| who.record(act, cx.now())).await
}

/// The same, from the command line: for the last administrator.
///
/// # Errors
/// See [`SecondFactorError`].
pub async fn remove_by_operator(cx: &Context, email: &str) -> Result<(), SecondFactorError> {
    let user = cx.store.user_by_email(email).await?.ok_or(SecondFactorError::NotFound)?;
    let by_operator = |act| Record { at: cx.now(), by: By::Operator, from: None, act, why: None };
    take_away(cx, user.person.user, by_operator).await
}

async fn take_away(cx: &Context, user: UserId, record: impl FnOnce(Act) -> Record) -> Result<(), SecondFactorError> {
    let tx = cx.store.begin().await?;
    tx.lock_user(user).await?.ok_or(SecondFactorError::NotFound)?;
    if !tx.remove_second_factor(user).await? {
        return Err(SecondFactorError::NotSetUp);
    }
    tx.end_sessions(user, None, cx.now()).await?;
    tx.audit(&record(Act::SecondFactorRemoved { user }));
    tell(cx, &tx, user, false).await?;
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(())
}

async fn throttle(cx: &Context, user: UserId) -> Result<(), SecondFactorError> {
    let key = Key::of("code of a second factor", &[&user.to_string()]);
    let now = cx.now();
    match cx.store.try_once(&key, TRIED, now).await? {
        Some(until) => Err(Throttled { wait: until - now }.into()),
        None => Ok(()),
    }
}

async fn tell(cx: &Context, tx: &Tx, user: UserId, enabled: bool) -> Result<(), Error> {
    let message = Message::to_person(user, MessageId(cx.ids.next()), Affair::SecondFactorChanged { enabled });
    tx.append_message(&message, cx.now()).await
}
