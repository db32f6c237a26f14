//! Reading programs.

use auth::Grant;
use auth::permission::ReadClients;
use domain::id::ClientId;
use store::client::{After, Registered};
use store::{Error, Page};

use crate::Context;

/// One program.
///
/// # Errors
/// When the database does not answer.
pub async fn read(cx: &Context, _who: &Grant<ReadClients>, id: ClientId) -> Result<Option<Registered>, Error> {
    cx.store.client(id, cx.now()).await
}

/// A page of programs, in the order of their names.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    cx: &Context,
    _who: &Grant<ReadClients>,
    after: Option<After>,
    limit: u64,
) -> Result<Page<Registered, After>, Error> {
    cx.store.clients(after, limit, cx.now()).await
}
