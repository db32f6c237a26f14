//! When a service is open: hours, holidays, closing days, closures, time zone.
//!
//! An instant is open when the clock on the wall then shows a time within the day's hours. Where the clock is put
//! forward, the hours that do not come are not open; where it is put back, those that come twice are open twice.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveTime, Offset, TimeZone, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::closing::{Closure, YearDay};
use super::holidays::{Holiday, Holidays};
use super::week::{Minute, Span, Week};
use super::zone::Zone;
use crate::id::CalendarCode;
use crate::language::Label;

/// When a service is open (`calendars.yaml`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Its code.
    pub code: CalendarCode,
    /// What people call it.
    pub name: Label,
    /// The time zone of its hours and days; Europe/Paris when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<Zone>,
    /// The hours of each day of the week; a day that is not named is closed.
    pub hours: Week,
    /// The public holidays on which it is closed.
    pub holidays: Holidays,
    /// Other days of each year on which it is closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<YearDay>,
    /// Days on which it is closed once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub closures: Vec<Closure>,
}

/// Why a day is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed<'a> {
    /// A public holiday that the calendar keeps.
    Holiday(Holiday),
    /// A closure, once.
    Closure(&'a Closure),
    /// One of its own closing days of each year.
    ClosingDay,
    /// The day of the week has no hours.
    NoHours,
}

impl Calendar {
    /// The time zone of its hours and days.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.time_zone.unwrap_or(Zone::PARIS)
    }

    /// Why a local day is closed; none when it is open. Of several reasons, the one that tells most.
    #[must_use]
    pub fn closed_because(&self, day: NaiveDate) -> Option<Closed<'_>> {
        let closure = || self.closures.iter().find(|closure| closure.holds(day)).map(Closed::Closure);
        let closing_day = || self.closed.iter().any(|closed| closed.is(day)).then_some(Closed::ClosingDay);
        let no_hours = || self.hours.on(day.weekday()).is_empty().then_some(Closed::NoHours);
        let holiday = self.holidays.on(day).map(Closed::Holiday);
        holiday.or_else(closure).or_else(closing_day).or_else(no_hours)
    }

    /// The hours of a local day, the first one first; empty when it is closed.
    #[must_use]
    pub fn spans_on(&self, day: NaiveDate) -> Vec<Span> {
        let hours = self.hours.on(day.weekday());
        if hours.is_empty() || self.closed_because(day).is_some() {
            return Vec::new();
        }
        let mut spans = hours.to_vec();
        spans.sort_unstable();
        spans
    }

    /// How long it is open on a local day: less or more than its hours say when the clock is changed during them.
    #[must_use]
    pub fn open_on(&self, day: NaiveDate) -> Duration {
        self.openings(day).into_iter().fold(Duration::zero(), |sum, (opens, closes)| sum + (closes - opens))
    }

    /// The openings of a local day as instants, the first one first; none is empty.
    pub(super) fn openings(&self, day: NaiveDate) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        let spans = self.spans_on(day);
        if spans.is_empty() {
            return Vec::new();
        }
        // Wherever it is, the local day lies between these two. No zone changes its clock twice in so short a time.
        let midnight = day.and_time(NaiveTime::MIN).and_utc();
        let (first, last) = (midnight - Duration::hours(15), midnight + Duration::hours(39));
        let (before, after) = (self.offset(first), self.offset(last));
        let at = |minute: Minute, offset: Duration| midnight + Duration::minutes(minute.count().into()) - offset;
        if before == after {
            return spans.iter().map(|span| (at(span.from(), before), at(span.to(), before))).collect();
        }
        let change = self.change(first, last);
        let until = spans.iter().map(|span| (at(span.from(), before), at(span.to(), before).min(change)));
        let since = spans.iter().map(|span| (at(span.from(), after).max(change), at(span.to(), after)));
        until.chain(since).filter(|(opens, closes)| opens < closes).collect()
    }

    /// How far the local clock is ahead of UTC.
    fn offset(&self, instant: DateTime<Utc>) -> Duration {
        let offset = self.zone().0.offset_from_utc_datetime(&instant.naive_utc());
        Duration::seconds(offset.fix().local_minus_utc().into())
    }

    /// The first second with another offset than `from` has; `to` is one.
    fn change(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> DateTime<Utc> {
        let (mut same, mut other) = (from, to);
        while other - same > Duration::seconds(1) {
            let middle = same + Duration::seconds((other - same).num_seconds() / 2);
            if self.offset(middle) == self.offset(from) {
                same = middle;
            } else {
                other = middle;
            }
        }
        other
    }
}
