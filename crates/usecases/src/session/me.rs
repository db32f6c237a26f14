//! Who one is.

use auth::LoggedIn;
use store::Error;
use store::user::User;

use crate::Context;

/// One's own account.
///
/// # Errors
/// When the database does not answer.
pub async fn me(cx: &Context, who: LoggedIn) -> Result<Option<User>, Error> {
    cx.store.user(who.user()).await
}
