//! Passwords: chosen through a link or by who knows the last one, forgotten, hashed away from the threads that answer.

use std::time::Duration as StdDuration;

use auth::LoggedIn;
use auth::password::{Weak, check_strength};
use chrono::Duration;
use domain::account::{Affair, Purpose};
use domain::audit::{Act, By};
use domain::id::{LinkId, MessageId, SessionId};
use secrecy::{ExposeSecret as _, SecretString};
use store::link::Link;
use store::outbox::Message;
use store::throttle::{Key, Limit};
use store::user::User;
use store::{Error, Tx};
use tokio::time::{Instant, sleep_until};

use crate::session::{Throttled, Tries};
use crate::{Context, Origin, apart};

/// How long a link for a forgotten password lives.
const RESET: Duration = Duration::hours(1);
/// How often links are asked for, for one account and from one address.
const ASKED: Limit = Limit { burst: 3, interval: Duration::minutes(20) };
/// The same, from everywhere: an inbox is not for others to fill.
const ASKED_EVERYWHERE: Limit = Limit { burst: 10, interval: Duration::minutes(20) };
/// The same, from one address for any account.
const ASKED_FROM: Limit = Limit { burst: 30, interval: Duration::minutes(1) };
/// How often the current password is tried by who is logged in.
const CONFIRMED: Limit = Limit { burst: 5, interval: Duration::minutes(3) };
/// How long asking for a link takes, whether the account exists or not: longer than the work does.
const ANSWER_AFTER: StdDuration = StdDuration::from_millis(300);

/// Why a password is not set.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// There is no such link (any more).
    #[error("the link cannot be used any more")]
    LinkInvalid,
    /// The current password is another.
    #[error("the current password is wrong")]
    WrongPassword,
    /// The new password is too weak.
    #[error(transparent)]
    Weak(#[from] Weak),
    /// Too many attempts.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] auth::password::HashError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Whether the password is the one of that hash. Without a hash, no; but it takes as long to say so.
///
/// # Panics
/// If the process is being torn down.
pub(crate) async fn verify(cx: &Context, password: &SecretString, hash: Option<String>) -> bool {
    let password = password.clone();
    hashing(cx, move |passwords| passwords.verify(password.expose_secret(), hash.as_deref())).await
}

/// The hash that takes the place of the one at hand: see [`auth::password::Passwords::renewed`].
pub(crate) async fn renewed_hash(cx: &Context, password: &SecretString, hash: &str) -> Option<String> {
    if cx.passwords.is_current(password.expose_secret(), hash) {
        return None;
    }
    let (password, hash) = (password.clone(), hash.to_owned());
    match hashing(cx, move |passwords| passwords.renewed(password.expose_secret(), &hash)).await {
        Ok(renewed) => renewed,
        Err(error) => {
            tracing::warn!(%error, "a password keeps its hash");
            None
        }
    }
}

async fn hash(cx: &Context, password: &SecretString) -> Result<String, PasswordError> {
    let password = password.clone();
    Ok(hashing(cx, move |passwords| passwords.hash(password.expose_secret())).await?)
}

/// Runs on a thread that may block, as many at once as there are processors.
async fn hashing<T: Send + 'static>(
    cx: &Context,
    work: impl FnOnce(&auth::password::Passwords) -> T + Send + 'static,
) -> T {
    let passwords = cx.passwords.clone();
    apart(&cx.hashing, move || work(&passwords)).await
}

/// Asks for a link to choose another password. The answer is the same, and takes the same time, whether there is such
/// an account or not.
///
/// # Errors
/// [`PasswordError::Throttled`] after too many; that does not depend on the account either.
pub async fn forgotten(cx: &Context, email: &str, from: &Origin) -> Result<(), PasswordError> {
    let answer_at = Instant::now() + ANSWER_AFTER;
    let outcome = ask(cx, email, from).await;
    sleep_until(answer_at).await;
    outcome
}

async fn ask(cx: &Context, email: &str, from: &Origin) -> Result<(), PasswordError> {
    let now = cx.now();
    let address = from.address.clone().unwrap_or_default();
    let of_account = Key::of("forgotten password of an account", &[&email.trim().to_lowercase(), &address]);
    let of_address = Key::of("forgotten password from an address", &[&address]);
    for (key, limit) in [(of_account, ASKED), (of_address, ASKED_FROM)] {
        if let Some(until) = cx.store.try_once(&key, limit, now).await? {
            return Err(Throttled { wait: until - now }.into());
        }
    }
    let Some(user) = cx.store.user_by_email(email.trim()).await?.filter(|user| user.active) else { return Ok(()) };
    let everywhere = Key::of("forgotten password of an account from everywhere", &[&user.person.user.to_string()]);
    if cx.store.try_once(&everywhere, ASKED_EVERYWHERE, now).await?.is_some() {
        // The links that were sent live on. Nobody is told: it would say that there is such an account.
        return Ok(());
    }
    let tx = cx.store.begin().await?;
    // Who has not accepted their invitation has no password to forget: they have lost the invitation.
    let purpose = if user.has_accepted() { Purpose::Reset } else { Purpose::Invitation };
    send_link(cx, &tx, &user, purpose).await?;
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(())
}

/// Makes a link and sends it.
pub(crate) async fn send_link(cx: &Context, tx: &Tx, user: &User, purpose: Purpose) -> Result<(), Error> {
    let (now, id, who) = (cx.now(), LinkId(cx.ids.next()), user.person.user);
    let (lives, affair) = match purpose {
        Purpose::Invitation => (crate::user::INVITATION, Affair::Invitation { link: id }),
        Purpose::Reset => (RESET, Affair::PasswordReset { link: id }),
    };
    tx.add_link(Link { id, user: who, purpose }, now, now + lives).await?;
    tx.append_message(&Message::to_person(who, MessageId(cx.ids.next()), affair), now).await
}

/// The account of a link, if the link can still be used. Looking uses nothing up.
///
/// # Errors
/// When the database does not answer.
pub async fn of_link(cx: &Context, token: &str) -> Result<Option<User>, Error> {
    match cx.store.link(token, cx.now()).await? {
        Some(link) => cx.store.user(link.user).await,
        None => Ok(None),
    }
}

/// Chooses a password through a link, which is used up. Every session of the person ends, and failed logins are
/// forgotten. Returns a token of the device: a login that brings it is not held up by somebody who goes on guessing.
///
/// # Errors
/// [`PasswordError::LinkInvalid`], [`PasswordError::Weak`]; the link stays usable when the password is weak.
pub async fn choose(cx: &Context, token: &str, new: &SecretString, from: &Origin) -> Result<String, PasswordError> {
    let user = of_link(cx, token).await?.ok_or(PasswordError::LinkInvalid)?;
    check(cx, &user, new)?;
    let hash = hash(cx, new).await?;
    let now = cx.now();
    let tx = cx.store.begin().await?;
    let link = tx.lock_link(token, now).await?.ok_or(PasswordError::LinkInvalid)?;
    set(cx, &tx, &user, &hash, None).await?;
    tx.audit(&from.record(By::Person { user: link.user }, Act::PasswordSet { user: link.user }, now));
    tx.commit().await?;
    cx.wake.notify_one();
    if let Err(error) = Tries::of(&user.email, None, from).forget(cx).await {
        tracing::warn!(%error, user = %user.person.user, "a password is chosen; failed logins before it still count");
    }
    Ok(cx.store.device_token(user.person.user, cx.ids.next()))
}

/// Changes one's own password. The other sessions end.
///
/// # Errors
/// [`PasswordError::WrongPassword`], [`PasswordError::Weak`], [`PasswordError::Throttled`].
pub async fn change(
    cx: &Context,
    who: LoggedIn,
    current: &SecretString,
    new: &SecretString,
    from: &Origin,
) -> Result<(), PasswordError> {
    let user = cx.store.user(who.user()).await?.ok_or(PasswordError::WrongPassword)?;
    confirm(cx, &user, current).await?;
    check(cx, &user, new)?;
    let hash = hash(cx, new).await?;
    let tx = cx.store.begin().await?;
    set(cx, &tx, &user, &hash, Some(who.session())).await?;
    tx.audit(&from.record(By::Person { user: who.user() }, Act::PasswordSet { user: who.user() }, cx.now()));
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(())
}

/// Whether a new password is strong enough for that account, in this city: what the city, its services and who writes for it
/// are called is tried first.
fn check(cx: &Context, user: &User, new: &SecretString) -> Result<(), Weak> {
    let loaded = cx.city().ok();
    let mut own = vec![user.email.as_str(), user.name.as_str()];
    if let Some(city) = loaded.as_ref().map(|loaded| &loaded.city) {
        own.extend([city.settings.name.as_str(), city.settings.sender.name.as_str()]);
        own.extend(city.organisations.iter().map(|organisation| organisation.name.as_str()));
        own.extend(city.services.iter().flat_map(|service| [service.name.fr.as_str(), service.name.en.as_str()]));
    }
    check_strength(new.expose_secret(), &own)
}

/// Whether somebody who is logged in knows the account's password too.
pub(crate) async fn confirm(cx: &Context, user: &User, password: &SecretString) -> Result<(), PasswordError> {
    let key = Key::of("current password", &[&user.person.user.to_string()]);
    let now = cx.now();
    if let Some(until) = cx.store.try_once(&key, CONFIRMED, now).await? {
        return Err(Throttled { wait: until - now }.into());
    }
    if !verify(cx, password, user.password_hash.clone()).await {
        return Err(PasswordError::WrongPassword);
    }
    Ok(cx.store.forget_tries(&key).await?)
}

/// Sets a password, ends the sessions but one, and tells the owner unless it is their first.
async fn set(cx: &Context, tx: &Tx, user: &User, hash: &str, but: Option<SessionId>) -> Result<(), Error> {
    let (who, now) = (user.person.user, cx.now());
    tx.set_password(who, hash, now).await?;
    tx.spend_links(who, now).await?;
    tx.end_sessions(who, but, now).await?;
    if user.password_hash.is_some() {
        let message = Message::to_person(who, MessageId(cx.ids.next()), Affair::PasswordChanged);
        tx.append_message(&message, now).await?;
    }
    Ok(())
}
