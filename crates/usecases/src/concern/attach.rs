//! Filing a concern that is attached to a ticket of another one.

use auth::Grant;
use auth::permission::Permission;
use domain::audit::Act;
use domain::city::City;
use domain::city::catalogue::Category;
use domain::rights::{Caller, Secrecy};
use domain::ticket::Ticket;
use domain::ticket::event::Part;
use domain::ticket::follow::Follow;
use store::city::Loaded;
use store::concern::{Concern, NewConcern};
use store::ticket::Named;
use store::{Contact, Tx};

use super::duplicates::reach;
use super::file::{Fault, File, FileError, Filed, Warning, not_filed};
use super::ready::receipt;
use crate::Context;
use crate::ticket::save;

/// The ticket of that name, locked, if the caller may know of it and a concern of the category can be attached to it. One
/// that they may not know of is refused as one that does not exist.
pub(super) async fn attachable<P: Permission<Holder = Caller>>(
    cx: &Context,
    tx: &Tx,
    who: &Grant<P>,
    category: &Category,
    name: &Named,
) -> Result<Ticket, FileError> {
    let invalid = |fault| FileError::Invalid(vec![fault]);
    let scope = reach(who).ok_or_else(|| invalid(Fault::UnknownTicket))?;
    let ticket = tx.lock_ticket(&scope, name).await?.ok_or_else(|| invalid(Fault::UnknownTicket))?;
    let taken = ticket.can_take(&category.code, category.secrecy(), who.caller().referrer());
    taken.map_err(|why| invalid(Fault::NotAttachable(why)))?;
    if ticket.secrecy() != Secrecy::Standard {
        tx.audit(&who.record(Act::TicketRead { ticket: ticket.id }, cx.now()));
    }
    Ok(ticket)
}

/// What is wrong with the ticket that was named, to be told beside what else is wrong.
pub(super) async fn attach_fault<P: Permission<Holder = Caller>>(
    cx: &Context,
    who: &Grant<P>,
    city: &City,
    cmd: &File,
) -> Result<Option<Fault>, store::Error> {
    let Some(name) = &cmd.attach_to else { return Ok(None) };
    let Some(scope) = reach(who) else { return Ok(Some(Fault::UnknownTicket)) };
    let Some(ticket) = cx.store.ticket(&scope, name).await? else { return Ok(Some(Fault::UnknownTicket)) };
    let Some(category) = city.category(&cmd.category) else { return Ok(None) };
    let taken = ticket.can_take(&category.code, category.secrecy(), who.caller().referrer());
    Ok(taken.err().map(Fault::NotAttachable))
}

/// A concern as it will be kept, the contact if it will be, and what the officer should know.
pub(super) struct Filing {
    pub(super) concern: Concern,
    pub(super) contact: Option<Contact>,
    pub(super) warnings: Vec<Warning>,
}

impl Filing {
    /// Files it, attached to a ticket that was locked.
    pub(super) async fn attach<P: Permission<Holder = Caller>>(
        self,
        cx: &Context,
        loaded: &Loaded,
        tx: &Tx,
        who: &Grant<P>,
        ticket: Ticket,
    ) -> Result<Filed, FileError> {
        let Self { concern, contact, warnings } = self;
        let concern = Concern { follows: Some(ticket.id), ..concern };
        let receipt = receipt(cx, concern.id, contact.as_ref());
        let (contact, receipt) = (contact.as_ref(), receipt.as_ref());
        if !tx.file_concern(NewConcern { concern: &concern, contact, receipt, tickets: &[], first: None }).await? {
            return Err(not_filed(&concern, async |id| tx.cafe(id).await).await);
        }
        let change = Follow { concern: concern.id }.apply(ticket);
        let by = who.caller().in_part(Part::Referrer);
        let tickets = save(cx, loaded, tx, vec![(change, by)], concern.filed_at).await?;
        Ok(Filed { concern, tickets, duplicates: Vec::new(), warnings })
    }
}
