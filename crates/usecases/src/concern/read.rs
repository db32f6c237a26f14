//! Reading a concern.

use auth::Grant;
use auth::permission::ReadTickets;
use domain::concern::Status;
use domain::id::ConcernId;
use domain::ticket::Ticket;
use store::concern::Concern;
use store::{Error, Scope};

use crate::Context;

/// A concern, how far it is, and those of its tickets that the caller may know of.
///
/// # Errors
/// When the database does not answer.
pub async fn read(
    cx: &Context,
    who: &Grant<ReadTickets>,
    id: ConcernId,
) -> Result<Option<(Concern, Status, Vec<Ticket>)>, Error> {
    let Some((concern, tickets)) = cx.store.concern(&Scope::of(who.caller()), id).await? else { return Ok(None) };
    crate::ticket::record_shown(cx, who, &tickets).await?;
    let status = cx.store.concern_status(id).await?;
    Ok(Some((concern, status, tickets)))
}
