//! Reading cafés.

use auth::Grant;
use auth::permission::ReadCafes;
use domain::cafe::Cafe;
use domain::id::CafeId;
use store::cafe::{After, Filter};
use store::{Error, Page};

use crate::Context;

/// One café.
///
/// # Errors
/// When the database does not answer.
pub async fn read(cx: &Context, _who: &Grant<ReadCafes>, id: CafeId) -> Result<Option<Cafe>, Error> {
    cx.store.cafe(id).await
}

/// A page of cafés, the latest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    cx: &Context,
    _who: &Grant<ReadCafes>,
    filter: &Filter,
    after: Option<After>,
    limit: u64,
) -> Result<Page<Cafe, After>, Error> {
    cx.store.cafes(filter, after, limit).await
}
