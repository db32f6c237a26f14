//! Adding an attachment.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::attachment::Refusal;
use domain::audit::Act;
use domain::ticket::{Actor, Ticket};
use files::{Error as FileError, Refusal as FileRefusal, Spool, Spooled};
use store::Scope;
use store::attachment::Shown;
use store::ticket::Named;

use super::{Laid, NotAttached};
use crate::once::{Done, KeyReused, Once};
use crate::{Context, NoCity};

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

impl From<NotAttached> for AddError {
    fn from(why: NotAttached) -> Self {
        match why {
            NotAttached::Refused(refusal) => Self::Refused(refusal),
            NotAttached::File(error) => Self::File(error),
            NotAttached::Store(error) => Self::Store(error),
        }
    }
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
    let loaded = cx.city()?;
    let made = match cx.files.make(upload).await {
        Err(FileError::Refused(FileRefusal::Infected(virus))) => return Err(infected(cx, who, &name, virus).await?),
        made => made?,
    };
    let laid = Laid::lay::<AddError>(cx, made, given_name).await?;
    let added = once
        .run(cx, async |tx| {
            let ticket = tx.lock_ticket(&Scope::of(who.caller()), &name).await?.ok_or(AddError::NotFound)?;
            let by = accepted(who, &ticket)?;
            let (attachment, _) = laid.attach(cx, &loaded, tx, ticket, &by).await?;
            let shown = tx.attachment(attachment.ticket, attachment.id).await?;
            Ok(shown.unwrap_or(Shown { attachment, by: None }))
        })
        .await;
    match &added {
        Ok(Done::Now(_)) => cx.wake.notify_one(),
        // Whether the database committed may not be known: then the sweep finds out.
        Err(AddError::Store(_)) => {}
        Ok(Done::Before(_)) | Err(_) => laid.discard(cx).await,
    }
    added
}
