//! Attachments of an e-mail: looked into and made anew like any upload, before the ticket is locked.

use chrono::TimeDelta;
use domain::attachment::{Attachment, FileName};
use domain::id::AttachmentId;
use domain::ticket::attach::Attach;
use domain::ticket::{Actor, Ticket};
use files::{Error as FileError, Made, Refusal as FileRefusal};
use store::Tx;
use store::city::Loaded;

use super::{ReceiveError, RefusedAttachment};
use crate::Context;
use crate::ticket::attachment::discard;
use crate::ticket::save;

/// How long bytes may lie that became no attachment.
const GRACE: TimeDelta = TimeDelta::hours(1);

/// An attachment that came with an e-mail.
pub(super) enum Upload {
    /// It can be kept: its bytes lie ready.
    Ready { id: AttachmentId, name: String, made: Made },
    /// It is not accepted.
    Refused(RefusedAttachment),
}

impl Upload {
    /// Looks into what came, and lays what is made of it ready.
    pub(super) async fn make(cx: &Context, name: &str, content: &[u8]) -> Result<Self, ReceiveError> {
        let unavailable = |error: FileError| ReceiveError::Unavailable(error.to_string());
        let refused =
            |why: &FileRefusal| Self::Refused(RefusedAttachment { name: name.to_owned(), why: code(why).to_owned() });
        let mut spool = cx.files.receive().await.map_err(unavailable)?;
        let made = match spool.take(content).await {
            Ok(()) => match spool.end().await {
                Ok(spooled) => cx.files.make(spooled).await,
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        let made = match made {
            Ok(made) => made,
            Err(FileError::Refused(why)) => return Ok(refused(&why)),
            Err(error) => return Err(unavailable(error)),
        };
        let id = AttachmentId(cx.ids.next());
        cx.store.expect_file(id, cx.now() + GRACE).await?;
        if let Err(error) = cx.files.keep(id, &made).await {
            discard(cx, id).await;
            return Err(unavailable(error));
        }
        Ok(Self::Ready { id, name: name.to_owned(), made })
    }

    /// Makes it an attachment of the ticket, in the transaction that places the e-mail. Gives the ticket back as it is
    /// then, or why it stays as it was.
    pub(super) async fn add(
        &self,
        cx: &Context,
        loaded: &Loaded,
        tx: &Tx,
        ticket: Ticket,
        by: &Actor,
    ) -> Result<(Ticket, Option<RefusedAttachment>), store::Error> {
        let (id, name, made) = match self {
            Self::Ready { id, name, made } => (*id, name, made),
            Self::Refused(refused) => return Ok((ticket, Some(refused.clone()))),
        };
        let because = |why: &str| Some(RefusedAttachment { name: name.clone(), why: why.to_owned() });
        if ticket.takes_attachments().is_err() {
            return Ok((ticket, because("ticket_ended")));
        }
        if tx.count_attachments(ticket.id).await? >= cx.files.max_per_ticket().into() {
            return Ok((ticket, because("attachments_full")));
        }
        let now = cx.now();
        let attachment = Attachment {
            id,
            ticket: ticket.id,
            name: Some(FileName::of(name, made.media_type)),
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
            return Err(store::Error::Corrupt("a file was swept away before it was used".to_owned()));
        }
        let change = Attach { attachment: id, media_type: made.media_type }.apply(ticket);
        let change =
            change.map_err(|refusal| store::Error::Corrupt(format!("a ticket that takes files: {refusal}")))?;
        let mut saved = save(cx, loaded, tx, vec![(change, by.clone())], now).await?;
        Ok((saved.remove(0), None))
    }
}

/// Deletes what lay ready and is not used.
pub(super) async fn discard_all(cx: &Context, uploads: &[Upload]) {
    for upload in uploads {
        if let Upload::Ready { id, .. } = upload {
            discard(cx, *id).await;
        }
    }
}

/// Why a file is not accepted, as an upload over the API is told.
const fn code(refusal: &FileRefusal) -> &'static str {
    match refusal {
        FileRefusal::TooLong(_) => "too_long",
        FileRefusal::Empty => "empty",
        FileRefusal::UnknownType => "unknown_type",
        FileRefusal::Damaged => "damaged",
        FileRefusal::TooManyPixels => "too_many_pixels",
        FileRefusal::Bomb => "bomb",
        FileRefusal::Encrypted => "encrypted",
        FileRefusal::Active(_) => "active_content",
        FileRefusal::Infected(_) => "infected",
    }
}
