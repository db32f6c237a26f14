//! What happened, in one order, for other programs to follow.

pub use domain::feed::{CloudEvent, EventType, Filter, Position};
pub use store::feed::CHANNEL;

use auth::Asking;
use auth::permission::FollowEvents;
use chrono::{DateTime, TimeDelta, Utc};
use store::{Error, Tx};

use crate::Context;

/// How many events are given their place at once.
const BATCH: u32 = 1000;

/// How long events are kept.
const KEPT: TimeDelta = TimeDelta::days(365);

/// From where on events are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// From the oldest on that is kept.
    Oldest,
    /// What came after that one.
    After(Position),
    /// From now on.
    Latest,
}

/// A part of the feed.
#[derive(Debug, Clone)]
pub struct Page {
    /// The events, in order.
    pub items: Vec<CloudEvent>,
    /// Up to where everything was looked at.
    pub until: Position,
    /// Whether there is more after that already.
    pub more: bool,
}

/// Why the feed cannot be followed from there.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// What came next is no longer kept.
    #[error("what came next is no longer kept")]
    Expired,
    /// No event has had that place yet: the city was restored from a backup that is older.
    #[error("no event has had that place yet")]
    Ahead,
    /// Who was remembered is not who they were any more.
    #[error("the token does not hold any more, or its program may do something else")]
    Unrecognised,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Gives new events their place in the feed. One worker at a time. Returns how many there were.
///
/// # Errors
/// When the database does not answer: then nothing has changed.
pub async fn place(cx: &Context) -> Result<u64, Error> {
    cx.store.place_events(BATCH).await
}

/// Forgets events that are a year old, some at a time. Returns how many.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn forget(tx: &Tx, now: DateTime<Utc>) -> Result<u64, Error> {
    tx.forget_events(now - KEPT).await
}

/// What a program may know of, from there on. A cached caller's rights are re-checked by the same statement; if they
/// changed, it returns [`FeedError::Unrecognised`].
///
/// # Errors
/// See [`FeedError`].
pub async fn read(
    cx: &Context,
    asking: &Asking<FollowEvents>,
    filter: &Filter,
    begin: Begin,
    limit: u64,
) -> Result<Page, FeedError> {
    let from = match begin {
        Begin::Oldest => 0,
        Begin::After(position) => position,
        Begin::Latest => Position::MAX,
    };
    let look = match asking.as_recalled() {
        Some(recalled) => cx.store.events_recalled(&recalled.who, filter, from, limit).await?,
        None => Some(cx.store.events(asking.holder(), filter, from, limit).await?),
    };
    let look = look.ok_or(FeedError::Unrecognised)?;
    match begin {
        Begin::After(after) if after < look.expired => return Err(FeedError::Expired),
        Begin::After(after) if after > look.head => return Err(FeedError::Ahead),
        Begin::Latest => return Ok(Page { items: Vec::new(), until: look.head, more: false }),
        Begin::After(_) | Begin::Oldest => {}
    }
    let items = look.items.into_iter().map(|happened| CloudEvent::new(happened, &cx.source)).collect();
    Ok(Page { items, until: look.until, more: look.until < look.head })
}
