//! Spans of the calendar, as people say them.

use chrono::{Days, Months, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::language::Language;

/// A span of the calendar: « 12 months », « 45 days »; 120 months or 999 days at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = r"^(([1-9][0-9]?|1[01][0-9]|120) months?|[1-9][0-9]{0,2} days?)$"))]
#[schemars(with = "String")]
pub enum Interval {
    /// Months of the calendar, 1 to 120.
    Months(u32),
    /// Days, 1 to 999.
    Days(u32),
}

/// A text is no span of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected « 12 months » or « 45 days »; 120 months or 999 days at most")]
pub struct NoInterval;

impl TryFrom<String> for Interval {
    type Error = NoInterval;

    fn try_from(text: String) -> Result<Self, NoInterval> {
        let (number, unit) = text.split_once(' ').ok_or(NoInterval)?;
        match (number.parse().map_err(|_| NoInterval)?, unit) {
            (months @ 1..=120, "month" | "months") => Ok(Self::Months(months)),
            (days @ 1..=999, "day" | "days") => Ok(Self::Days(days)),
            _ => Err(NoInterval),
        }
    }
}

impl From<Interval> for String {
    fn from(interval: Interval) -> Self {
        let (number, unit) = match interval {
            Interval::Months(months) => (months, "month"),
            Interval::Days(days) => (days, "day"),
        };
        if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
    }
}

impl Interval {
    /// How people say it.
    #[must_use]
    pub fn words(self, language: Language) -> String {
        match (self, language) {
            (Self::Months(months), Language::Fr) => format!("{months} mois"),
            (Self::Days(1), Language::Fr) => "1 jour".to_owned(),
            (Self::Days(days), Language::Fr) => format!("{days} jours"),
            (_, Language::En) => self.into(),
        }
    }

    /// The day that comes so long after another; the last day of a month that is too short, as people count.
    #[must_use]
    pub fn after(self, day: NaiveDate) -> NaiveDate {
        let later = match self {
            Self::Months(months) => day.checked_add_months(Months::new(months)),
            Self::Days(days) => day.checked_add_days(Days::new(u64::from(days))),
        };
        later.unwrap_or(NaiveDate::MAX)
    }

    /// The day that lies so long before another, counted likewise.
    #[must_use]
    pub fn before(self, day: NaiveDate) -> NaiveDate {
        let earlier = match self {
            Self::Months(months) => day.checked_sub_months(Months::new(months)),
            Self::Days(days) => day.checked_sub_days(Days::new(u64::from(days))),
        };
        earlier.unwrap_or(NaiveDate::MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_reads_back_as_it_is_written() {
        for text in ["12 months", "1 month", "120 months", "1 day", "999 days"] {
            assert_eq!(Interval::try_from(text.to_owned()).map(String::from).as_deref(), Ok(text));
        }
        for text in ["", "12", "0 months", "121 months", "1000 days", "2 weeks", "-1 days", "12  months"] {
            assert_eq!(Interval::try_from(text.to_owned()), Err(NoInterval), "{text}");
        }
    }

    #[test]
    fn months_are_counted_as_people_count_them() {
        let after = |every: Interval, day: &str| every.after(day.parse().unwrap()).to_string();
        assert_eq!(after(Interval::Months(12), "2025-03-12"), "2026-03-12");
        assert_eq!(after(Interval::Months(12), "2024-02-29"), "2025-02-28");
        assert_eq!(after(Interval::Months(1), "2026-01-31"), "2026-02-28");
        assert_eq!(after(Interval::Days(14), "2026-02-20"), "2026-03-06");
        assert_eq!(Interval::Months(6).before("2026-08-31".parse().unwrap()).to_string(), "2026-02-28");
    }
}
