//! What is wrong with a calendar, such that counting in it would be ambiguous or lead nowhere.

use chrono::{Datelike, NaiveDate};

use super::calendar::Calendar;
use super::closing::Closure;
use super::week::Span;

/// In 28 years every date falls on every day of the week.
const YEARS: std::ops::Range<i32> = 2024..2052;

/// Minutes that a calendar is open in each year at least, closures aside: 365 days or hours lead no further than 365
/// years, closures aside.
const LEAST: u32 = 12 * 60;

impl Calendar {
    /// All that is wrong with it: JSON pointers into it, and messages.
    pub(crate) fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        for (name, spans) in self.hours.days() {
            faults.extend(overlaps(spans).map(|(at, message)| (format!("/hours/{name}/{at}"), message)));
        }
        for (at, closure) in self.closures.iter().enumerate() {
            let days = closure.days();
            if days < 1 {
                faults.push((format!("/closures/{at}/to"), "the closure ends before it begins".to_owned()));
            } else if days > Closure::LONGEST {
                let message = format!("the closure lasts {days} days: at most {}", Closure::LONGEST);
                faults.push((format!("/closures/{at}/to"), message));
            }
        }
        if self.hours.days().iter().all(|(_, spans)| spans.is_empty()) {
            faults.push(("/hours".to_owned(), "the calendar never opens".to_owned()));
        } else if let Some(year) = YEARS.into_iter().find(|year| self.open_minutes(*year) < LEAST) {
            faults.push(("/hours".to_owned(), format!("the calendar opens for less than 12 hours in {year}")));
        }
        faults
    }

    /// The minutes of its hours in a year, closures aside.
    fn open_minutes(&self, year: i32) -> u32 {
        let days = NaiveDate::from_ymd_opt(year, 1, 1).into_iter().flat_map(|day| day.iter_days());
        let days = days.take_while(|day| day.year() == year);
        let open = days.filter(|day| self.holidays.on(*day).is_none() && !self.closed.iter().any(|c| c.is(*day)));
        open.flat_map(|day| self.hours.on(day.weekday())).map(|span| u32::from(span.minutes())).sum()
    }
}

/// The spans that overlap an earlier one: their numbers, and messages.
fn overlaps(spans: &[Span]) -> impl Iterator<Item = (usize, String)> {
    spans.iter().enumerate().filter_map(|(at, span)| {
        let other = spans[..at].iter().find(|other| other.from() < span.to() && span.from() < other.to())?;
        Some((at, format!("« {span} » overlaps « {other} »")))
    })
}
