//! A file on its way to a ticket: its bytes are laid ready before the ticket is locked, and become an attachment in the
//! transaction that holds it.

use chrono::TimeDelta;
use domain::attachment::{Attachment, FileName, Refusal};
use domain::id::AttachmentId;
use domain::ticket::attach::Attach;
use domain::ticket::{Actor, Ticket};
use files::{Error as FileError, Made};
use store::Tx;
use store::city::Loaded;

use super::discard;
use crate::Context;
use crate::ticket::save;

/// How long bytes may lie that became no attachment. Longer than a request or an e-mail takes.
pub(super) const GRACE: TimeDelta = TimeDelta::hours(1);

/// A file whose bytes lie ready.
pub(crate) struct Laid {
    id: AttachmentId,
    /// What it is called by whom it comes from.
    name: String,
    made: Made,
}

/// Why a file that lies ready becomes no attachment.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAttached {
    /// The ticket does not take it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Its bytes were swept away before.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Laid {
    /// Lays what was made of a file ready. What becomes no attachment is swept away when its time is over.
    pub(crate) async fn lay<E>(cx: &Context, made: Made, name: &str) -> Result<Self, E>
    where
        E: From<FileError> + From<store::Error>,
    {
        let id = AttachmentId(cx.ids.next());
        cx.store.expect_file(id, cx.now() + GRACE).await?;
        if let Err(error) = cx.files.keep(id, &made).await {
            discard(cx, id).await;
            return Err(error.into());
        }
        Ok(Self { id, name: name.to_owned(), made })
    }

    /// What the file is called by whom it comes from.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Deletes the bytes: they become no attachment.
    pub(crate) async fn discard(&self, cx: &Context) {
        discard(cx, self.id).await;
    }

    /// Makes it an attachment of the ticket that the transaction has locked. Gives the ticket as it is then.
    pub(crate) async fn attach(
        &self,
        cx: &Context,
        loaded: &Loaded,
        tx: &Tx,
        ticket: Ticket,
        by: &Actor,
    ) -> Result<(Attachment, Ticket), NotAttached> {
        ticket.takes_attachments()?;
        if tx.count_attachments(ticket.id).await? >= cx.files.max_per_ticket().into() {
            return Err(Refusal::Full.into());
        }
        let (now, made) = (cx.now(), &self.made);
        let attachment = Attachment {
            id: self.id,
            ticket: ticket.id,
            name: Some(FileName::of(&self.name, made.media_type)),
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
        let change = Attach { attachment: self.id, media_type: made.media_type }.apply(ticket)?;
        let mut saved = save(cx, loaded, tx, vec![(change, by.clone())], now).await?;
        Ok((attachment, saved.remove(0)))
    }
}
