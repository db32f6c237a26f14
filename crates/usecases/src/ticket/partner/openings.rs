//! Who followed the links to a ticket, for dispatchers.

use auth::Grant;
use auth::permission::ReadTickets;
use domain::ticket::event::Part;
use store::Page;
use store::partner::Opening;
use store::ticket::Named;
use uuid::Uuid;

use super::super::writing::{WriteError, of};
use crate::Context;

/// A page of what was done with the links to a ticket, the first one first.
///
/// # Errors
/// [`WriteError::NotFound`], [`WriteError::NotTheirs`].
pub async fn openings(
    cx: &Context,
    who: &Grant<ReadTickets>,
    name: &Named,
    after: Uuid,
    limit: u64,
) -> Result<Page<Opening, Uuid>, WriteError> {
    let ticket = of(cx, who, name, &[Part::Dispatcher]).await?;
    Ok(cx.store.openings(ticket.id, after, limit).await?)
}
