//! Logging out.

use auth::Principal;
use store::Error;

use crate::Context;

/// Ends the session that the principal's token belongs to.
///
/// # Errors
/// When the database does not answer.
pub async fn end(cx: &Context, who: &Principal) -> Result<(), Error> {
    cx.store.end_session(who.session, cx.now()).await
}
