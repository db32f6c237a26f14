//! Keeping the figures of tickets up.

use domain::id::TicketId;
use store::Error;
use store::statistics::Rebuilt;

use crate::Context;

/// How many entries of the queue, or how many tickets, are taken at once.
const BATCH: u32 = 1000;

/// Brings figures up to what has happened, once. Returns how many entries of the queue were taken; when none, nothing is
/// due, or another instance is at it. Any number of instances may do this at once.
///
/// # Errors
/// When the database does not answer: what was not done is still due.
pub async fn keep(cx: &Context) -> Result<u64, Error> {
    let kept = cx.store.keep_figures(BATCH).await?;
    if kept > 0 {
        cx.counted.kept();
    }
    Ok(kept)
}

/// Finds the figures of all tickets anew, while everything runs. Returns how many tickets there are, and how many had other
/// figures.
///
/// # Errors
/// When the database does not answer: it may be done again from the beginning.
pub async fn rebuild(cx: &Context) -> Result<(u64, u64), Error> {
    let (mut after, mut seen, mut differed) = (None::<TicketId>, 0, 0);
    loop {
        let batch: Rebuilt = cx.store.rebuild_figures(after, BATCH).await?;
        (seen, differed) = (seen + batch.seen, differed + batch.differed);
        if batch.last.is_none() {
            return Ok((seen, differed));
        }
        after = batch.last;
    }
}
