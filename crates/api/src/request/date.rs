//! Instants and days that a query names: none of a year that the database or the clocks do not have.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};

/// Whether an instant is of a year that we hand out: PostgreSQL knows only some of the others.
pub(super) fn is_known(at: DateTime<Utc>) -> bool {
    (1970..=9999).contains(&at.year())
}

/// An instant.
pub(crate) fn instant(text: &str) -> Option<DateTime<Utc>> {
    text.parse().ok().filter(|at| is_known(*at))
}

/// A date, of the years whose changes of the clock are known.
pub(crate) fn day(text: &str) -> Option<NaiveDate> {
    text.parse().ok().filter(|date: &NaiveDate| text.len() == 10 && (2000..2100).contains(&date.year()))
}
