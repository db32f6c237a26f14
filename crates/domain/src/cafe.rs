//! Cafés: sessions at which officers listen to residents.

pub mod cadence;
mod life;
pub mod report;

pub use life::{Action, Refusal};

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{CafeId, UserId};
use crate::place::{Areas, Place};
use crate::text::{Reason, Title};
use report::Report;

/// How far a café is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CafeState)]
pub enum State {
    /// Not yet held.
    Planned,
    /// Took place, or is taking place.
    Held,
    /// Held, and its report is written.
    Reported,
    /// Called off.
    Cancelled,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Planned, Self::Held, Self::Reported, Self::Cancelled];

    /// The name in the API and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Held => "held",
            Self::Reported => "reported",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// A café.
#[derive(Debug, Clone, PartialEq)]
pub struct Cafe {
    /// Its id.
    pub id: CafeId,
    /// What the poster says: « Café avec un policier, marché du Pigeonnier ».
    pub title: Title,
    /// Planned, held, reported or cancelled.
    pub state: State,
    /// Where.
    pub place: Place,
    /// The areas of the place, as they were when the café was planned or moved.
    pub areas: Areas,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// Since when it stands in the public calendar.
    pub announced_at: Option<DateTime<Utc>>,
    /// When an officer said that it is held.
    pub held_at: Option<DateTime<Utc>>,
    /// Why it was called off, and when.
    pub cancelled: Option<Cancelled>,
    /// What came of it.
    pub report: Option<Report>,
    /// Who planned it.
    pub planned_by: UserId,
    /// When the version rose last.
    pub changed_at: DateTime<Utc>,
    /// Counts the changes; the `ETag`.
    pub version: i64,
}

/// Why a café was called off, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancelled {
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: Reason,
}

impl Cafe {
    /// Whether concerns can be filed as heard there: not at one that was called off.
    #[must_use]
    pub const fn takes_concerns(&self) -> bool {
        !matches!(self.state, State::Cancelled)
    }

    /// Whether officers are or were listening there: it is held, or it is planned and its time has come. In the field, the
    /// first concern is often noted before anybody says that the café is held.
    #[must_use]
    pub fn has_begun(&self, now: DateTime<Utc>) -> bool {
        match self.state {
            State::Held | State::Reported => true,
            State::Planned => self.starts_at <= now,
            State::Cancelled => false,
        }
    }

    /// Whether something that was noted then can have been heard there: not in the future, and not long before or after.
    #[must_use]
    pub fn can_be_noted(&self, at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        let begins = self.held_at.map_or(self.starts_at, |held| held.min(self.starts_at));
        at <= now + CLOCKS_DIFFER && at >= begins - SET_UP && at <= self.ends_at + WRITTEN_UP
    }
}

/// How far the clock of an officer's device may be ahead.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(5);
/// How long before a café begins residents come while the officers set up.
const SET_UP: TimeDelta = TimeDelta::hours(2);
/// How long after its end a paper notebook is still typed in.
const WRITTEN_UP: TimeDelta = TimeDelta::hours(24);
