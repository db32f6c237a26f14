//! Addresses that take no mail: nothing more goes there, and who can do something about it is told.

use domain::ticket::notice::undeliverable;
use store::Error;

use crate::{Context, of};

/// How many messages are looked after at once.
const BATCH: i64 = 50;

/// Mutes the addresses of the messages that bounced since, and tells of them. Returns how many messages that were; when
/// none, nothing is left to do. Any number of instances may do this at once.
///
/// # Errors
/// When the database does not answer: what was not done is still to be done.
pub async fn settle(cx: &Context) -> Result<usize, Error> {
    // Without a city nothing was sent.
    let Ok(loaded) = cx.city() else { return Ok(0) };
    let now = cx.now();
    let tx = cx.store.begin().await?;
    let (count, news) = tx.mute_bounced(now, BATCH).await?;
    if count == 0 {
        return Ok(0);
    }
    let mut told = Vec::new();
    for bounced in news {
        let notice = undeliverable(&bounced.recipient, bounced.referrer, &of(&loaded).settings.dispatcher_desk);
        let Some((notice, (ticket, version))) = notice.zip(bounced.about) else {
            tracing::error!(recipient = ?bounced.recipient, "an address takes no mail, and nobody can be told by e-mail");
            continue;
        };
        let message = cx.message_about(ticket, notice);
        told.push((message, ticket, version));
    }
    tx.append_messages_about(&told, now).await?;
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(count)
}

/// Completes what earlier programs kept of residents' addresses and links. Returns of how many; when of none, nothing is
/// left to do. Any number of instances may do this at once.
///
/// # Errors
/// When the database does not answer: what was not done is still to be done.
pub async fn complete(cx: &Context) -> Result<usize, Error> {
    let tx = cx.store.begin().await?;
    let count = tx.complete_residents(10 * BATCH).await?;
    tx.commit().await?;
    Ok(count)
}
