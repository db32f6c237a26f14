//! Figures: what is counted of tickets, by what, and what of it is shown to whom ([`mask`]).
//!
//! Deliberately absent: how a ticket's figures are found. They follow from its events, in the database
//! (`figures_of`, migration 0060), one ticket at a time.

pub mod mask;

use chrono::{DateTime, NaiveDate, Utc};

use crate::id::ZoningCode;
use crate::time::Zone;

/// By what tickets are put into groups. Each ticket is in exactly one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupBy {
    /// All in none: the total alone.
    Nothing,
    /// By the service that has them, or had them last.
    Service,
    /// By what they are about.
    Category,
    /// By the category that theirs is part of; by their own, if it is part of none.
    CategoryGroup,
    /// By the area of this zoning that their place is in.
    Area(ZoningCode),
    /// By the month in which they were filed, on the city's clocks.
    Month,
}

/// Something that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Tickets, whatever became of them.
    Filed,
    /// Those which the service that has them took in hand.
    Acknowledged,
    /// Those which it took in hand on time.
    AcknowledgedOnTime,
    /// Those of which it is known after how much time a service first answered.
    FirstStatus,
    /// Those of which it is known after how much working time.
    FirstStatusWorking,
    /// Those that are settled.
    Resolution,
    /// Those that were passed on to another service.
    Rerouted,
    /// Those that a service refused.
    Refused,
    /// Those that were reopened.
    Reopened,
    /// Those that are settled or closed, for a reason that is not work.
    ClosedWithoutWork,
    /// Residents for whom there was news.
    ResidentsToTell,
    /// Residents who were told.
    ResidentsTold,
    /// Referrers for whom there was news.
    ReferrersToTell,
    /// Referrers who were told.
    ReferrersTold,
    /// Those that are neither settled nor ended.
    Open,
}

impl Counted {
    /// All of it.
    pub const ALL: [Self; 15] = [
        Self::Filed,
        Self::Acknowledged,
        Self::AcknowledgedOnTime,
        Self::FirstStatus,
        Self::FirstStatusWorking,
        Self::Resolution,
        Self::Rerouted,
        Self::Refused,
        Self::Reopened,
        Self::ClosedWithoutWork,
        Self::ResidentsToTell,
        Self::ResidentsTold,
        Self::ReferrersToTell,
        Self::ReferrersTold,
        Self::Open,
    ];
}

/// How long something took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Delay {
    /// The median, in seconds: interpolated between the two in the middle, when their number is even.
    pub median: Option<f64>,
    /// The 90th percentile, in seconds, interpolated likewise.
    pub ninth_decile: Option<f64>,
}

/// The figures of some tickets. A number that is not shown is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    counts: [Option<u64>; Counted::ALL.len()],
    /// How long it took until a service first answered.
    pub first_status: Delay,
    /// The same in working time.
    pub first_status_working: Delay,
    /// How long it took until they were settled.
    pub resolution: Delay,
    /// When the oldest open one was filed; none when none is open.
    pub oldest_open: Option<DateTime<Utc>>,
    /// Whether a number of them is not shown.
    pub masked: bool,
}

impl Figures {
    /// Figures of these counts, in the order of [`Counted::ALL`].
    #[must_use]
    pub fn new(counts: [u64; Counted::ALL.len()]) -> Self {
        Self {
            counts: counts.map(Some),
            first_status: Delay::default(),
            first_status_working: Delay::default(),
            resolution: Delay::default(),
            oldest_open: None,
            masked: false,
        }
    }

    /// How many, if it is shown.
    #[must_use]
    pub const fn count(&self, of: Counted) -> Option<u64> {
        self.counts[of as usize]
    }
}

/// The figures of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Of which: a code, or the month as `2026-03`; none for tickets that are in no area.
    pub key: Option<String>,
    /// Its figures.
    pub figures: Figures,
}

/// The figures of tickets, group by group.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The groups that have a ticket.
    pub groups: Vec<Group>,
    /// The figures of all of them.
    pub total: Figures,
}

/// Whether an instant is the first one of a month, on the clocks of that zone.
#[must_use]
pub fn begins_month(at: DateTime<Utc>, zone: Zone) -> bool {
    use chrono::{Datelike as _, Timelike as _};
    let local = zone.local(at);
    local.day() == 1 && local.num_seconds_from_midnight() == 0 && local.nanosecond() == 0
}

/// When the month of an instant began, on the clocks of that zone. None beyond the years that calendars have.
#[must_use]
pub fn month_of(at: DateTime<Utc>, zone: Zone) -> Option<DateTime<Utc>> {
    use chrono::Datelike as _;
    zone.midnight(zone.day_of(at).with_day(1)?)
}

/// From when to when a year lasts, on the clocks of that zone. None for years that calendars do not have.
#[must_use]
pub fn year(year: i32, zone: Zone) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let begins = |year| zone.midnight(NaiveDate::from_ymd_opt(year, 1, 1)?);
    Some((begins(year)?, begins(year.checked_add(1)?)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_and_months_begin_when_the_clocks_of_the_city_say_so() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(year(2026, Zone::PARIS), Some((at("2025-12-31T23:00:00Z"), at("2026-12-31T23:00:00Z"))));
        for (instant, begins) in [
            ("2026-03-31T22:00:00Z", true),
            ("2026-02-28T23:00:00Z", true),
            ("2026-03-01T00:00:00Z", false),
            ("2026-02-28T23:00:01Z", false),
        ] {
            assert_eq!(begins_month(at(instant), Zone::PARIS), begins, "{instant}");
            assert_eq!(month_of(at(instant), Zone::PARIS) == Some(at(instant)), begins, "{instant}");
        }
        assert_eq!(month_of(at("2026-03-31T21:59:59Z"), Zone::PARIS), Some(at("2026-02-28T23:00:00Z")));
    }
}
