//! What an instance does besides answering. Each of these may run on any number of instances at once.

use std::path::PathBuf;
use std::time::Duration;

use actix_web::web::Data;
use api::Front;
use auth::SealKeys;
use usecases::Context;

use crate::audit;
use crate::keys::Keys;

/// How often an instance looks whether there are new keys.
const LOOK_FOR_KEYS: Duration = Duration::from_secs(10);

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

/// Tells those who follow the feed whenever it has grown.
pub(crate) async fn follow_feed(cx: Context) {
    loop {
        let announced = async {
            match cx.store.listen(&[usecases::feed::CHANNEL]).await {
                Ok(mut listener) => {
                    cx.fed.notify_waiters();
                    while listener.next().await.is_ok() {
                        cx.fed.notify_waiters();
                    }
                }
                Err(error) => tracing::warn!(%error, "the feed cannot be listened to; looking instead"),
            }
        };
        if tokio::time::timeout(LOOK, announced).await.is_ok() {
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
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

/// What a worker does besides draining the outbox, until the process is to end: then it finishes what it holds a lease of. All the
/// rest is done again, whole, when it is broken off.
pub(crate) async fn work(cx: Context, schema: String, keys: SealKeys) {
    let leasing = async { tokio::join!(usecases::webhook::run(cx.clone()), fetch_photographs(cx.clone())) };
    tokio::select! {
        _ = leasing => {}
        () = look(cx.clone(), schema, keys) => {}
    }
}

/// What is looked at now and then.
async fn look(cx: Context, schema: String, keys: SealKeys) {
    tokio::join!(
        clear(cx.clone()),
        place_events(cx.clone()),
        record_refusals(cx.clone()),
        warn_of_expiry(cx.clone()),
        run_clocks(cx.clone()),
        tell_late(cx.clone()),
        remind_of_cafes(cx.clone()),
        keep_figures(cx.clone()),
        find_hotspots(cx.clone()),
        settle_bounces(cx.clone()),
        complete_residents(cx.clone()),
        learn_categories(cx.clone()),
        publish_open_data(cx.clone()),
        keep_retention(cx.clone()),
        sweep_files(cx.clone()),
        scan_files(cx.clone()),
        seal_audit(cx, schema, keys),
    );
}

/// Notes for the metrics page that one of the worker's tasks was done, or was not.
fn noted<T, E>(cx: &Context, task: &'static str, outcome: Result<T, E>) -> Result<T, E> {
    usecases::watch::worked(cx.now(), task, outcome.is_ok());
    outcome
}

/// Clears what was kept for a time: looks every ten minutes.
async fn clear(cx: Context) {
    loop {
        match noted(&cx, "clear", usecases::retention::clear(&cx).await) {
            Ok(1..) => continue,
            Ok(0) => {}
            Err(error) => tracing::warn!(%error, "what is too old could not be cleared; trying again"),
        }
        tokio::time::sleep(Duration::from_mins(10)).await;
    }
}

/// Gives events their place in the feed: looks four times a second.
async fn place_events(cx: Context) {
    loop {
        match noted(&cx, "feed", usecases::feed::place(&cx).await) {
            Ok(1..) => continue,
            Ok(0) => {}
            Err(error) => tracing::warn!(%error, "events could not be given their place; trying again"),
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// Records how many refusals were counted instead of being recorded one by one: looks every minute.
async fn record_refusals(cx: Context) {
    loop {
        match noted(&cx, "refusals", usecases::refusal::record_counted(&cx).await) {
            Ok(1..) => continue,
            Ok(0) => {}
            Err(error) => tracing::warn!(%error, "how many refusals there were could not be recorded; trying again"),
        }
        tokio::time::sleep(Duration::from_mins(1)).await;
    }
}

/// Tells those who look after programs that a secret will expire: looks every hour.
async fn warn_of_expiry(cx: Context) {
    loop {
        match noted(&cx, "expiry", usecases::client::warn_of_expiry(&cx).await) {
            Ok(1..) => continue,
            Ok(0) => {}
            Err(error) => tracing::warn!(%error, "whose secrets expire could not be looked up; trying again"),
        }
        tokio::time::sleep(Duration::from_hours(1)).await;
    }
}

/// Tells services which answers are due before a café: looks every ten minutes.
async fn remind_of_cafes(cx: Context) {
    loop {
        match noted(&cx, "cafes", usecases::cafe::remind(&cx).await) {
            Ok(1..) => continue,
            Ok(0) => {}
            Err(error) => tracing::warn!(%error, "services could not be told of a café; trying again"),
        }
        tokio::time::sleep(Duration::from_mins(10)).await;
    }
}

/// Does what is due to tickets by itself: looks every half minute.
async fn run_clocks(cx: Context) {
    loop {
        match noted(&cx, "clocks", usecases::ticket::run_clocks(&cx).await) {
            Ok(1..) => continue,
            Ok(0) => {}
            Err(error) => tracing::warn!(%error, "what is due to tickets could not be done; trying again"),
        }
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
}

/// Looks after addresses that turned out to take no mail: looks every ten seconds.
async fn settle_bounces(cx: Context) {
    loop {
        match noted(&cx, "bounces", usecases::bounce::settle(&cx).await) {
            Ok(1..) => continue,
            Ok(0) => {}
            Err(error) => tracing::warn!(%error, "addresses that take no mail could not be looked after; trying again"),
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
}

/// Completes what earlier programs, some of which may still run, kept of residents: looks every ten minutes.
async fn complete_residents(cx: Context) {
    loop {
        match noted(&cx, "residents", usecases::bounce::complete(&cx).await) {
            Ok(1..) => continue,
            Ok(0) => {}
            Err(error) => tracing::warn!(%error, "what is kept of residents could not be completed; trying again"),
        }
        tokio::time::sleep(Duration::from_mins(10)).await;
    }
}

/// Tells those who look after it what is late, in the morning: looks every minute.
async fn tell_late(cx: Context) {
    loop {
        if let Err(error) = noted(&cx, "late", usecases::notification::tell_late(&cx).await) {
            tracing::warn!(%error, "nobody could be told what is late; trying again");
        }
        tokio::time::sleep(Duration::from_mins(1)).await;
    }
}

/// Learns once a day what concerns are about: looks every ten minutes.
async fn learn_categories(cx: Context) {
    loop {
        if let Err(error) = noted(&cx, "suggestions", usecases::concern::learn(&cx).await) {
            tracing::warn!(%error, "what concerns are about could not be learnt; trying again");
        }
        tokio::time::sleep(Duration::from_mins(10)).await;
    }
}

/// Publishes the open data of months, the night after each is due: looks every ten minutes.
async fn publish_open_data(cx: Context) {
    loop {
        match noted(&cx, "open_data", usecases::open_data::publish(&cx).await) {
            Ok(1..) => continue,
            Ok(0) => {}
            Err(error) => tracing::warn!(%error, "open data could not be published; trying again"),
        }
        tokio::time::sleep(Duration::from_mins(10)).await;
    }
}

/// Keeps the figures of tickets up: looks every two seconds.
async fn keep_figures(cx: Context) {
    loop {
        match noted(&cx, "figures", usecases::statistics::keep(&cx).await) {
            Ok(1..) => continue,
            Ok(0) => {}
            Err(error) => tracing::warn!(%error, "the figures of tickets could not be kept up; trying again"),
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// Finds the places that come back: looks every five seconds.
async fn find_hotspots(cx: Context) {
    loop {
        match noted(&cx, "hotspots", usecases::hotspot::keep(&cx).await) {
            Ok(1..) => continue,
            Ok(0) => {}
            Err(error) => tracing::warn!(%error, "places that come back could not be looked for; trying again"),
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

/// Erases what was kept for long enough, once a night, and again what a restored backup has brought back: looks every ten
/// minutes.
async fn keep_retention(cx: Context) {
    loop {
        match noted(&cx, "erasures", usecases::resident::erase_again(&cx).await) {
            Ok(0) => {}
            Ok(again) => tracing::warn!(again, "what was erased was there again, and is erased again"),
            Err(error) => tracing::warn!(%error, "whether something erased is there again is not known; trying again"),
        }
        loop {
            match noted(&cx, "retention", usecases::retention::keep(&cx).await) {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "what was kept for long enough could not be erased; trying again"),
            }
            break;
        }
        tokio::time::sleep(Duration::from_mins(10)).await;
    }
}

/// Deletes files that belong to no attachment: looks every five minutes.
async fn sweep_files(cx: Context) {
    loop {
        match noted(&cx, "files", usecases::ticket::attachment::sweep(&cx).await) {
            Ok(1..) => continue,
            Ok(0) => {}
            Err(error) => tracing::warn!(%error, "files that belong to nobody could not be deleted; trying again"),
        }
        tokio::time::sleep(Duration::from_mins(5)).await;
    }
}

/// Has attachments scanned for viruses that were not when they came: looks every half minute.
async fn scan_files(cx: Context) {
    loop {
        if let Err(error) = noted(&cx, "scans", usecases::ticket::attachment::scan(&cx).await) {
            tracing::warn!(%error, "attachments could not be scanned for viruses; trying again");
        }
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
}

/// Fetches photographs that came over Open311 as URLs: looks every five seconds.
async fn fetch_photographs(cx: Context) {
    while !cx.stopping.is_cancelled() {
        match noted(&cx, "photographs", usecases::open311::fetch_due(&cx).await) {
            Ok(1..) => continue,
            Ok(0) => {}
            Err(error) => tracing::warn!(%error, "photographs to be fetched could not be looked up; trying again"),
        }
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(5)) => {}
            () = cx.stopping.cancelled() => {}
        }
    }
}

/// Forgets how often callers have asked who have not asked for a while.
pub(crate) async fn forget_idle(front: Data<Front>) {
    loop {
        tokio::time::sleep(Duration::from_mins(1)).await;
        front.forget_idle();
    }
}

/// Takes up new keys that sign access tokens, from the folder where an operator puts them.
pub(crate) async fn follow_keys(cx: Context, folder: PathBuf) {
    loop {
        tokio::time::sleep(LOOK_FOR_KEYS).await;
        let read = {
            let folder = folder.clone();
            tokio::task::spawn_blocking(move || Keys::token_keys(&folder)).await
        };
        let taken = match read {
            Ok(keys) => keys.and_then(|keys| Ok(cx.tokens.replace(&keys)?)),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = taken {
            tracing::error!(%error, "the keys that sign access tokens cannot be read; going on with those at hand");
        }
    }
}

/// Seals the audit log once a day: looks every hour whether yesterday is sealed. The seal is logged too, so that whoever
/// keeps the log elsewhere has it where the database's administrator cannot take it away.
async fn seal_audit(cx: Context, schema: String, keys: SealKeys) {
    loop {
        let again = match noted(&cx, "seal", audit::seal(&cx.store, &schema, &keys, cx.now()).await) {
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
