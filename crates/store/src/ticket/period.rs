//! When the tickets were filed that a search looks at, where a list is narrowed by more than words, or its reader reads a part of all tickets.

use chrono::{DateTime, Datelike as _, Duration, Months, NaiveTime, Utc};

/// Tickets that were filed within some months.
#[derive(Debug, Clone)]
pub(super) struct Period {
    /// Its first instant; none for all of the past.
    pub(super) from: Option<DateTime<Utc>>,
    /// The instant after the last one.
    pub(super) before: DateTime<Utc>,
    /// The same as a query of words: `filed_in` (migration 0050) has each month as one. None for all of the past.
    pub(super) words: Option<String>,
}

/// So many months before the one that is going on, one step after the other: a step that brings too few costs as much as it would bring.
const STEPS: [u32; 2] = [1, 11];

/// The first instant of the month, so many before the one that is going on then.
fn months_back(at: DateTime<Utc>, count: u32) -> Option<DateTime<Utc>> {
    let first = at.date_naive().with_day(1)?.checked_sub_months(Months::new(count))?;
    Some(first.and_time(NaiveTime::MIN).and_utc())
}

/// The words for all months within that time.
fn words(from: DateTime<Utc>, before: DateTime<Utc>) -> String {
    let months = (0..).map_while(|count| from.checked_add_months(Months::new(count)).filter(|at| *at < before));
    months.map(|at| at.format("' %Y%m'").to_string()).collect::<Vec<_>>().join("|")
}

/// Nothing was filed later, seen from then: the clock of another instance may be a little ahead.
pub(super) fn after(last: DateTime<Utc>) -> DateTime<Utc> {
    last + Duration::days(1)
}

impl Period {
    fn months(from: DateTime<Utc>, before: DateTime<Utc>) -> Self {
        Self { from: Some(from), before, words: Some(words(from, before)) }
    }

    /// All of the past, one period after the other, the last ones first: of tickets that were filed at that instant or before.
    pub(super) fn steps(last: DateTime<Utc>) -> Vec<Self> {
        let mut before = after(last);
        let mut periods = Vec::new();
        for from in STEPS.into_iter().filter_map(|count| months_back(last, count)) {
            periods.push(Self::months(from, before));
            before = from;
        }
        periods.push(Self { from: None, before, words: None });
        periods
    }

    /// The last twelve months: as far as words are looked for that only resemble.
    pub(super) fn year(now: DateTime<Utc>) -> Option<Self> {
        months_back(now, 11).map(|from| Self::months(from, after(now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_steps_back_in_time() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let periods = Period::steps(at("2026-01-31T10:00:00Z"));
        let words: Vec<&str> = periods.iter().map(|period| period.words.as_deref().unwrap_or_default()).collect();
        assert_eq!(words[0], "' 202512'|' 202601'|' 202602'");
        assert!(words[1].starts_with("' 202502'|") && words[1].ends_with("|' 202511'"), "{}", words[1]);
        assert_eq!(words[2], "");
        for pair in periods.windows(2) {
            assert_eq!(pair[0].from, Some(pair[1].before), "one begins where the other ends");
        }
        assert_eq!(periods[2].from, None);
        let year = Period::year(at("2024-02-29T10:00:00Z")).unwrap();
        assert_eq!(
            year.words.map(|words| words.matches('|').count() + 1),
            Some(13),
            "months, each once, and the next one"
        );
        assert_eq!(year.from, Some(at("2023-03-01T00:00:00Z")));
    }
}
