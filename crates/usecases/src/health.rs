//! Whether this instance can answer requests.

use store::Error;

use crate::Context;

/// Why this instance cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// The database does not answer.
    #[error("the database does not answer")]
    Database(#[source] Error),
    /// Migrations are missing, or the database is newer than this program.
    #[error("the database is not at this program's migrations")]
    Migrations,
    /// No city is loaded.
    #[error("no city is loaded")]
    City,
}

/// How much waits to be sent.
pub use store::outbox::Backlog;

/// Whether this instance can answer requests, and how much waits to be sent.
///
/// # Errors
/// [`NotReady`] says what is missing.
pub async fn ready(cx: &Context) -> Result<Backlog, NotReady> {
    if !store::migrate::is_current(&cx.store).await.map_err(NotReady::Database)? {
        return Err(NotReady::Migrations);
    }
    if cx.city().is_err() {
        return Err(NotReady::City);
    }
    cx.store.backlog(cx.now()).await.map_err(NotReady::Database)
}
