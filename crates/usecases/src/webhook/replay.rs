//! Having events delivered again.

use auth::Grant;
use auth::permission::FollowEvents;
use chrono::{DateTime, Utc};
use domain::feed::Position;
use domain::id::WebhookId;
use store::Error;

use super::manage::{WebhookError, whole};
use crate::Context;
use crate::once::{Done, KeyReused, Once};

/// Which events are delivered again.
#[derive(Debug, Clone, Copy)]
pub enum Range {
    /// Those of these positions, the last one included; up to where the webhook is, when none is given.
    Positions(Position, Option<Position>),
    /// Those that happened from then on, and before then, if given.
    Times(DateTime<Utc>, Option<DateTime<Utc>>),
}

/// Why nothing is delivered again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The same as for everything else.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// Something is being delivered again already.
    #[error("a replay is under way")]
    UnderWay,
    /// The first of them is no longer kept.
    #[error("the events are no longer kept")]
    Expired,
    /// No event has had that place yet.
    #[error("no event has had that place yet")]
    Ahead,
}

impl From<Error> for ReplayError {
    fn from(error: Error) -> Self {
        Self::Webhook(error.into())
    }
}

impl From<KeyReused> for ReplayError {
    fn from(error: KeyReused) -> Self {
        Self::Webhook(error.into())
    }
}

/// Has events delivered again, as far as they were before: what comes after that is delivered anyway. Returns after which
/// position, and up to which.
///
/// # Errors
/// See [`ReplayError`].
pub async fn replay(
    cx: &Context,
    who: &Grant<FollowEvents>,
    id: WebhookId,
    range: Range,
    once: Once<'_, (Position, Position)>,
) -> Result<Done<(Position, Position)>, ReplayError> {
    whole(cx, who).await?;
    let done = once
        .run(cx, async |tx| {
            let mut webhook = tx.lock_webhook(who.holder().client, id).await?.ok_or(WebhookError::NotFound)?;
            if webhook.replay.is_some() {
                return Err(ReplayError::UnderWay);
            }
            let (expired, head) = tx.feed_bounds().await?;
            let (after, until) = match range {
                Range::Positions(first, last) => {
                    if first > head || last.is_some_and(|last| last > head) {
                        return Err(ReplayError::Ahead);
                    }
                    if first <= expired {
                        return Err(ReplayError::Expired);
                    }
                    (first - 1, last.unwrap_or(webhook.position))
                }
                Range::Times(from, until) => {
                    tx.feed_between(from, until).await?.unwrap_or((webhook.position, webhook.position))
                }
            };
            let until = until.min(webhook.position);
            if after < until {
                webhook.replay = Some((after, until));
                tx.save_webhook(&webhook, cx.now()).await?;
            }
            Ok((after.min(until), until))
        })
        .await?;
    cx.fed.notify_waiters();
    Ok(done)
}
