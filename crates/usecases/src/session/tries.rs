//! How often somebody may try to log in, counted in the database.
//!
//! Three counts: of an account from one address, of an address, and of an account from everywhere. A try that is refused
//! for being one too many does not count, so that no count grows without end; a login that succeeds is not held against
//! anybody.
//!
//! Who guesses, from the office of their victim too, uses up these counts and does not keep the owner out: a device on
//! which the owner has logged in, or has chosen a password through a link, has a count of its own (OWASP, “device
//! cookies”). Besides, addresses from which the owner has logged in within thirty days are not held to the count from
//! everywhere, a session that lives goes on, and the link for a forgotten password sets the counts to nothing.

use chrono::{DateTime, Duration, Utc};
use domain::audit::{Act, By};
use store::Error;
use store::throttle::{Key, Limit};
use store::user::User;
use uuid::Uuid;

use crate::{Context, Origin, refusal};

/// Of an account from one address, or from one device of its owner's.
const PAIR: Limit = Limit { burst: 5, interval: Duration::minutes(3) };
/// Of an address: a town hall is one address, so that this is generous.
const ADDRESS: Limit = Limit { burst: 60, interval: Duration::seconds(10) };
/// Of an account from everywhere.
const ACCOUNT: Limit = Limit { burst: 20, interval: Duration::minutes(3) };
/// How often it is recorded that an account is throttled from an address.
const RECORDED: Limit = Limit { burst: 1, interval: Duration::minutes(15) };
/// How long an address stays known.
const KNOWN: Duration = Duration::days(30);

/// Too many attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many attempts; the next is allowed in {} s", .wait.num_seconds())]
pub struct Throttled {
    /// How long until the next is allowed.
    pub wait: Duration,
}

/// The counts that an attempt is held against.
pub(crate) struct Tries {
    pair: Key,
    address: Key,
    account: Key,
    device: Option<Key>,
    recorded: Key,
    from: Origin,
}

/// Why an attempt is not looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error(transparent)]
    Throttled(#[from] Throttled),
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<Refused> for super::BeginError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Throttled(throttled) => throttled.into(),
            Refused::Store(error) => error.into(),
        }
    }
}

impl Tries {
    /// `device`: where the owner of the account has proved who they are before.
    pub(crate) fn of(email: &str, device: Option<Uuid>, from: &Origin) -> Self {
        let email = email.trim().to_lowercase();
        let address = from.address.clone().unwrap_or_default();
        Self {
            pair: Key::of("login of an account from an address", &[&email, &address]),
            address: Key::of("login from an address", &[&address]),
            account: Key::of("login of an account", &[&email]),
            device: device.map(|device| Key::of("login from a device", &[&email, &device.to_string()])),
            recorded: Key::of("record of a throttled login", &[&email, &address]),
            from: from.clone(),
        }
    }

    /// Takes one attempt from each count that it is held against.
    pub(crate) async fn take(&self, cx: &Context, user: Option<&User>) -> Result<(), Refused> {
        let now = cx.now();
        if let Some(device) = &self.device {
            return match cx.store.try_once(device, PAIR, now).await? {
                Some(until) => Err(self.throttled(cx, user, until).await?.into()),
                None => Ok(()),
            };
        }
        for (key, limit) in [(&self.address, ADDRESS), (&self.pair, PAIR)] {
            if let Some(until) = cx.store.try_once(key, limit, now).await? {
                return Err(self.throttled(cx, user, until).await?.into());
            }
        }
        if let Some(until) = cx.store.try_once(&self.account, ACCOUNT, now).await?
            && !self.is_known(cx, user).await?
        {
            return Err(self.throttled(cx, user, until).await?.into());
        }
        Ok(())
    }

    async fn is_known(&self, cx: &Context, user: Option<&User>) -> Result<bool, Error> {
        match (user, &self.from.address) {
            (Some(user), Some(address)) => cx.store.is_known_address(user.person.user, address, cx.now() - KNOWN).await,
            (None, _) | (_, None) => Ok(false),
        }
    }

    async fn throttled(&self, cx: &Context, user: Option<&User>, until: DateTime<Utc>) -> Result<Throttled, Error> {
        let user = user.map(|user| user.person.user);
        let record = self.from.record(By::Nobody, Act::LoginThrottled { user }, cx.now());
        refusal::record(cx, (&self.recorded, RECORDED), user, &record).await?;
        Ok(Throttled { wait: until - cx.now() })
    }

    /// Gives the attempt back: the password was right, and a code is awaited.
    pub(crate) async fn give_back(&self, cx: &Context) -> Result<(), Error> {
        if let Some(device) = &self.device {
            return cx.store.give_back(device, PAIR).await;
        }
        for (key, limit) in [(&self.pair, PAIR), (&self.address, ADDRESS), (&self.account, ACCOUNT)] {
            cx.store.give_back(key, limit).await?;
        }
        Ok(())
    }

    /// The attempt succeeded.
    pub(crate) async fn forgive(&self, cx: &Context) -> Result<(), Error> {
        if let Some(device) = &self.device {
            return cx.store.forget_tries(device).await;
        }
        cx.store.forget_tries(&self.pair).await?;
        cx.store.give_back(&self.address, ADDRESS).await?;
        cx.store.give_back(&self.account, ACCOUNT).await
    }

    /// The owner has proved who they are by other means.
    pub(crate) async fn forget(&self, cx: &Context) -> Result<(), Error> {
        cx.store.forget_tries(&self.pair).await?;
        cx.store.forget_tries(&self.account).await
    }
}
