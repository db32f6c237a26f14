//! Attachments of tickets. Their bytes are written before a row says that they are there, and deleted after no row says
//! so any more; what an interruption leaves in between is swept away.

mod add;
mod lay;
mod read;
mod remove;
mod sweep;

use domain::id::AttachmentId;

pub use add::{AddError, add, may_add, receive};
pub use files::{Error as FileError, Opened, Refusal as FileRefusal, Spool, Spooled, Which};
pub(crate) use lay::{Laid, NotAttached};
pub(crate) use read::there;
pub use read::{OpenError, Readable, list, open, read, readable};
pub use remove::{RemoveError, remove};
pub use store::attachment::Shown;
pub use sweep::{doom_unknown, scan, sweep};

use crate::Context;

/// Deletes the bytes of an attachment that is none. Should that fail, they are swept away later.
pub(crate) async fn discard(cx: &Context, id: AttachmentId) {
    let discarded = async {
        cx.files.discard(id).await.map_err(|error| error.to_string())?;
        cx.store.forget_files(&[id]).await.map_err(|error| error.to_string())
    };
    if let Err(error) = discarded.await {
        tracing::warn!(%error, "a file could not be deleted; it will be");
    }
}
