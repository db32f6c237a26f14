//! Whether a verified token still holds, and what its owner may do at this moment. One query a request: what an
//! administrator changes takes effect with the next request, on every instance.

use auth::{Credential, Presented, Principal};
use domain::rights::Caller;
use store::Error;

use crate::Context;

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
        Presented::Client { client, token } => {
            let client = cx.store.token_holder(client, token).await?;
            Ok(client.map(|client| Principal {
                caller: Caller::Client(client),
                credential: Credential::Token { id: token },
                from,
            }))
        }
    }
}
