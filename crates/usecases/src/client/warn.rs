//! Telling those who look after programs that a secret will expire.

use chrono::Duration;
use domain::id::MessageId;
use store::Error;

use crate::Context;

/// How long before.
const BEFORE: Duration = Duration::days(30);

/// Writes to those whose programs' secrets expire within a month, once for each. A bounded number at a time; returns
/// how many.
///
/// # Errors
/// When the database does not answer.
pub async fn warn_of_expiry(cx: &Context) -> Result<u64, Error> {
    let tx = cx.store.begin().await?;
    let warned = tx.warn_of_expiry(cx.now() + BEFORE, || MessageId(cx.ids.next()), cx.now()).await?;
    tx.commit().await?;
    if warned > 0 {
        cx.wake.notify_one();
    }
    Ok(warned)
}
