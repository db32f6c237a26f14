//! Who one is.

use auth::Principal;
use store::Error;
use store::user::User;

use crate::Context;

/// The account of the principal; none when it is no longer in use.
///
/// # Errors
/// When the database does not answer.
pub async fn me(cx: &Context, who: &Principal) -> Result<Option<User>, Error> {
    cx.store.user(who.person.user).await
}
