//! Logging in with a password, and with a second factor where there is one.

use auth::second_factor::Seed;
use auth::secret::{self, normalise_recovery_code};
use domain::account::{Affair, Method, SecondFactor};
use domain::audit::act::LoginRefusal;
use domain::audit::{Act, By};
use domain::id::{MessageId, UserId};
use secrecy::SecretString;
use store::Tx;
use store::outbox::Message;
use store::user::User;

use super::open::{Opened, open};
use super::tries::{Throttled, Tries};
use super::{Held, SessionError};
use crate::{Context, Origin, password};

/// Log in.
pub struct Begin {
    /// The address of the account.
    pub email: String,
    /// The password.
    pub password: SecretString,
    /// A one-time code, or a recovery code.
    pub code: Option<String>,
    /// What an earlier login from the same device was answered.
    pub device_token: Option<String>,
}

/// Why somebody is not logged in.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// There is no such account, it has no password, it is disabled, or the password is another. Which of them is not
    /// said.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    /// The password is right, and a code is needed too.
    #[error("a second factor is needed")]
    SecondFactorNeeded,
    /// The password is right, and the code is wrong or was used before.
    #[error("the second factor is wrong")]
    WrongSecondFactor,
    /// Too many attempts.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The session cannot be begun.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl From<store::Error> for BeginError {
    fn from(error: store::Error) -> Self {
        Self::Session(error.into())
    }
}

/// Logs somebody in. Takes as long for an account that does not exist as for a wrong password.
///
/// # Errors
/// See [`BeginError`].
pub async fn begin(cx: &Context, cmd: Begin, from: &Origin) -> Result<Held, BeginError> {
    let user = cx.store.user_by_email(&cmd.email).await?;
    let token = user.as_ref().zip(cmd.device_token.as_deref());
    let device = token.and_then(|(user, token)| cx.store.device(user.person.user, token));
    let tries = Tries::of(&cmd.email, device, from);
    tries.take(cx, user.as_ref()).await?;
    let hash = user.as_ref().filter(|user| user.active).and_then(|user| user.password_hash.clone());
    let verified = password::verify(cx, &cmd.password, hash.clone()).await;
    let (Some(user), Some(hash), true) = (&user, hash, verified) else {
        refused(cx, user.as_ref(), from, why(user.as_ref())).await?;
        return Err(BeginError::WrongCredentials);
    };
    let mut second_factor = None;
    if user.second_factor {
        match &cmd.code {
            None => {
                tries.give_back(cx).await?;
                return Err(BeginError::SecondFactorNeeded);
            }
            Some(code) => second_factor = accepts(cx, user.person.user, code).await?,
        }
        if second_factor.is_none() {
            refused(cx, Some(user), from, LoginRefusal::WrongSecondFactor).await?;
            return Err(BeginError::WrongSecondFactor);
        }
    }
    tries.forgive(cx).await?;
    let renewed = password::renewed_hash(cx, &cmd.password, &hash).await;
    let how = Opened {
        method: Method::Password,
        second_factor,
        id_token: None,
        code_digest: None,
        rehash: renewed.map(|new| (hash, new)),
    };
    let tx = cx.store.begin().await?;
    if !is_still(cx, &tx, user, &cmd.password).await? {
        drop(tx);
        refused(cx, Some(user), from, LoginRefusal::WrongPassword).await?;
        return Err(BeginError::WrongCredentials);
    }
    let held = open(cx, &tx, user, from, how).await?;
    tx.commit().await?;
    let device = device.unwrap_or_else(|| cx.ids.next());
    Ok(Held { device_token: Some(cx.store.device_token(user.person.user, device)), ..held })
}

/// Whether somebody has that password still, and the same need of a second factor as when both were verified; until the
/// transaction ends. Whoever changes either locks the account, and ends the sessions that began before.
async fn is_still(cx: &Context, tx: &Tx, user: &User, password: &SecretString) -> Result<bool, store::Error> {
    let now = tx.lock_user(user.person.user).await?.filter(|now| now.active && now.second_factor == user.second_factor);
    // Another login may have hashed it anew.
    Ok(match now {
        Some(now) => now.password_hash == user.password_hash || password::verify(cx, password, now.password_hash).await,
        None => false,
    })
}

/// What the code is, if it is a one-time code or a recovery code of the person's that was not used before; it is used by
/// this.
pub(crate) async fn accepts(cx: &Context, user: UserId, code: &str) -> Result<Option<SecondFactor>, store::Error> {
    let Some(factor) = cx.store.second_factor(user).await? else { return Ok(None) };
    let seed =
        Seed::from_bytes(&factor.seed).ok_or_else(|| store::Error::Corrupt("a seed of another length".into()))?;
    let code = code.trim();
    if code.len() == 6 {
        let Some(step) = seed.step_of(code, cx.now()) else { return Ok(None) };
        return Ok(cx.store.spend_step(user, step).await?.then_some(SecondFactor::OneTimeCode));
    }
    Ok(spend_recovery_code(cx, user, code).await?.then_some(SecondFactor::RecoveryCode))
}

/// The owner is told: who has their password may have found their codes too.
async fn spend_recovery_code(cx: &Context, user: UserId, code: &str) -> Result<bool, store::Error> {
    let digest = secret::digest(&normalise_recovery_code(code));
    let tx = cx.store.begin().await?;
    let Some(left) = tx.spend_recovery_code(user, &digest, cx.now()).await? else { return Ok(false) };
    let message = Message::to_person(user, MessageId(cx.ids.next()), Affair::RecoveryCodeUsed { left });
    tx.append_message(&message, cx.now()).await?;
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(true)
}

fn why(user: Option<&User>) -> LoginRefusal {
    match user {
        None => LoginRefusal::UnknownPerson,
        Some(user) if !user.active => LoginRefusal::Disabled,
        Some(user) if user.password_hash.is_none() => LoginRefusal::NoPassword,
        Some(_) => LoginRefusal::WrongPassword,
    }
}

async fn refused(cx: &Context, user: Option<&User>, from: &Origin, reason: LoginRefusal) -> Result<(), store::Error> {
    let act = Act::LoginRefused { user: user.map(|user| user.person.user), reason };
    cx.store.audit(&from.record(By::Nobody, act, cx.now())).await
}
