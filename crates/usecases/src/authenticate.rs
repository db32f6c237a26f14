//! Whether a verified token still holds, and what its owner may do at this moment. Asked at each request: what an
//! administrator changes takes effect with the next one, on every instance. [`crate::reader`] asks it together with what is read.

use auth::secret::digest;
use auth::{Credential, Presented, Principal};
use domain::id::ClientSecretId;
use domain::rights::{Caller, Client, ClientScope};
use store::Error;

use crate::Context;
use crate::client::looks_like_key;

/// Who is asking; none when the session has ended, the token was revoked, or the account is disabled.
///
/// # Errors
/// When the database does not answer.
pub async fn authenticate(
    cx: &Context,
    presented: Presented,
    from: Option<String>,
) -> Result<Option<Principal>, Error> {
    match presented {
        Presented::Session { user, session } => {
            let holder = cx.store.session_holder(session, user, cx.now()).await?;
            Ok(holder.map(|(person, limited)| Principal {
                caller: Caller::Person(person),
                credential: Credential::Session { id: session, limited },
                from,
            }))
        }
        Presented::Client { client, token, scopes, issued_at } => {
            let client = cx.store.token_holder(client, token, issued_at).await?;
            Ok(client.map(|client| Principal {
                // What the token asked for, and the program may still do.
                caller: Caller::Client(Client { scopes: &client.scopes & &scopes, ..client }),
                credential: Credential::Token { id: token },
                from,
            }))
        }
    }
}

/// The program of an API key, which lets it use Open311 and nothing else; none when the text is no key that holds.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn key(cx: &Context, key: &str) -> Result<Option<(Client, ClientSecretId)>, Error> {
    if !looks_like_key(key) {
        return Ok(None);
    }
    let now = cx.now();
    let Some((mut client, id)) = cx.store.key_holder(&digest(key), now).await? else { return Ok(None) };
    client.scopes.retain(|scope| *scope == ClientScope::Open311);
    cx.store.client_used(client.client, Some(id), now).await?;
    Ok(Some((client, id)))
}

/// Who is asking with an API key.
///
/// # Errors
/// When the database does not answer.
pub async fn authenticate_key(cx: &Context, presented: &str, from: Option<String>) -> Result<Option<Principal>, Error> {
    let holder = key(cx, presented).await?;
    Ok(holder.map(|(client, id)| Principal {
        caller: Caller::Client(client),
        credential: Credential::Key { id },
        from,
    }))
}
