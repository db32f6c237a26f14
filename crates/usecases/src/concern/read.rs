//! Reading a concern.

use auth::Grant;
use auth::permission::ReadTickets;
use domain::id::ConcernId;
use domain::ticket::Ticket;
use store::concern::Concern;
use store::{Error, Scope};

use crate::Context;

/// A concern with those of its tickets that the caller may know of.
///
/// # Errors
/// When the database does not answer.
pub async fn read(
    cx: &Context,
    who: &Grant<ReadTickets>,
    id: ConcernId,
) -> Result<Option<(Concern, Vec<Ticket>)>, Error> {
    let found = cx.store.concern(&Scope::of(who.caller()), id).await?;
    if let Some((_, tickets)) = &found {
        crate::ticket::record_shown(cx, who, tickets).await?;
    }
    Ok(found)
}
