//! Beginning a session for somebody who has proved who they are.

use auth::secret::Secret;
use domain::account::{Method, SecondFactor};
use domain::audit::{Act, By};
use domain::id::SessionId;
use store::Tx;
use store::session::NewSession;
use store::user::User;

use super::{Held, LIFETIME, SessionError};
use crate::{Context, Origin, of};

/// How many characters of the User-Agent header are kept.
const AGENT: usize = 200;

/// How somebody proved who they are.
pub(crate) struct Opened {
    pub(crate) method: Method,
    /// What they gave besides a password.
    pub(crate) second_factor: Option<SecondFactor>,
    /// The provider's ID token, for logging out there.
    pub(crate) id_token: Option<String>,
    /// The code of the sign-in, as its SHA-256.
    pub(crate) code_digest: Option<Vec<u8>>,
    /// The password's hash as it was, and as it shall be.
    pub(crate) rehash: Option<(String, String)>,
}

/// Begins a session, within what else is done at once.
pub(crate) async fn open(cx: &Context, tx: &Tx, user: &User, from: &Origin, how: Opened) -> Result<Held, SessionError> {
    let (now, id, who) = (cx.now(), SessionId(cx.ids.next()), user.person.user);
    let refresh_token = Secret::generate("crt_");
    let limited = how.method == Method::Password && !user.second_factor && has_to_have_second_factor(cx, user);
    let access_token = cx.tokens.sign_session(who, id, now)?;
    tx.begin_session(NewSession {
        id,
        user: who,
        method: how.method,
        address: from.address.clone(),
        agent: from.agent.as_ref().map(|agent| agent.chars().take(AGENT).collect()),
        limited,
        refresh_digest: refresh_token.digest(),
        id_token: how.id_token,
        code_digest: how.code_digest,
        created_at: now,
        expires_at: now + LIFETIME.unused,
    })
    .await?;
    if let Some((old, new)) = how.rehash {
        tx.rehash_password(who, &old, &new).await?;
    }
    tx.audit(&from.record(
        By::Person { user: who },
        Act::SessionBegun { user: who, session: id, method: how.method, second_factor: how.second_factor },
        now,
    ));
    Ok(Held { access_token, refresh_token, second_factor_due: limited, device_token: None })
}

fn has_to_have_second_factor(cx: &Context, user: &User) -> bool {
    let loaded = cx.city.load();
    let required = loaded.as_ref().map(|loaded| of(loaded).settings.second_factor_required_for.as_slice());
    required.unwrap_or_default().iter().any(|role| user.person.is(*role))
}
