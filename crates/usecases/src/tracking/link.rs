//! Renewing and ending a resident's link, for who filed the concern and for dispatchers.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::audit::Act;
use domain::concern::News;
use domain::id::{ConcernId, MessageId};
use store::outbox::{Message, SILENT};
use store::{Error, Scope};

use crate::Context;
use crate::once::{Done, KeyReused, Once};

/// Why nothing is done with a resident's link.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// There is no such concern within the caller's reach.
    #[error("there is no such concern")]
    NotFound,
    /// The caller neither filed the concern nor is a dispatcher.
    #[error("somebody else looks after the resident")]
    NotTheirs,
    /// The concern has no link: the resident left nothing to be reached by, and has no slip.
    #[error("the concern has no link")]
    NoLink,
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// A link that was renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewed {
    /// Whether the new one is mailed to the resident.
    pub mailed: bool,
}

/// Whether the caller looks after the resident of that concern.
pub(super) async fn looks_after(cx: &Context, who: &Grant<ChangeTickets>, id: ConcernId) -> Result<(), LinkError> {
    let found = cx.store.concern(&Scope::of(who.caller()), id).await?;
    let (concern, _) = found.ok_or(LinkError::NotFound)?;
    if who.caller().looks_after(concern.referrer) { Ok(()) } else { Err(LinkError::NotTheirs) }
}

/// Replaces the link by another, which is mailed to the resident if they want mails; the earlier ones, and the slip, lead
/// nowhere. One that was ended lives again.
///
/// # Errors
/// See [`LinkError`].
pub async fn renew(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    id: ConcernId,
    once: Once<'_, Renewed>,
) -> Result<Done<Renewed>, LinkError> {
    looks_after(cx, who, id).await?;
    let done = once
        .run(cx, async |tx| {
            if !tx.renew_link(id).await? {
                return Err(LinkError::NoLink);
            }
            let mailed = tx.is_mailed(id).await?;
            if mailed {
                let message = Message::to_resident(id, MessageId(cx.ids.next()), News::LinkRenewed);
                tx.append_message(&message, cx.now()).await?;
            }
            tx.audit(&who.record(Act::TrackingRenewed { concern: id }, cx.now()));
            Ok(Renewed { mailed })
        })
        .await?;
    cx.wake.notify_one();
    Ok(done)
}

/// Ends the link and the slip: they lead nowhere, and nothing more is mailed to the resident, until it is renewed.
///
/// # Errors
/// See [`LinkError`].
pub async fn end(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    id: ConcernId,
    once: Once<'_, ()>,
) -> Result<Done<()>, LinkError> {
    looks_after(cx, who, id).await?;
    once.run(cx, async |tx| {
        let now = cx.now();
        if !tx.end_link(id, now).await? {
            return Err(LinkError::NoLink);
        }
        tx.stop_messages_to(id, now, SILENT).await?;
        tx.audit(&who.record(Act::TrackingEnded { concern: id }, now));
        Ok(())
    })
    .await
}
