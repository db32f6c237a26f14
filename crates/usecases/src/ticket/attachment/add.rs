//! Adding an attachment.

use auth::Grant;
use auth::permission::ChangeTickets;
use chrono::TimeDelta;
use domain::attachment::{Attachment, FileName, Refusal};
use domain::audit::Act;
use domain::id::AttachmentId;
use domain::ticket::attach::Attach;
use domain::ticket::{Actor, Ticket};
use files::{Error as FileError, Refusal as FileRefusal, Spool, Spooled};
use store::Scope;
use store::attachment::Shown;
use store::ticket::Named;

use super::super::change::save;
use super::discard;
use crate::once::{Done, KeyReused, Once};
use crate::{Context, NoCity};

/// How long bytes may lie that became no attachment. Longer than an upload takes after it was received.
const GRACE: TimeDelta = TimeDelta::hours(1);

/// Why an attachment is not added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// There is no such ticket within the caller's reach.
    #[error("there is no such ticket")]
    NotFound,
    /// The ticket does not take it from the caller.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The file is not accepted, or cannot be kept.
    #[error(transparent)]
    File(#[from] FileError),
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Whether the caller may add something to the ticket as it is now: asked before anything is received.
///
/// # Errors
/// See [`AddError`].
pub async fn may_add(cx: &Context, who: &Grant<ChangeTickets>, name: &Named) -> Result<(), AddError> {
    let ticket = cx.store.ticket(&Scope::of(who.caller()), name).await?.ok_or(AddError::NotFound)?;
    accepted(who, &ticket).map(drop)
}

fn accepted(who: &Grant<ChangeTickets>, ticket: &Ticket) -> Result<Actor, AddError> {
    let by = who.caller().attaching(ticket)?;
    ticket.takes_attachments()?;
    Ok(by)
}

/// Begins to receive a file.
///
/// # Errors
/// [`AddError::File`] when there is no room for it.
pub async fn receive(cx: &Context) -> Result<Spool, AddError> {
    Ok(cx.files.receive().await?)
}

/// What an infected file is answered with, once it was recorded who sent it.
async fn infected(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    name: &Named,
    virus: String,
) -> Result<AddError, store::Error> {
    if let Some(Ticket { id: ticket, .. }) = cx.store.ticket(&Scope::of(who.caller()), name).await? {
        tracing::warn!(%ticket, virus, "an upload was refused: it is infected");
        cx.store.audit(&who.record(Act::InfectedUpload { ticket, virus: virus.clone() }, cx.now())).await?;
    }
    Ok(FileError::from(FileRefusal::Infected(virus)).into())
}

/// Adds a file that was received, under what remains of the name that it was given.
///
/// # Errors
/// See [`AddError`]; nothing of the file is kept then.
pub async fn add(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    name: Named,
    upload: Spooled,
    given_name: &str,
    once: Once<'_, Shown>,
) -> Result<Done<Shown>, AddError> {
    let (now, loaded) = (cx.now(), cx.city()?);
    let made = match cx.files.make(upload).await {
        Err(FileError::Refused(FileRefusal::Infected(virus))) => return Err(infected(cx, who, &name, virus).await?),
        made => made?,
    };
    let id = AttachmentId(cx.ids.next());
    cx.store.expect_file(id, now + GRACE).await?;
    if let Err(error) = cx.files.keep(id, &made).await {
        discard(cx, id).await;
        return Err(error.into());
    }
    let added = once
        .run(cx, async |tx| {
            let ticket = tx.lock_ticket(&Scope::of(who.caller()), &name).await?.ok_or(AddError::NotFound)?;
            let by = accepted(who, &ticket)?;
            if tx.count_attachments(ticket.id).await? >= cx.files.max_per_ticket().into() {
                return Err(Refusal::Full.into());
            }
            let attachment = Attachment {
                id,
                ticket: ticket.id,
                name: Some(FileName::of(given_name, made.media_type)),
                media_type: made.media_type,
                size: made.content.len() as u64,
                sha256: made.sha256(),
                dimensions: made.dimensions,
                added_at: now,
                added_by: by.clone(),
                scanned_at: made.scanned.then_some(now),
                removed: None,
            };
            if !tx.add_attachment(&attachment).await? {
                return Err(FileError::Unavailable("the file was kept too late".to_owned()).into());
            }
            let change = Attach { attachment: id, media_type: made.media_type }.apply(ticket)?;
            save(cx, &loaded, tx, vec![(change, by)], now).await?;
            let shown = tx.attachment(attachment.ticket, id).await?;
            Ok(shown.unwrap_or(Shown { attachment, by: None }))
        })
        .await;
    match &added {
        Ok(Done::Now(_)) => cx.wake.notify_one(),
        // Whether the database committed may not be known: then the sweep finds out.
        Err(AddError::Store(_)) => {}
        Ok(Done::Before(_)) | Err(_) => discard(cx, id).await,
    }
    added
}
