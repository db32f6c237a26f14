//! The two seams through which time and randomness enter: implemented once in the `continuum` crate for production,
//! and by hand-moved versions in the tests and the demo's story.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The current instant, UTC, truncated to microseconds (what PostgreSQL keeps), so that what is written and what
    /// is read back are equal.
    fn now(&self) -> DateTime<Utc>;
}

/// Makes identifiers.
pub trait Ids: Send + Sync {
    /// A new `UUIDv7` (RFC 9562): time-ordered, so that primary keys grow at one end of their index.
    fn next(&self) -> Uuid;
}
