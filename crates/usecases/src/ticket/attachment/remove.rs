//! Taking an attachment back.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::attachment::{Refusal, Removal};
use domain::id::{AttachmentId, TicketId};
use domain::ticket::attach::Detach;
use domain::ticket::{Actor, Ticket};
use store::ticket::Named;
use store::{Error, Scope, Tx};

use super::super::change::save;
use super::discard;
use crate::{Context, NoCity};

/// Why an attachment is not taken back.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// There is none that the caller may know of.
    #[error("there is no such attachment")]
    NotFound,
    /// It is not the caller's to take back, or it was taken back before.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Takes an attachment back: its bytes and its name are gone; that it was there remains.
///
/// # Errors
/// See [`RemoveError`].
pub async fn remove(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    name: &Named,
    id: AttachmentId,
) -> Result<(), RemoveError> {
    let caller = who.caller();
    let tx = cx.store.begin().await?;
    let ticket = tx.lock_ticket(&Scope::of(caller), name).await?.ok_or(RemoveError::NotFound)?;
    let shown = tx.attachment(ticket.id, id).await?;
    let shown = shown.filter(|shown| caller.sees_attachment(&shown.attachment.added_by, &ticket));
    let attachment = shown.ok_or(RemoveError::NotFound)?.attachment;
    let by = caller.detaching(&attachment, &ticket)?;
    take_back(cx, &tx, ticket, Detach { attachment: id, infected: false }, by).await?;
    tx.commit().await?;
    discard(cx, id).await;
    Ok(())
}

/// Takes an attachment back in which a virus was found; unless it was taken back before.
pub(super) async fn remove_infected(cx: &Context, ticket: TicketId, id: AttachmentId) -> Result<(), RemoveError> {
    let tx = cx.store.begin().await?;
    let ticket = tx.lock_ticket(&Scope::everything(), &Named::Id(ticket)).await?.ok_or(RemoveError::NotFound)?;
    let shown = tx.attachment(ticket.id, id).await?.ok_or(RemoveError::NotFound)?;
    if shown.attachment.removed.is_some() {
        return Ok(());
    }
    take_back(cx, &tx, ticket, Detach { attachment: id, infected: true }, Actor::System).await?;
    tx.commit().await?;
    discard(cx, id).await;
    Ok(())
}

async fn take_back(cx: &Context, tx: &Tx, ticket: Ticket, cmd: Detach, by: Actor) -> Result<(), RemoveError> {
    let (now, loaded) = (cx.now(), cx.city()?);
    tx.remove_attachment(cmd.attachment, &Removal { at: now, by: by.clone() }).await?;
    save(cx, &loaded, tx, vec![(cmd.apply(ticket), by)], now).await?;
    Ok(())
}
