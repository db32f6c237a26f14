//! Where one is logged in.

use domain::id::UserId;
use store::Error;
use store::session::Listed;

use crate::Context;

/// The live sessions of a person, the last used first; a hundred at most.
///
/// # Errors
/// When the database does not answer.
pub async fn list(cx: &Context, user: UserId) -> Result<Vec<Listed>, Error> {
    cx.store.sessions(user, cx.now()).await
}
