//! Where a page begins, as `next` links carry it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// After what is of that instant and has that id.
pub(crate) fn write(at: DateTime<Utc>, id: Uuid) -> String {
    format!("{}.{}", at.timestamp_micros(), id.simple())
}

pub(crate) fn read(cursor: &str) -> Option<(DateTime<Utc>, Uuid)> {
    let (at, id) = cursor.split_once('.')?;
    // What PostgreSQL has no instants for was never handed out.
    let at = DateTime::from_timestamp_micros(at.parse().ok()?)
        .filter(|at| (0..10_000).contains(&chrono::Datelike::year(at)))?;
    Some((at, id.parse().ok()?))
}
