//! Reading tickets and their timelines.

use auth::Grant;
use auth::permission::ReadTickets;
use domain::audit::Act;
use domain::id::TicketId;
use domain::rights::{Caller, Right, Secrecy};
use domain::ticket::receive::Receive;
use domain::ticket::{Action, State, Ticket};
use store::concern::Raised;
use store::ticket::{Entry, Named};
use store::tracking::Mails;
use store::{Error, Page, Scope};

use super::change::save;
use crate::{Context, Reader};

/// One ticket, opened by the caller: when a person of its service does so for the first time, the service has received
/// it. And whether mails go to the resident of its concern, for those who have a part in the ticket. None when the caller may not
/// know of it.
///
/// # Errors
/// When the database does not answer.
pub async fn open(cx: &Context, reader: &Reader, name: &Named) -> Result<Option<(Ticket, Option<Mails>)>, Error> {
    let Some((ticket, mails)) = cx.store.ticket_with_mails(reader.scope(), name).await? else {
        return Ok(None);
    };
    let Some(ticket) = opened(cx, reader, name, ticket).await? else { return Ok(None) };
    let has_a_part = reader.who().caller().parts_in(&ticket).next().is_some();
    Ok(Some((ticket, Some(mails).filter(|_| has_a_part))))
}

/// Keeps that a ticket was read, if it is not for everybody, and that the service has received it, if that is so with its being opened.
async fn opened(cx: &Context, reader: &Reader, name: &Named, ticket: Ticket) -> Result<Option<Ticket>, Error> {
    record_read(cx, reader.who(), &ticket).await?;
    receive(cx, reader, name, ticket).await
}

/// Keeps that the service has received a ticket, if that is so with its being opened.
async fn receive(cx: &Context, reader: &Reader, name: &Named, ticket: Ticket) -> Result<Option<Ticket>, Error> {
    let who = reader.who();
    let may_receive = |ticket: &Ticket| {
        let theirs = matches!(who.caller(), Caller::Person(_)) && who.caller().has(Right::ChangeTickets);
        let by = who.caller().acting(Action::Receive, ticket).ok().filter(|_| theirs);
        by.filter(|_| ticket.state == State::Submitted && ticket.received_at.is_none())
    };
    let (Some(_), Ok(loaded)) = (may_receive(&ticket), cx.city()) else { return Ok(Some(ticket)) };
    let tx = cx.store.begin().await?;
    let Some(ticket) = tx.lock_ticket(reader.scope(), name).await? else { return Ok(None) };
    // Somebody else of the service may have opened it meanwhile.
    let Some(by) = may_receive(&ticket) else { return Ok(Some(ticket)) };
    let now = cx.now();
    let Ok(change) = Receive.apply(ticket.clone(), now) else { return Ok(Some(ticket)) };
    let received = save(cx, &loaded, &tx, vec![(change, by)], now).await?.pop();
    tx.commit().await?;
    Ok(received)
}

/// One ticket with how its concern was raised, to be printed; opened by that, as by [`open`]. None when the caller may not know of it.
///
/// # Errors
/// When the database does not answer.
pub async fn sheet(cx: &Context, reader: &Reader, name: &Named) -> Result<Option<(Ticket, Raised)>, Error> {
    let Some((ticket, raised)) = cx.store.ticket_as_raised(reader.scope(), name).await? else {
        return Ok(None);
    };
    Ok(opened(cx, reader, name, ticket).await?.map(|ticket| (ticket, raised)))
}

/// A page of a ticket's handovers, the first one first; none when the caller may not know of the ticket.
///
/// # Errors
/// When the database does not answer.
pub async fn handovers(
    cx: &Context,
    who: &Grant<ReadTickets>,
    name: &Named,
    after: i64,
    limit: u64,
) -> Result<Option<Page<store::handover::Named, i64>>, Error> {
    let Some(ticket) = read(cx, who, name).await? else { return Ok(None) };
    Ok(Some(cx.store.handovers(ticket.id, after, limit).await?))
}

/// One ticket, if the caller may know of it. Reading one that is not for everybody is recorded before it is shown.
///
/// # Errors
/// When the database does not answer.
pub async fn read(cx: &Context, who: &Grant<ReadTickets>, name: &Named) -> Result<Option<Ticket>, Error> {
    let ticket = cx.store.ticket(&Scope::of(who.caller()), name).await?;
    if let Some(ticket) = &ticket {
        record_read(cx, who, ticket).await?;
    }
    Ok(ticket)
}

/// Records that a ticket is read, if it is not for everybody.
async fn record_read(cx: &Context, who: &Grant<ReadTickets>, ticket: &Ticket) -> Result<(), Error> {
    if ticket.secrecy() == Secrecy::Standard {
        return Ok(());
    }
    cx.store.audit(&who.record(Act::TicketRead { ticket: ticket.id }, cx.now())).await
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

/// A page of a ticket's timeline, the first event first; none when the caller may not know of the ticket.
///
/// # Errors
/// When the database does not answer.
pub async fn timeline(
    cx: &Context,
    reader: &Reader,
    name: &Named,
    after: i64,
    limit: u64,
) -> Result<Option<(Ticket, Page<Entry, i64>)>, Error> {
    let found = cx.store.ticket_with_timeline(reader.scope(), name, after, limit).await?;
    if let Some((ticket, _)) = &found {
        record_read(cx, reader.who(), ticket).await?;
    }
    Ok(found)
}
