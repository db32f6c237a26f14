//! Another link, in place of one that expired: to the partner's mailbox, and nowhere else.

use chrono::{DateTime, Duration, Utc};
use domain::id::{MessageId, PartnerLinkId};
use domain::ticket::partner::LIVES;
use store::Error;
use store::partner::PartnerLink;
use store::throttle::{Key, Limit};

use super::{Shut, find, opening, standing};
use crate::session::Throttled;
use crate::{Context, Origin};

/// How often another link to one ticket is asked for: a mailbox is not for others to fill.
const ASKED: Limit = Limit { burst: 2, interval: Duration::hours(6) };

/// Why no link is sent.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// The link leads nowhere any more, and no other will.
    #[error(transparent)]
    Shut(#[from] Shut),
    /// The link still works.
    #[error("the link still works")]
    NotExpired,
    /// Too many.
    #[error(transparent)]
    Throttled(#[from] Throttled),
}

impl From<Error> for RenewError {
    fn from(error: Error) -> Self {
        Self::Shut(error.into())
    }
}

/// Sends another link, in place of one that expired while the ticket is still the partner's. Returns until when it works.
///
/// # Errors
/// See [`RenewError`].
pub async fn renew(cx: &Context, token: &str, from: &Origin) -> Result<DateTime<Utc>, RenewError> {
    let (link, ticket) = find(cx, token).await?;
    let access = standing(cx, &link, &ticket).map_err(Shut::from)??;
    let now = cx.now();
    if link.expires_at > now {
        return Err(RenewError::NotExpired);
    }
    let key = Key::of("renewed partner link", &[&ticket.id.to_string(), &link.handover.to_string()]);
    if let Some(until) = cx.store.try_once(&key, ASKED, now).await? {
        return Err(Throttled { wait: until - now }.into());
    }
    let renewed = PartnerLink::to(&ticket, PartnerLinkId(cx.ids.next()), access, now + LIVES);
    let tx = cx.store.begin().await?;
    tx.add_partner_links(std::slice::from_ref(&renewed), now).await?;
    tx.send_partner_link(&ticket, MessageId(cx.ids.next()), now).await?;
    tx.log_opening(&opening(cx, &link, from, "renew")).await?;
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(renewed.expires_at)
}
