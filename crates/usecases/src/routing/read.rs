//! Reading published rule sets.

use auth::Grant;
use auth::permission::ReadRouting;
use domain::routing::Rule;
use store::routing::Edition;
use store::{Error, Page};

use crate::Context;

/// A page of the published rule sets, the latest first.
///
/// # Errors
/// When the database does not answer.
pub async fn editions(
    cx: &Context,
    _who: &Grant<ReadRouting>,
    before: Option<i32>,
    limit: u64,
) -> Result<Page<Edition, i32>, Error> {
    cx.store.editions(before, limit).await
}

/// A published rule set with its rules; the one in force when no version is named.
///
/// # Errors
/// When the database does not answer.
pub async fn edition(
    cx: &Context,
    _who: &Grant<ReadRouting>,
    version: Option<i32>,
) -> Result<Option<(Edition, Vec<Rule>)>, Error> {
    cx.store.edition(version).await
}
