//! What a partner sees of its ticket: what its service is entitled to, and nothing else is even loaded.

use domain::attachment::Adders;
use domain::city::organisation::Entitled;
use domain::id::AttachmentId;
use domain::ticket::Ticket;
use domain::ticket::writing::ReferrerMessage;
use store::Error;
use store::attachment::Shown as Attachment;
use store::concern::Raised;

use super::super::attachment::{OpenError, Readable, Which, there};
use super::Door;
use crate::Context;

/// As much as a page shows.
const MOST: u64 = 50;

/// Whose photographs a page shows: what a resident sent stays with who reads their words.
const ADDERS: Adders = Adders::ButResidents;

/// What a partner sees beside the ticket. What it is not entitled to is empty.
#[derive(Debug, Clone)]
pub struct Shown {
    /// When the concern was filed, and what the resident said.
    pub raised: Raised,
    /// The photographs that can be opened, without those that a resident sent; fifty at most.
    pub photos: Vec<Attachment>,
    /// What its service and the referrer wrote to one another since the ticket is there, the first message first; fifty
    /// at most.
    pub messages: Vec<ReferrerMessage>,
}

/// Follows a link, which is logged, to what it leads to.
///
/// # Errors
/// When the database does not answer.
pub async fn look(cx: &Context, door: &Door) -> Result<Shown, Error> {
    cx.store.log_opening(&door.opening(cx, "opened")).await?;
    shown(cx, door).await
}

/// See [`look`]; the page that a refused form is shown with again is no opening.
///
/// # Errors
/// When the database does not answer.
pub async fn shown(cx: &Context, door: &Door) -> Result<Shown, Error> {
    let Ticket { id, concern, .. } = *door.ticket();
    let raised = cx.store.raised(concern, door.sees(Entitled::Description)).await?;
    let mut shown = Shown { raised, photos: Vec::new(), messages: Vec::new() };
    if door.sees(Entitled::Photos) {
        let attachments = cx.store.attachments(id, ADDERS, None, MOST).await?.items;
        shown.photos =
            attachments.into_iter().filter(is_photo).filter(|a| there(cx, Some(a.clone())).is_ok()).collect();
    }
    if door.sees(Entitled::Messages) && !door.ticket().hidden_from_referrer {
        shown.messages = cx.store.referrer_messages_of_service(door.ticket(), MOST).await?;
    }
    Ok(shown)
}

fn is_photo(shown: &Attachment) -> bool {
    shown.attachment.dimensions.is_some()
}

/// A photograph of the ticket, if the partner may have it now. That it was opened is logged; that its thumbnail was drawn
/// with the page is not.
///
/// # Errors
/// [`OpenError::NotFound`] when it is none of the ticket, or the partner is not entitled to photographs.
pub async fn photo(cx: &Context, door: &Door, id: AttachmentId, which: Which) -> Result<Readable, OpenError> {
    if !door.sees(Entitled::Photos) {
        return Err(OpenError::NotFound);
    }
    let found = cx.store.attachment(door.ticket().id, id).await?;
    let found = found.filter(|found| is_photo(found) && ADDERS.include(&found.attachment.added_by));
    let photo = there(cx, found)?;
    if which == Which::Content {
        cx.store.log_opening(&door.opening(cx, "photo")).await?;
    }
    Ok(photo)
}
