//! What happens to files by themselves: those that belong to nobody are deleted, those that no scanner has seen are
//! scanned. Any number of instances may do this at once.

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::AttachmentId;
use files::{Error as FileError, Verdict};
use store::Error;
use uuid::Uuid;

use super::lay::GRACE;
use super::remove::{RemoveError, remove_infected};
use crate::Context;

/// When a file is deleted again that could not be.
const AGAIN: TimeDelta = TimeDelta::minutes(10);

/// Deletes some files that belong to nobody. Returns how many; when none, no more are due.
///
/// # Errors
/// When the database or the store of files does not answer: what was not deleted is due again.
pub async fn sweep(cx: &Context) -> Result<usize, SweepError> {
    let doomed = cx.store.doomed_files(cx.now(), cx.now() + AGAIN).await?;
    for id in &doomed {
        cx.files.discard(*id).await?;
        cx.store.forget_files(&[*id]).await?;
    }
    Ok(doomed.len())
}

/// How long a file lies after a restore of which no row knows: a later backup, that knows it, may be restored until
/// then.
const UNKNOWN: TimeDelta = TimeDelta::days(30);

/// How many files are looked up at once.
const BATCH: usize = 1000;

/// After a restore: has the files of uploads since the backup deleted in thirty days, of which no row knows any more.
/// What is older than the last event that the database tells of, it leaves alone, whosever it is. Returns how many are
/// to be deleted that were not before.
///
/// # Errors
/// When the database or the store of files does not answer.
pub async fn doom_unknown(cx: &Context) -> Result<u64, SweepError> {
    let Some(last) = cx.store.last_event_at().await? else { return Ok(0) };
    // An upload that was under way then has an id from before. What is being uploaded now is known before it is laid there.
    let since = last - GRACE;
    let is_of_then = |id: &Uuid| made_at(*id).is_some_and(|at| since < at);
    let ids: Vec<AttachmentId> = cx.files.ids().await?.into_iter().filter(is_of_then).map(AttachmentId).collect();
    let mut doomed = 0;
    for ids in ids.chunks(BATCH) {
        doomed += cx.store.doom_unknown(ids, cx.now() + UNKNOWN).await?;
    }
    Ok(doomed)
}

/// When an id was made that tells it: those of attachments do (`UUIDv7`).
fn made_at(id: Uuid) -> Option<DateTime<Utc>> {
    let (seconds, nanoseconds) = id.get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanoseconds)
}

/// Why files are not swept or scanned now.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The store of files, or the scanner.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database.
    #[error(transparent)]
    Store(#[from] Error),
    /// An infected attachment could not be taken back.
    #[error(transparent)]
    Remove(#[from] RemoveError),
}

/// Has every attachment scanned that no scanner has seen yet; takes back those in which one finds something. Without a
/// scanner, does nothing. Returns how many were scanned.
///
/// # Errors
/// When the database or the scanner does not answer: what was not scanned waits.
pub async fn scan(cx: &Context) -> Result<usize, SweepError> {
    let (mut scanned, mut after) = (0, None);
    while cx.files.scans() {
        let waiting = cx.store.unscanned(after).await?;
        let Some(last) = waiting.last() else { break };
        after = Some(last.id);
        for attachment in waiting {
            let id = attachment.id;
            match cx.files.scan(id).await {
                Ok(Some(Verdict::Clean)) => cx.store.attachment_is_clean(id, cx.now()).await?,
                Ok(Some(Verdict::Infected(virus))) => {
                    tracing::warn!(%id, virus, "a virus was found in an attachment: it is taken back");
                    remove_infected(cx, attachment.ticket, id).await?;
                }
                Ok(None) => break,
                // One that was taken back meanwhile, or that an operator lost, keeps no other waiting.
                Err(FileError::Missing(path)) => {
                    tracing::error!(path, "an attachment cannot be scanned: its file is missing");
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            scanned += 1;
        }
    }
    Ok(scanned)
}
