//! Refusals in the audit log: the log is not for an attacker to fill, so that only the first ones are recorded, each;
//! of the others, one entry tells how many there were.

use chrono::Duration;
use domain::audit::Record;
use domain::id::UserId;
use store::Error;
use store::throttle::{Key, Limit};

use crate::Context;

/// How long refusals are counted before an entry tells of them.
const COUNTED_FOR: Duration = Duration::minutes(15);

/// Records a refusal, about that person if it is about one, or counts it when as many as `limit` were recorded.
pub(crate) async fn record(
    cx: &Context,
    (key, limit): (&Key, Limit),
    user: Option<UserId>,
    record: &Record,
) -> Result<(), Error> {
    match cx.store.try_once(key, limit, cx.now()).await? {
        None => cx.store.audit(record).await,
        Some(_) => cx.store.withhold(key, user, record).await,
    }
}

/// Records how many refusals were counted since a quarter of an hour; how many entries that made.
///
/// # Errors
/// When the database does not answer.
pub async fn record_counted(cx: &Context) -> Result<u64, Error> {
    cx.store.record_withheld(cx.now() - COUNTED_FOR, cx.now()).await
}
