//! What an instance does besides answering. Each of these may run on any number of instances at once.

use std::time::Duration;

use auth::SealKeys;
use chrono::TimeDelta;
use usecases::Context;

use crate::audit;

/// How often an instance looks whether the city has changed, should it miss the announcement.
const LOOK: Duration = Duration::from_secs(30);

/// Reads the city again whenever another instance has changed it.
pub(crate) async fn follow_city(cx: Context) {
    loop {
        let announced = async {
            match cx.store.listen(&[store::city::CHANNEL]).await {
                Ok(mut listener) => {
                    // What was announced before we listened.
                    reload(&cx).await;
                    while listener.next().await.is_ok() {
                        reload(&cx).await;
                    }
                }
                Err(error) => tracing::warn!(%error, "changes of the city cannot be listened to; looking instead"),
            }
        };
        // Listening is begun anew now and then, so that a connection which died silently is noticed.
        if tokio::time::timeout(LOOK, announced).await.is_ok() {
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
        reload(&cx).await;
    }
}

async fn reload(cx: &Context) {
    if let Err(error) = usecases::city::reload(cx).await {
        tracing::warn!(%error, "the city could not be read again");
    }
}

/// Tells the workers of other processes that messages were appended here: at most twenty times a second, and outside
/// of the transactions that append them, which a `NOTIFY` would make wait for one another.
pub(crate) async fn announce_messages(cx: Context) {
    loop {
        cx.wake.notified().await;
        if let Err(error) = cx.store.announce_messages().await {
            tracing::warn!(%error, "new messages could not be announced; the workers will find them by themselves");
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Clears the answers that were kept for repeats of their requests, once they are a day old.
pub(crate) async fn clear_answers(cx: Context) {
    loop {
        match cx.store.clear_answers(cx.now() - TimeDelta::hours(24)).await {
            Ok(1..) => continue,
            Ok(0) => {}
            Err(error) => tracing::warn!(%error, "old answers could not be cleared; trying again"),
        }
        tokio::time::sleep(Duration::from_mins(10)).await;
    }
}

/// Seals the audit log once a day: looks every hour whether yesterday is sealed. The seal is logged too, so that whoever
/// keeps the log elsewhere has it where the database's administrator cannot take it away.
pub(crate) async fn seal_audit(cx: Context, schema: String, keys: SealKeys) {
    loop {
        let again = match audit::seal(&cx.store, &schema, &keys, cx.now()).await {
            Ok(Some(seal)) => {
                let (day, seq, hash, key) = (seal.day, seal.head.seq, seal.head.hash, seal.signature.key_id);
                tracing::info!(%day, seq, %hash, key, "the audit log is sealed");
                Duration::from_hours(1)
            }
            Ok(None) => Duration::from_hours(1),
            Err(error) => {
                tracing::warn!(%error, "the audit log could not be sealed; trying again");
                Duration::from_mins(1)
            }
        };
        tokio::time::sleep(again).await;
    }
}
