//! Working time: opening hours, holidays, and when a target falls due. Everything is counted in local time of
//! Europe/Paris and kept in UTC.

use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc, Weekday};
use chrono_tz::Europe::Paris;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::CalendarCode;
use crate::language::Label;

/// How long something may take, in working time: `4h` is four open hours; `2d` is the closing time of the second open
/// day after the day on which the count began; `0d` is the end of that day itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = r"^[0-9]{1,3}[hd]$"))]
pub enum Target {
    /// Open hours.
    Hours(u16),
    /// Open days.
    Days(u16),
}

/// Why a text is not a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("« {0} » is not a target: write 4h for four open hours, 2d for two open days, at most 365")]
pub struct NotATarget(String);

impl FromStr for Target {
    type Err = NotATarget;

    fn from_str(text: &str) -> Result<Self, NotATarget> {
        let fail = || NotATarget(text.to_owned());
        let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(fail)?;
        let count: u16 = digits.parse().ok().filter(|count| *count <= 365).ok_or_else(fail)?;
        match unit {
            "h" => Ok(Self::Hours(count)),
            "d" => Ok(Self::Days(count)),
            _ => Err(fail()),
        }
    }
}

impl TryFrom<String> for Target {
    type Error = NotATarget;

    fn try_from(text: String) -> Result<Self, NotATarget> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        match target {
            Target::Hours(count) => format!("{count}h"),
            Target::Days(count) => format!("{count}d"),
        }
    }
}

/// Which public holidays a calendar keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Holidays {
    /// The eleven of metropolitan France (Code du travail L3133-1).
    Metropolitan,
    /// Those, Good Friday and 26 December (L3134-13).
    AlsaceMoselle,
    /// None but the days listed in `closed`.
    None,
}

/// A time of day, `00:00` to `24:00`, in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Minute(u16);

/// A span of opening, `08:30-12:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = r"^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$"))]
pub struct Span {
    from: Minute,
    to: Minute,
}

/// Why a text is not a span.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("« {0} » is not a span of opening: write 08:30-12:00, the end after the beginning, 24:00 at the latest")]
pub struct NotASpan(String);

impl TryFrom<String> for Span {
    type Error = NotASpan;

    fn try_from(text: String) -> Result<Self, NotASpan> {
        let minute = |part: &str| {
            let (hour, minute) = part.split_once(':')?;
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            (minute < 60 && hour * 60 + minute <= 24 * 60).then_some(Minute(hour * 60 + minute))
        };
        text.split_once('-')
            .and_then(|(from, to)| Some(Self { from: minute(from)?, to: minute(to)? }))
            .filter(|span| span.from < span.to)
            .ok_or(NotASpan(text))
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        let text = |Minute(m): Minute| format!("{:02}:{:02}", m / 60, m % 60);
        format!("{}-{}", text(span.from), text(span.to))
    }
}

/// A day of each year, `MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = r"^[0-1][0-9]-[0-3][0-9]$"))]
pub struct YearDay {
    month: u32,
    day: u32,
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

/// Opening hours of a week.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Week {
    /// Monday.
    pub monday: Vec<Span>,
    /// Tuesday.
    pub tuesday: Vec<Span>,
    /// Wednesday.
    pub wednesday: Vec<Span>,
    /// Thursday.
    pub thursday: Vec<Span>,
    /// Friday.
    pub friday: Vec<Span>,
    /// Saturday.
    pub saturday: Vec<Span>,
    /// Sunday.
    pub sunday: Vec<Span>,
}

/// When a service is open (`calendars.yaml`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// Its code.
    pub code: CalendarCode,
    /// What people call it.
    pub name: Label,
    /// The hours of each day of the week; a day that is not named is closed.
    pub hours: Week,
    /// The public holidays on which it is closed.
    pub holidays: Holidays,
    /// Other days of each year on which it is closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub closed: Vec<YearDay>,
}

impl Calendar {
    /// Whether some hour of some week is open; a calendar without one never reaches a target.
    #[must_use]
    pub fn ever_opens(&self) -> bool {
        [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun]
            .into_iter()
            .any(|day| !self.week_day(day).is_empty())
    }

    /// When a target counted from `start` falls due.
    ///
    /// For a calendar that never opens, which [`crate::city::City::check`] refuses, the target is counted in plain
    /// hours and days.
    #[must_use]
    pub fn due(&self, start: DateTime<Utc>, target: Target) -> DateTime<Utc> {
        if !self.ever_opens() {
            return match target {
                Target::Hours(count) => start + Duration::hours(count.into()),
                Target::Days(count) => start + Duration::days(count.into()),
            };
        }
        match target {
            Target::Hours(count) => self.after_open_hours(start, count),
            Target::Days(count) => self.after_open_days(start, count),
        }
    }

    fn after_open_hours(&self, start: DateTime<Utc>, count: u16) -> DateTime<Utc> {
        let mut left = Duration::hours(count.into());
        let mut day = start.with_timezone(&Paris).date_naive();
        loop {
            for (opens, closes) in self.openings(day) {
                let from = opens.max(start);
                let open = closes - from;
                if open >= left {
                    return from + left;
                }
                left -= open.max(Duration::zero());
            }
            day = day + Days::new(1);
        }
    }

    fn after_open_days(&self, start: DateTime<Utc>, count: u16) -> DateTime<Utc> {
        let mut day = start.with_timezone(&Paris).date_naive();
        let mut left = count;
        loop {
            // The first day counts as day 0 whether or not it is open; a `0d` on a closed day runs to the next open one.
            if let Some((_, closes)) = self.openings(day).last().copied().filter(|(_, closes)| *closes > start)
                && left == 0
            {
                return closes;
            }
            day = day + Days::new(1);
            if !self.openings(day).is_empty() {
                left = left.saturating_sub(1);
            }
        }
    }

    /// The openings of one local day, as instants.
    fn openings(&self, day: NaiveDate) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        if self.is_closed_on(day) {
            return Vec::new();
        }
        self.week_day(day.weekday()).iter().map(|span| (instant(day, span.from), instant(day, span.to))).collect()
    }

    fn is_closed_on(&self, day: NaiveDate) -> bool {
        let listed = self.closed.iter().any(|d| d.month == day.month() && d.day == day.day());
        listed
            || match self.holidays {
                Holidays::None => false,
                Holidays::Metropolitan => is_public_holiday(day),
                Holidays::AlsaceMoselle => {
                    is_public_holiday(day)
                        || (day.month(), day.day()) == (12, 26)
                        || day + Days::new(2) == easter(day.year())
                }
            }
    }

    fn week_day(&self, day: Weekday) -> &[Span] {
        match day {
            Weekday::Mon => &self.hours.monday,
            Weekday::Tue => &self.hours.tuesday,
            Weekday::Wed => &self.hours.wednesday,
            Weekday::Thu => &self.hours.thursday,
            Weekday::Fri => &self.hours.friday,
            Weekday::Sat => &self.hours.saturday,
            Weekday::Sun => &self.hours.sunday,
        }
    }
}

/// The instant of a local time. In autumn, when a local time comes twice, the first; in spring, when it does not
/// exist, the hour after.
fn instant(day: NaiveDate, Minute(minute): Minute) -> DateTime<Utc> {
    let local = NaiveDateTime::new(day, NaiveTime::MIN) + Duration::minutes(minute.into());
    Paris
        .from_local_datetime(&local)
        .earliest()
        .unwrap_or_else(|| Paris.from_utc_datetime(&(local - Duration::hours(1))))
        .with_timezone(&Utc)
}

/// The public holidays of metropolitan France (Code du travail L3133-1).
fn is_public_holiday(day: NaiveDate) -> bool {
    let fixed = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)];
    if fixed.contains(&(day.month(), day.day())) {
        return true;
    }
    let after_easter = day.signed_duration_since(easter(day.year())).num_days();
    // Easter Monday, Ascension, Whit Monday.
    matches!(after_easter, 1 | 39 | 50)
}

/// Easter Sunday of a year of the Gregorian calendar (the "anonymous" algorithm, Nature, 20 April 1876).
#[allow(clippy::many_single_char_names, reason = "the names of the published algorithm")]
fn easter(year: i32) -> NaiveDate {
    let a = year % 19;
    let (b, c) = (year / 100, year % 100);
    let f = (b + 8) / 25;
    let h = (19 * a + b - b / 4 - (b - f + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    let (month, day) = (n / 31, n % 31 + 1);
    let date = u32::try_from(month).ok().zip(u32::try_from(day).ok());
    date.and_then(|(month, day)| NaiveDate::from_ymd_opt(year, month, day))
        .expect("the algorithm gives a day of March or April for every year from 0 on")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office() -> Calendar {
        let day: Vec<Span> =
            ["08:30-12:00", "13:30-17:30"].into_iter().map(|s| Span::try_from(s.to_owned()).unwrap()).collect();
        Calendar {
            code: "bureau".parse().unwrap(),
            name: Label { fr: "Bureau".into(), en: "Office".into() },
            hours: Week {
                monday: day.clone(),
                tuesday: day.clone(),
                wednesday: day.clone(),
                thursday: day.clone(),
                friday: day,
                ..Week::default()
            },
            holidays: Holidays::Metropolitan,
            closed: Vec::new(),
        }
    }

    fn due(start: &str, target: &str) -> String {
        let due = office().due(start.parse().unwrap(), target.parse().unwrap());
        due.with_timezone(&Paris).format("%Y-%m-%d %H:%M").to_string()
    }

    #[test]
    fn hours_count_only_while_open() {
        assert_eq!(due("2026-03-10T09:00:00Z", "2h"), "2026-03-10 12:00");
        assert_eq!(due("2026-03-10T09:00:00Z", "3h"), "2026-03-10 14:30");
        // Friday 17:00 local, two hours: half an hour left today, the rest on Monday.
        assert_eq!(due("2026-03-13T16:00:00Z", "2h"), "2026-03-16 10:00");
    }

    #[test]
    fn days_end_when_the_service_closes() {
        assert_eq!(due("2026-03-10T09:00:00Z", "0d"), "2026-03-10 17:30");
        assert_eq!(due("2026-03-10T09:00:00Z", "2d"), "2026-03-12 17:30");
        assert_eq!(due("2026-03-14T09:00:00Z", "1d"), "2026-03-16 17:30", "filed on a Saturday");
        assert_eq!(due("2026-03-10T20:00:00Z", "0d"), "2026-03-11 17:30", "filed after closing");
    }

    #[test]
    fn public_holidays_are_skipped() {
        // 14 May 2026 is Ascension Day; 25 May is Whit Monday.
        assert_eq!(due("2026-05-13T09:00:00Z", "1d"), "2026-05-15 17:30");
        assert_eq!(due("2026-05-22T09:00:00Z", "1d"), "2026-05-26 17:30");
    }

    #[test]
    fn both_changes_of_the_clock_keep_the_local_hours() {
        // 29 March and 25 October 2026.
        assert_eq!(due("2026-03-27T16:00:00Z", "1h"), "2026-03-30 09:00");
        assert_eq!(due("2026-10-23T15:00:00Z", "1h"), "2026-10-26 09:00");
    }

    #[test]
    fn easter_falls_where_the_almanacs_say() {
        for (year, month, day) in [(2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25)] {
            assert_eq!(easter(year), NaiveDate::from_ymd_opt(year, month, day).unwrap());
        }
    }
}
