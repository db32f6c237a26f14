//! Reading tickets and their timelines.

use auth::Grant;
use auth::permission::ReadTickets;
use domain::audit::Act;
use domain::id::TicketId;
use domain::rights::Secrecy;
use domain::ticket::Ticket;
use store::ticket::{After, Entry, Filter, Named};
use store::{Error, Page, Scope};

use crate::Context;

/// One ticket, if the caller may know of it. Reading one that is not for everybody is recorded before it is shown.
///
/// # Errors
/// When the database does not answer.
pub async fn read(cx: &Context, who: &Grant<ReadTickets>, name: &Named) -> Result<Option<Ticket>, Error> {
    let ticket = cx.store.ticket(&Scope::of(who.caller()), name).await?;
    if let Some(ticket) = ticket.as_ref().filter(|ticket| ticket.secrecy() != Secrecy::Standard) {
        cx.store.audit(&who.record(Act::TicketRead { ticket: ticket.id }, cx.now())).await?;
    }
    Ok(ticket)
}

/// Records that these tickets are shown, as far as they are not for everybody.
pub(crate) async fn record_shown(cx: &Context, who: &Grant<ReadTickets>, tickets: &[Ticket]) -> Result<(), Error> {
    let kept = tickets.iter().filter(|ticket| ticket.secrecy() != Secrecy::Standard).map(|ticket| ticket.id);
    let tickets: Vec<TicketId> = kept.collect();
    if tickets.is_empty() {
        return Ok(());
    }
    cx.store.audit(&who.record(Act::TicketsListed { tickets }, cx.now())).await
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
    let page = cx.store.tickets(&Scope::of(who.caller()), filter, after, limit, cx.now()).await?;
    record_shown(cx, who, &page.items).await?;
    Ok(page)
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
