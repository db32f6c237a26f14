//! Reading accounts.

use auth::Grant;
use auth::permission::ReadUsers;
use domain::id::UserId;
use store::user::{After, Filter, User};
use store::{Error, Page};

use crate::Context;

/// One account.
///
/// # Errors
/// When the database does not answer.
pub async fn read(cx: &Context, _who: &Grant<ReadUsers>, id: UserId) -> Result<Option<User>, Error> {
    cx.store.user(id).await
}

/// A page of accounts, in the order of their names.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    cx: &Context,
    _who: &Grant<ReadUsers>,
    filter: &Filter,
    after: Option<After>,
    limit: u64,
) -> Result<Page<User, After>, Error> {
    cx.store.users(filter, after, limit).await
}
