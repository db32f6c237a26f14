//! How often a café is held in each area, as the city wishes.

use chrono::{Days, Months, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::ZoningCode;

/// The rhythm that the city wishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cadence {
    /// The zoning in whose areas cafés are counted.
    pub zoning: ZoningCode,
    /// How long after the last café of an area the next one is due.
    pub every: Interval,
}

/// A time between two cafés.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Interval {
    /// Months of the calendar, 1 to 120.
    Months(#[schemars(range(min = 1, max = 120))] u32),
    /// Days, 1 to 3660.
    Days(#[schemars(range(min = 1, max = 3660))] u32),
}

impl Interval {
    /// Whether it is within the limits.
    #[must_use]
    pub const fn is_sensible(self) -> bool {
        match self {
            Self::Months(months) => 1 <= months && months <= 120,
            Self::Days(days) => 1 <= days && days <= 3660,
        }
    }

    /// The day on which the next café is due; the last day of a month that is too short, as people count.
    #[must_use]
    pub fn after(self, last: NaiveDate) -> NaiveDate {
        let next = match self {
            Self::Months(months) => last.checked_add_months(Months::new(months)),
            Self::Days(days) => last.checked_add_days(Days::new(u64::from(days))),
        };
        next.unwrap_or(NaiveDate::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_counted_as_people_count_them() {
        let after = |every: Interval, day: &str| every.after(day.parse().unwrap()).to_string();
        assert_eq!(after(Interval::Months(12), "2025-03-12"), "2026-03-12");
        assert_eq!(after(Interval::Months(12), "2024-02-29"), "2025-02-28");
        assert_eq!(after(Interval::Months(1), "2026-01-31"), "2026-02-28");
        assert_eq!(after(Interval::Days(14), "2026-02-20"), "2026-03-06");
    }
}
