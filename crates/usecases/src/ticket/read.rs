//! Reading tickets and their timelines.

use auth::Grant;
use auth::permission::ReadTickets;
use domain::ticket::Ticket;
use store::ticket::{After, Entry, Filter, Named};
use store::{Error, Page, Scope};

use crate::Context;

/// One ticket, if the caller may know of it.
///
/// # Errors
/// When the database does not answer.
pub async fn read(cx: &Context, who: &Grant<ReadTickets>, name: &Named) -> Result<Option<Ticket>, Error> {
    cx.store.ticket(&Scope::of(who.person()), name).await
}

/// A page of the tickets that the caller may know of, the last filed first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    cx: &Context,
    who: &Grant<ReadTickets>,
    filter: &Filter,
    after: Option<After>,
    limit: u64,
) -> Result<Page<Ticket, After>, Error> {
    cx.store.tickets(&Scope::of(who.person()), filter, after, limit, cx.now()).await
}

/// A page of a ticket's timeline, the first event first; none when the caller may not know of the ticket.
///
/// # Errors
/// When the database does not answer.
pub async fn timeline(
    cx: &Context,
    who: &Grant<ReadTickets>,
    name: &Named,
    after: i64,
    limit: u64,
) -> Result<Option<(Ticket, Page<Entry, i64>)>, Error> {
    let Some(ticket) = read(cx, who, name).await? else { return Ok(None) };
    let page = cx.store.timeline(ticket.id, after, limit).await?;
    Ok(Some((ticket, page)))
}
