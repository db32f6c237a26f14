//! How long what residents said is kept, and in which steps it goes (RGPD, article 5.1.e).
//!
//! A concern has ended when each ticket that it is followed by has; one without tickets, when it was filed. From then on:
//! first the resident can no longer be reached, nor found; then nothing is left of what was said and written but what is
//! counted; then no row is left at all, only figures that tell of nobody.

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::{Interval, Zone};

/// What stands where something was said that is no longer kept.
pub const ERASED: &str = "[effacé]";

/// How long what residents said is kept, from the end of their concern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// How the resident can be reached, their link and their slip of paper: « 6 months ».
    pub contact: Interval,
    /// What was said, written and photographed, and the exact place: « 12 months ».
    pub texts: Interval,
    /// The concern and its tickets as such: « 36 months ». What is counted of them stays.
    pub rows: Interval,
    /// How many concerns a night may lose one of these of without that somebody confirms it; 1 to 100 000.
    #[serde(default = "usual_limit")]
    #[schemars(range(min = 1, max = 100_000))]
    pub at_most: u32,
}

const fn usual_limit() -> u32 {
    500
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            contact: Interval::Months(6),
            texts: Interval::Months(12),
            rows: Interval::Months(36),
            at_most: usual_limit(),
        }
    }
}

/// Until when a concern must have ended for each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cutoffs {
    /// For the contact.
    pub contact: DateTime<Utc>,
    /// For the texts.
    pub texts: DateTime<Utc>,
    /// For the rows.
    pub rows: DateTime<Utc>,
}

impl Cutoffs {
    /// The earlier one of each step.
    #[must_use]
    pub fn earliest(&self, other: &Self) -> Self {
        Self {
            contact: self.contact.min(other.contact),
            texts: self.texts.min(other.texts),
            rows: self.rows.min(other.rows),
        }
    }
}

impl Retention {
    /// Which of the intervals is shorter than the one of the step before it.
    #[must_use]
    pub fn out_of_order(&self) -> Option<&'static str> {
        // Any day would do; from this one on, each month has as many days as it can.
        let day = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap_or_default();
        let [contact, texts, rows] = [self.contact, self.texts, self.rows].map(|interval| interval.after(day));
        if texts < contact {
            Some("texts")
        } else if rows < texts {
            Some("rows")
        } else {
            None
        }
    }

    /// Until when a concern must have ended, seen from now: whole days on the city's clocks.
    #[must_use]
    pub fn cutoffs(&self, now: DateTime<Utc>, zone: Zone) -> Cutoffs {
        let today = zone.day_of(now);
        let since = |interval: Interval| zone.midnight(interval.before(today)).unwrap_or(DateTime::<Utc>::MIN_UTC);
        Cutoffs { contact: since(self.contact), texts: since(self.texts), rows: since(self.rows) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_one_after_the_other() {
        assert_eq!(Retention::default().out_of_order(), None);
        let usual = Retention::default();
        assert_eq!(Retention { texts: Interval::Days(180), ..usual }.out_of_order(), Some("texts"));
        assert_eq!(Retention { rows: Interval::Months(11), ..usual }.out_of_order(), Some("rows"));
        assert_eq!(Retention { contact: Interval::Months(12), ..usual }.out_of_order(), None);
    }

    #[test]
    fn days_are_the_citys() {
        let now = "2026-08-31T22:30:00Z".parse().unwrap();
        let cutoffs = Retention::default().cutoffs(now, Zone::PARIS);
        assert_eq!(cutoffs.contact.to_rfc3339(), "2026-02-28T23:00:00+00:00");
        assert_eq!(cutoffs.texts.to_rfc3339(), "2025-08-31T22:00:00+00:00");
        assert_eq!(cutoffs.rows.to_rfc3339(), "2023-08-31T22:00:00+00:00");
    }
}
