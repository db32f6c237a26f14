//! Where one is logged in.

use auth::LoggedIn;
use store::Error;
use store::session::Listed;

use crate::Context;

/// One's own live sessions, the last used first; a hundred at most.
///
/// # Errors
/// When the database does not answer.
pub async fn list(cx: &Context, who: LoggedIn) -> Result<Vec<Listed>, Error> {
    cx.store.sessions(who.user(), cx.now()).await
}
