//! Cafés: sessions at which officers listen to residents.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{CafeId, UserId};
use crate::place::{Areas, Place};
use crate::text::Title;

/// How far a café is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CafeState)]
pub enum State {
    /// Announced, not yet held.
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
    /// The areas of the place, as they were when the café was planned.
    pub areas: Areas,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// When an officer said that it is held.
    pub held_at: Option<DateTime<Utc>>,
    /// Who planned it.
    pub planned_by: UserId,
    /// Counts the changes; the `ETag`.
    pub version: i64,
}

/// Why a café cannot be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("only a planned café can be held")]
pub struct NotPlanned;

impl Cafe {
    /// The café as it is once an officer has said that it is held.
    ///
    /// # Errors
    /// [`NotPlanned`] when it was held, reported or cancelled before.
    pub fn hold(self, now: DateTime<Utc>) -> Result<Self, NotPlanned> {
        match self.state {
            State::Planned => Ok(Self { state: State::Held, held_at: Some(now), version: self.version + 1, ..self }),
            State::Held | State::Reported | State::Cancelled => Err(NotPlanned),
        }
    }

    /// Whether concerns can be filed as heard there: not at one that was called off.
    #[must_use]
    pub const fn takes_concerns(&self) -> bool {
        !matches!(self.state, State::Cancelled)
    }
}
