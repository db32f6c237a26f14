//! The resident's link.

pub use store::tracking::{Told, Tracked};

use store::Error;

use crate::Context;

/// What the resident may read; none when the link leads nowhere (any more).
///
/// # Errors
/// When the database does not answer.
pub async fn read(cx: &Context, token: &str) -> Result<Option<Tracked>, Error> {
    cx.store.tracked(token, cx.now()).await
}
