//! Who one is.

use domain::id::UserId;
use store::Error;
use store::user::User;

use crate::Context;

/// The account of a person.
///
/// # Errors
/// When the database does not answer.
pub async fn me(cx: &Context, user: UserId) -> Result<Option<User>, Error> {
    cx.store.user(user).await
}
