//! Counting in working time: when a target falls due, how much open time lies between two instants, and pauses.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::target::Target;
use super::week::Span;

/// A time during which the clock of a ticket stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// When it began.
    pub from: DateTime<Utc>,
    /// When it ended; none while it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<DateTime<Utc>>,
}

/// How many days a count goes through at most: further than any target leads in a calendar that
/// [`crate::city::City::check`] accepts (365 days on each of which it opens, one a year, and all of its closures).
const HORIZON: usize = 500 * 366;

impl Calendar {
    /// When a target counted from `start` falls due.
    ///
    /// `0h` is the next instant at which it is open. In a calendar that never opens, which
    /// [`crate::city::City::check`] refuses, the target is counted in plain hours and days.
    #[must_use]
    pub fn due(&self, start: DateTime<Utc>, target: Target) -> DateTime<Utc> {
        let (due, plain) = match target {
            Target::Hours(count) => {
                let open = Duration::hours(count.into());
                (self.reach(start, open), open)
            }
            Target::Days(count) => (self.closing_after(start, count), Duration::days(count.into())),
        };
        due.unwrap_or_else(|| later(start, plain))
    }

    /// Whether a target falls due later than another one whenever both are counted from the same instant, but for days on
    /// which the clock is changed.
    #[must_use]
    pub fn is_longer(&self, target: Target, other: Target) -> bool {
        let open = |spans: &[Span]| spans.iter().map(|span| u32::from(span.minutes())).sum::<u32>();
        let days = self.hours.days().map(|(_, spans)| open(spans));
        let days = days.into_iter().filter(|minutes| *minutes > 0);
        let (Some(shortest), Some(longest)) = (days.clone().min(), days.max()) else { return false };
        match (target, other) {
            (Target::Hours(one), Target::Hours(other)) | (Target::Days(one), Target::Days(other)) => one > other,
            // The day on which the count begins may be over already, or all before it.
            (Target::Days(days), Target::Hours(hours)) => u32::from(days) * shortest > u32::from(hours) * 60,
            (Target::Hours(hours), Target::Days(days)) => u32::from(hours) * 60 > (u32::from(days) + 1) * longest,
        }
    }

    /// The open time between two instants; zero when `to` is not after `from`.
    #[must_use]
    pub fn working_time(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Duration {
        if to <= from {
            return Duration::zero();
        }
        let last = self.zone().day_of(to);
        let days = self.days_from(from).take_while(|day| *day <= last);
        let open = days.flat_map(|day| self.openings(day)).map(|(opens, closes)| closes.min(to) - opens.max(from));
        open.filter(|open| *open > Duration::zero()).fold(Duration::zero(), |sum, open| sum + open)
    }

    /// The first instant at which that much open time has passed since `start`; `start` itself for none.
    ///
    /// In a calendar that never opens the time is counted as if it always were.
    #[must_use]
    pub fn after(&self, start: DateTime<Utc>, open: Duration) -> DateTime<Utc> {
        if open <= Duration::zero() {
            return start;
        }
        self.reach(start, open).unwrap_or_else(|| later(start, open))
    }

    /// When a target counted from `start` falls due, the clock having stood still during the pauses that have ended.
    ///
    /// The budget is the open time from `start` to the due date without pauses; the result is the first instant at
    /// which as much open time outside of the pauses has passed. A pause that lasts is not counted yet; one that began
    /// after the due date does not move it. Pauses may overlap and stand in any order.
    #[must_use]
    pub fn due_paused(&self, start: DateTime<Utc>, target: Target, pauses: &[Pause]) -> DateTime<Utc> {
        let due = self.due(start, target);
        let budget = self.working_time(start, due);
        if budget.is_zero() { due } else { self.spend(start, budget, &ended(start, pauses)) }
    }

    /// The instant at which a part of the time until `due` has passed, in percent of the open time outside of the
    /// pauses: 100 is `due` itself, 150 is later by half of that time. All are `due` when there is none.
    #[must_use]
    pub fn share(&self, start: DateTime<Utc>, due: DateTime<Utc>, percent: u16, pauses: &[Pause]) -> DateTime<Utc> {
        let pauses = ended(start, pauses);
        let budget = self.spent(start, due, &pauses);
        if percent == 100 || budget.is_zero() {
            return due;
        }
        self.spend(start, budget * i32::from(percent) / 100, &pauses)
    }

    /// The first instant at which that much open time outside of the pauses has passed.
    fn spend(&self, start: DateTime<Utc>, open: Duration, pauses: &[(DateTime<Utc>, DateTime<Utc>)]) -> DateTime<Utc> {
        let (mut at, mut left) = (start, open);
        for (from, to) in pauses.iter().filter(|(_, to)| *to > start) {
            let open = self.working_time(at, *from);
            if open >= left {
                break;
            }
            left -= open;
            at = at.max(*to);
        }
        self.after(at, left)
    }

    /// The open time outside of the pauses between two instants.
    fn spent(&self, from: DateTime<Utc>, to: DateTime<Utc>, pauses: &[(DateTime<Utc>, DateTime<Utc>)]) -> Duration {
        let (mut at, mut open) = (from, Duration::zero());
        for (begins, ends) in pauses {
            open += self.working_time(at, to.min(*begins));
            at = at.max(*ends);
        }
        open + self.working_time(at, to)
    }

    /// The first instant of an opening after `start` at which that much open time has passed.
    fn reach(&self, start: DateTime<Utc>, open: Duration) -> Option<DateTime<Utc>> {
        let mut left = open;
        for day in self.days_from(start).take(HORIZON) {
            for (opens, closes) in self.openings(day).into_iter().filter(|(_, closes)| *closes > start) {
                let from = opens.max(start);
                if closes - from >= left {
                    return Some(from + left);
                }
                left -= closes - from;
            }
        }
        None
    }

    /// When it closes on the open day that many after that of `start`, which counts as day 0 whether or not it is
    /// open. Never `start` or before: a `0d` that begins on a closed day or after closing runs to the next open day.
    fn closing_after(&self, start: DateTime<Utc>, count: u16) -> Option<DateTime<Utc>> {
        let mut left = count;
        for (number, day) in self.days_from(start).take(HORIZON).enumerate() {
            let Some((_, closes)) = self.openings(day).pop() else { continue };
            if number > 0 {
                left = left.saturating_sub(1);
            }
            if left == 0 && closes > start {
                return Some(closes);
            }
        }
        None
    }

    fn days_from(&self, start: DateTime<Utc>) -> impl Iterator<Item = NaiveDate> {
        self.zone().day_of(start).iter_days()
    }
}

fn later(start: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    start.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The pauses that have ended, as far as they lie after `start`, the first one first.
fn ended(start: DateTime<Utc>, pauses: &[Pause]) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
    let ended = pauses.iter().filter_map(|pause| Some((pause.from.max(start), pause.to?)));
    let mut ended: Vec<_> = ended.filter(|(from, to)| from < to).collect();
    ended.sort_unstable();
    ended
}
