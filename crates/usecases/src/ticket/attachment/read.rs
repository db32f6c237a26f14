//! Reading what a ticket has, and having it.

use auth::Grant;
use auth::permission::ReadTickets;
use domain::id::AttachmentId;
use files::{Error as FileError, Opened, Which};
use store::attachment::Shown;
use store::ticket::Named;
use store::{Error, Page};

use super::super::read::read as ticket;
use crate::Context;

/// Why the bytes of an attachment cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is none that the caller may know of, or it has no such picture.
    #[error("there is no such attachment")]
    NotFound,
    /// It was taken back.
    #[error("the attachment was taken back")]
    Removed,
    /// The virus scanner has not seen it yet.
    #[error("the attachment was not scanned yet")]
    NotScanned,
    /// The store of files does not have it, or does not answer.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// An attachment whose bytes the caller may have. Only [`readable`] makes one.
#[derive(Debug)]
pub struct Readable(Shown);

impl Readable {
    /// The attachment.
    #[must_use]
    pub const fn shown(&self) -> &Shown {
        &self.0
    }
}

/// A page of a ticket's attachments, the first one first; none when the caller may not know of the ticket.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    cx: &Context,
    who: &Grant<ReadTickets>,
    name: &Named,
    after: Option<AttachmentId>,
    limit: u64,
) -> Result<Option<Page<Shown, AttachmentId>>, Error> {
    let Some(ticket) = ticket(cx, who, name).await? else { return Ok(None) };
    let adders = who.caller().sees_attachments_of(&ticket);
    Ok(Some(cx.store.attachments(ticket.id, adders, after, limit).await?))
}

/// An attachment, be it that it was taken back; none when the caller may not know of it.
///
/// # Errors
/// When the database does not answer.
pub async fn read(
    cx: &Context,
    who: &Grant<ReadTickets>,
    name: &Named,
    id: AttachmentId,
) -> Result<Option<Shown>, Error> {
    let Some(ticket) = ticket(cx, who, name).await? else { return Ok(None) };
    let shown = cx.store.attachment(ticket.id, id).await?;
    Ok(shown.filter(|shown| who.caller().sees_attachment(&shown.attachment.added_by, &ticket)))
}

/// Whether the caller may have the bytes of an attachment now.
///
/// # Errors
/// See [`OpenError`].
pub async fn readable(
    cx: &Context,
    who: &Grant<ReadTickets>,
    name: &Named,
    id: AttachmentId,
) -> Result<Readable, OpenError> {
    there(cx, read(cx, who, name, id).await?)
}

/// Whether the bytes of an attachment that the caller may know of can be had now.
pub(crate) fn there(cx: &Context, shown: Option<Shown>) -> Result<Readable, OpenError> {
    let shown = shown.ok_or(OpenError::NotFound)?;
    if shown.attachment.removed.is_some() {
        return Err(OpenError::Removed);
    }
    if cx.files.scans() && shown.attachment.scanned_at.is_none() {
        return Err(OpenError::NotScanned);
    }
    Ok(Readable(shown))
}

/// The bytes of an attachment, or of its thumbnail.
///
/// # Errors
/// See [`OpenError`].
pub async fn open(cx: &Context, readable: &Readable, which: Which) -> Result<Opened, OpenError> {
    let attachment = &readable.0.attachment;
    if which == Which::Thumbnail && attachment.dimensions.is_none() {
        return Err(OpenError::NotFound);
    }
    Ok(cx.files.open(attachment.id, which).await?)
}
