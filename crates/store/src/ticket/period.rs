//! When the tickets were filed that a search looks at, one period after the other.

use chrono::{DateTime, Datelike as _, Days, Duration, Months, NaiveTime, Utc};

/// Tickets that were filed within some time, one after the other: most searches end within the last days, and those before are looked
/// at only until a page is full.
#[derive(Debug, Clone)]
pub(super) struct Period {
    /// Its first instant; none for all of the past.
    pub(super) from: Option<DateTime<Utc>>,
    /// The instant after the last one.
    pub(super) before: DateTime<Utc>,
    /// The same as a query of words: `filed_in` (migration 0050) has each day, month and year as one. None for all of the past.
    pub(super) words: Option<String>,
}

/// What a period is counted in.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Day,
    Month,
    Year,
}

/// Back to where searches look, one step after the other: so many days, months or years before the one that is going on. Each is
/// some times as long as the one before, so that of a word with a page of hits no more than some pages of hits are read.
const STEPS: [(Unit, u32); 6] =
    [(Unit::Day, 0), (Unit::Day, 2), (Unit::Day, 14), (Unit::Month, 2), (Unit::Month, 8), (Unit::Year, 2)];
/// The same where a list is narrowed by more than words: a step that brings too few costs as much as it would bring.
const NARROWED: [(Unit, u32); 2] = [(Unit::Month, 1), (Unit::Month, 11)];
/// Back to where words are enough that only resemble.
const RESEMBLING: [(Unit, u32); 4] = [(Unit::Day, 2), (Unit::Day, 14), (Unit::Month, 2), (Unit::Month, 11)];

impl Unit {
    /// So many units before the one that is going on then.
    fn back(self, at: DateTime<Utc>, count: u32) -> Option<DateTime<Utc>> {
        let date = at.date_naive();
        let first = match self {
            Self::Day => date.checked_sub_days(Days::new(count.into())),
            Self::Month => date.with_day(1)?.checked_sub_months(Months::new(count)),
            Self::Year => date.with_day(1)?.with_month(1)?.checked_sub_months(Months::new(12 * count)),
        };
        Some(first?.and_time(NaiveTime::MIN).and_utc())
    }

    /// The words for all of these within that time.
    fn words(self, from: DateTime<Utc>, before: DateTime<Utc>) -> String {
        let (format, days) = match self {
            Self::Day => ("' %Y%m%d'", 1),
            Self::Month => ("' %Y%m'", 28),
            Self::Year => ("' %Y'", 365),
        };
        let mut all = Vec::new();
        let mut at = from;
        while at < before {
            all.push(at.format(format).to_string());
            at += Duration::days(days);
        }
        all.push((before - Duration::seconds(1)).format(format).to_string());
        all.dedup();
        all.join("|")
    }
}

/// Nothing was filed later, seen from then: the clock of another instance may be a little ahead.
fn after(last: DateTime<Utc>) -> DateTime<Utc> {
    last + Duration::days(1)
}

impl Period {
    /// One after the other, the last ones first: those of tickets that were filed at that instant or before.
    fn back_from(last: DateTime<Utc>, steps: &[(Unit, u32)]) -> Vec<Self> {
        let mut before = after(last);
        let mut periods = Vec::new();
        for (unit, count) in steps {
            if let Some(from) = unit.back(last, *count).filter(|from| *from < before) {
                periods.push(Self { from: Some(from), before, words: Some(unit.words(from, before)) });
                before = from;
            }
        }
        periods
    }

    /// All of the past, in steps.
    pub(super) fn steps(last: DateTime<Utc>, narrowed: bool) -> Vec<Self> {
        let mut periods = Self::back_from(last, if narrowed { &NARROWED } else { &STEPS });
        let before = periods.last().and_then(|period| period.from).unwrap_or_else(|| after(last));
        periods.push(Self { from: None, before, words: None });
        periods
    }

    /// The last twelve months, in steps: as far as words are looked for that only resemble.
    pub(super) fn resembling(now: DateTime<Utc>) -> Vec<Self> {
        Self::back_from(now, &RESEMBLING)
    }

    /// The same months, at once.
    pub(super) fn resembling_at_once(now: DateTime<Utc>) -> Option<Self> {
        Self::back_from(now, &RESEMBLING[RESEMBLING.len() - 1..]).pop()
    }

    /// As a row of the table that a statement walks through: its words, its first instant, and the one after its last.
    pub(super) fn row(&self) -> (Option<String>, DateTime<Utc>, DateTime<Utc>) {
        (self.words.clone(), self.from.unwrap_or(DateTime::UNIX_EPOCH), self.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_steps_back_in_time() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let periods = Period::steps(at("2026-01-03T10:00:00Z"), false);
        let words: Vec<&str> = periods.iter().map(|period| period.words.as_deref().unwrap_or_default()).collect();
        assert_eq!(words[..2], ["' 20260103'|' 20260104'", "' 20260101'|' 20260102'"]);
        assert!(words[2].starts_with("' 20251220'|' 20251221'") && words[2].ends_with("' 20251231'"), "{}", words[2]);
        let months = "' 202505'|' 202506'|' 202507'|' 202508'|' 202509'|' 202510'";
        assert_eq!(words[3..], ["' 202511'|' 202512'", months, "' 2024'|' 2025'", ""]);
        for pair in periods.windows(2) {
            assert_eq!(pair[0].from, Some(pair[1].before), "one begins where the other ends");
        }
        assert_eq!(periods[6].from, None);
        let year = Period::resembling(at("2024-02-29T10:00:00Z"));
        assert_eq!(year[3].words.as_deref().map(|words| words.matches('|').count() + 1), Some(9), "months, each once");
        let at_once = Period::resembling_at_once(at("2024-02-29T10:00:00Z")).unwrap();
        assert_eq!(at_once.from, Some(at("2023-03-01T00:00:00Z")));
        assert_eq!(year[3].from, at_once.from, "the same months");
    }
}
