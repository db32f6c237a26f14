//! Where time and identifiers enter.

use chrono::{DateTime, SubsecRound as _, Utc};
use domain::clock::{Clock, Ids};
use uuid::Uuid;

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is the edge")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

/// `UUIDv7`.
#[derive(Debug, Clone, Copy, Default)]
pub struct TimeOrderedIds;

impl Ids for TimeOrderedIds {
    #[allow(clippy::disallowed_methods, reason = "this is the edge")]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}
