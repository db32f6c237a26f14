//! Days on which a service is closed besides the public holidays: each year, or once.

use chrono::{Datelike, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::language::Label;

/// A day of each year, `MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = r"^[0-1][0-9]-[0-3][0-9]$"))]
pub struct YearDay {
    month: u32,
    day: u32,
}

impl YearDay {
    /// Whether a date is that day. 29 February comes in leap years only.
    #[must_use]
    pub fn is(&self, date: NaiveDate) -> bool {
        (self.month, self.day) == (date.month(), date.day())
    }
}

/// Why a text is not a day of the year.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("« {0} » is not a day of the year: write the month and the day, 12-25 for Christmas")]
pub struct NotAYearDay(String);

impl TryFrom<String> for YearDay {
    type Error = NotAYearDay;

    fn try_from(text: String) -> Result<Self, NotAYearDay> {
        text.split_once('-')
            .and_then(|(month, day)| Some(Self { month: month.parse().ok()?, day: day.parse().ok()? }))
            .filter(|d| NaiveDate::from_ymd_opt(2024, d.month, d.day).is_some())
            .ok_or(NotAYearDay(text))
    }
}

impl From<YearDay> for String {
    fn from(day: YearDay) -> Self {
        format!("{:02}-{:02}", day.month, day.day)
    }
}

/// Days on which a service is closed once: works, a move, a strike that is announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closure {
    /// The first day, such as `2026-08-03`.
    pub from: NaiveDate,
    /// The last day, itself closed; the same as `from` for a single day.
    pub to: NaiveDate,
    /// Why, as the calendar's readers are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Label>,
}

impl Closure {
    /// How many days a closure lasts at most: a service that is closed for longer has other hours.
    pub const LONGEST: i64 = 400;

    /// Whether a date is one of its days.
    #[must_use]
    pub fn holds(&self, date: NaiveDate) -> bool {
        self.from <= date && date <= self.to
    }

    /// How many days it lasts; none or less when it ends before it begins.
    #[must_use]
    pub fn days(&self) -> i64 {
        (self.to - self.from).num_days() + 1
    }
}
