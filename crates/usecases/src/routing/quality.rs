//! How well the rules have sent.

use auth::Grant;
use auth::permission::ReadRouting;
use chrono::{DateTime, Utc};
use domain::person::Role;
use domain::routing::Quality;

use crate::Context;

/// What became of the tickets that rules sent to services, of concerns that were filed between the two times. Small numbers
/// are for the municipal police alone.
///
/// # Errors
/// When the database does not answer.
pub async fn quality(
    cx: &Context,
    who: &Grant<ReadRouting>,
    from: DateTime<Utc>,
    before: DateTime<Utc>,
) -> Result<Vec<Quality>, store::Error> {
    let all = cx.store.routing_quality(from, before).await?;
    if who.person().is(Role::Dispatcher) {
        return Ok(all);
    }
    Ok(all.into_iter().filter_map(Quality::masked).collect())
}
