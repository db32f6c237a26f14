//! Open data: what was filed in a month, by subject, quartier and outcome, for everybody.
//!
//! What is promised: a row counts at least five tickets, and nothing tells how many of fewer there are. A month is a
//! partition: each ticket is in one row or in none, and there are no totals, so that there is nothing to subtract from. A
//! group of tickets is parted only if each part has five: parts that are too small stay together, with the smallest of the
//! others where they would not be five by themselves ([`parts`]). Numbers are rounded as those of statistics are. A month is
//! counted once, whole and for good: between one night and the next, rows are added and none is changed.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Months, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::city::City;
use crate::id::{AreaCode, CategoryCode};
use crate::restitution::{Became, Followed, How, fate};
use crate::statistics::mask::{LEAST, rounded};
use crate::time::Zone;

/// How many months after its beginning a month is published: what is not settled by then counts as open. After two
/// months, silence is a refusal (CRPA L231-4).
const LATER: Months = Months::new(3);

/// What became of a ticket until its month was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Something was done: work, an answer, a watch that is kept.
    Fait,
    /// It ended without that.
    PasFait,
    /// It was followed with another one.
    Doublon,
    /// Nobody had settled it yet.
    EnCours,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Fait, Self::PasFait, Self::Doublon, Self::EnCours];

    /// The code in the data.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fait => "fait",
            Self::PasFait => "pas_fait",
            Self::Doublon => "doublon",
            Self::EnCours => "en_cours",
        }
    }

    /// What became of that ticket.
    #[must_use]
    pub fn of(ticket: Followed) -> Self {
        let (how, _) = fate(&[ticket]);
        match (how, how.became()) {
            (How::Duplicate, _) => Self::Doublon,
            (_, Became::Done) => Self::Fait,
            (_, Became::NotDone) => Self::PasFait,
            (_, Became::Open) => Self::EnCours,
        }
    }
}

/// A ticket, as far as open data depend on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// What it is about.
    pub category: CategoryCode,
    /// Where; none outside of every area.
    pub area: Option<AreaCode>,
    /// What became of it.
    pub outcome: Outcome,
    /// Seconds until a service first answered, if one did.
    pub first_answer: Option<i64>,
    /// Seconds until it was settled, if it was.
    pub settled: Option<i64>,
}

/// A code with what people call it, as it was when the month was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The code.
    pub code: String,
    /// What people call it.
    pub name: String,
}

/// A row: so many tickets of a month. What is none is not told: several, or some that are too few to be told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The group of categories.
    pub family: Option<Named>,
    /// The category.
    pub category: Option<Named>,
    /// The area; `(aucun)` for those outside of all.
    pub area: Option<Named>,
    /// What became of them.
    pub outcome: Option<Outcome>,
    /// How many, as the nearest multiple of five.
    pub tickets: u64,
    /// The median time until a service first answered, whole days; none of fewer than five.
    pub first_answer_days: Option<i64>,
    /// The median time until they were settled, whole days; none of fewer than five.
    pub settled_days: Option<i64>,
}

/// The months, each by its first day, that may be published at that instant, the first one being that of `since`.
pub fn due(since: DateTime<Utc>, now: DateTime<Utc>, zone: Zone) -> impl Iterator<Item = NaiveDate> {
    let month = |at| zone.day_of(at).with_day(1);
    let last = month(now).and_then(|month| month.checked_sub_months(LATER));
    let next = |month: &NaiveDate| month.checked_add_months(Months::new(1));
    std::iter::successors(month(since), next).take_while(move |month| last.is_some_and(|last| *month <= last))
}

/// When the month of that first day begins and ends.
#[must_use]
pub fn bounds(month: NaiveDate, zone: Zone) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    Some((zone.midnight(month)?, zone.midnight(month.checked_add_months(Months::new(1))?)?))
}

/// What tickets are parted by, in this order.
#[derive(Clone, Copy)]
enum By {
    Family,
    Category,
    Area,
    Outcome,
}

const ORDER: [By; 4] = [By::Family, By::Category, By::Area, By::Outcome];

/// What tickets have in common.
type Key = [Option<String>; ORDER.len()];

/// The rows of a month's tickets.
#[must_use]
pub fn rows(city: &City, records: &[Record]) -> Vec<Row> {
    let family = |record: &Record| {
        let parent = city.category(&record.category).and_then(|category| category.parent.as_ref());
        parent.unwrap_or(&record.category).to_string()
    };
    partition(records, family).into_iter().filter_map(|(key, records)| row(city, &records, key)).collect()
}

/// Tickets that are told apart, each part with what they have in common.
fn partition(records: &[Record], family: impl Fn(&Record) -> String) -> Vec<(Key, Vec<&Record>)> {
    let mut parts = Vec::new();
    if records.len() as u64 >= LEAST {
        part(records.iter().collect(), &family, Key::default(), 0, &mut parts);
    }
    parts
}

fn part<'a>(
    records: Vec<&'a Record>,
    family: &impl Fn(&Record) -> String,
    key: Key,
    at: usize,
    found: &mut Vec<(Key, Vec<&'a Record>)>,
) {
    let Some(by) = ORDER.get(at) else {
        found.push((key, records));
        return;
    };
    // Of what has no family told, the categories would tell it.
    if matches!(by, By::Category) && key[By::Family as usize].is_none() {
        return part(records, family, key, at + 1, found);
    }
    let mut groups: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
    for record in records {
        let value = match by {
            By::Family => family(record),
            By::Category => record.category.to_string(),
            By::Area => record.area.as_ref().map_or_else(|| NOWHERE.to_owned(), ToString::to_string),
            By::Outcome => record.outcome.code().to_owned(),
        };
        groups.entry(value).or_default().push(record);
    }
    let counts: Vec<u64> = groups.values().map(|records| records.len() as u64).collect();
    let mut together = Vec::new();
    for ((value, records), apart) in groups.into_iter().zip(parts(&counts)) {
        if apart {
            let mut key = key.clone();
            key[at] = Some(value);
            part(records, family, key, at + 1, found);
        } else {
            together.extend(records);
        }
    }
    if !together.is_empty() {
        part(together, family, key, at + 1, found);
    }
}

/// The code of what lies in no area, which no area can have.
const NOWHERE: &str = "(aucun)";

/// Which of some groups, that have five together, are told apart: those of five or more. What is left has five too, or
/// there is nothing left: if it were fewer, the smallest of the others would stay with it.
fn parts(counts: &[u64]) -> Vec<bool> {
    let mut apart: Vec<bool> = counts.iter().map(|count| *count >= LEAST).collect();
    let left: u64 = counts.iter().filter(|count| **count < LEAST).sum();
    if (1..LEAST).contains(&left)
        && let Some((smallest, _)) = counts.iter().enumerate().filter(|(_, n)| **n >= LEAST).min_by_key(|(_, n)| **n)
    {
        apart[smallest] = false;
    }
    apart
}

fn row(city: &City, records: &[&Record], [family, category, area, outcome]: Key) -> Option<Row> {
    let of_category = |code: String| {
        let found = code.parse().ok().and_then(|code| city.category(&code));
        Named { name: found.map_or_else(|| code.clone(), |category| category.label.fr.clone()), code }
    };
    let zoning = city.settings.open_data.as_ref().and_then(|open_data| city.zoning(&open_data.zoning));
    let of_area = |code: String| {
        let found = code.parse().ok().and_then(|code| zoning?.area(&code));
        let elsewhere = if code == NOWHERE { "Hors de tout secteur" } else { &code };
        Named { name: found.map_or_else(|| elsewhere.to_owned(), |area| area.name.clone()), code }
    };
    Some(Row {
        family: family.map(of_category),
        category: category.map(of_category),
        area: area.map(of_area),
        outcome: outcome.and_then(|code| Outcome::ALL.into_iter().find(|outcome| outcome.code() == code)),
        tickets: rounded(records.len() as u64)?,
        first_answer_days: median_days(records.iter().filter_map(|record| record.first_answer)),
        settled_days: median_days(records.iter().filter_map(|record| record.settled)),
    })
}

fn median_days(seconds: impl Iterator<Item = i64>) -> Option<i64> {
    let mut seconds: Vec<i64> = seconds.collect();
    seconds.sort_unstable();
    let (low, high) = (seconds.get(seconds.len().saturating_sub(1) / 2)?, seconds.get(seconds.len() / 2)?);
    // Half days and more are a day.
    (seconds.len() as u64 >= LEAST).then(|| ((low + high) / 2 + DAY / 2) / DAY)
}

const DAY: i64 = 86_400;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// What is seen of groups: of those that are told apart, their rounded number; of the others together, theirs.
    fn seen(counts: &[u64]) -> (Vec<Option<u64>>, Option<u64>) {
        let apart = parts(counts);
        let shown = counts.iter().zip(&apart).map(|(count, apart)| if *apart { rounded(*count) } else { None });
        let left: u64 = counts.iter().zip(&apart).filter(|(_, apart)| !**apart).map(|(count, _)| count).sum();
        (shown.collect(), rounded(left))
    }

    #[test]
    fn what_is_too_small_stays_with_others() {
        assert_eq!(parts(&[12, 0, 30]), [true, false, true]);
        assert_eq!(parts(&[12, 4, 30]), [false, false, true], "four would be alone");
        assert_eq!(parts(&[12, 4, 1]), [true, false, false], "five are not");
        assert_eq!(parts(&[3, 2]), [false, false]);
        assert_eq!(seen(&[12, 4, 30]), (vec![None, None, Some(30)], Some(15)));
    }

    #[test]
    fn who_knows_the_rules_is_left_with_more_than_one_number() {
        for length in 1..=4_u32 {
            let mut alike: BTreeMap<_, Vec<BTreeSet<u64>>> = BTreeMap::new();
            for n in 0..13_u64.pow(length) {
                let counts: Vec<u64> = (0..length).map(|at| n / 13_u64.pow(at) % 13).collect();
                // The group itself is one of five or more, or nothing is told of it at all.
                if counts.iter().sum::<u64>() >= LEAST {
                    let could_be = alike.entry(seen(&counts)).or_insert_with(|| vec![BTreeSet::new(); counts.len()]);
                    for (could_be, count) in could_be.iter_mut().zip(&counts) {
                        could_be.insert(*count);
                    }
                }
            }
            for (seen, could_be) in alike {
                for could_be in could_be {
                    let small = could_be.iter().any(|count| (1..LEAST).contains(count));
                    assert!(!small || could_be.len() > 1, "{seen:?}: {could_be:?}");
                }
            }
        }
    }

    /// So many tickets of each of two families in each of two areas.
    fn town([ax, ay, bx, by]: [usize; 4]) -> Vec<Record> {
        let record = |category: &str, area: &str| Record {
            category: category.parse().unwrap(),
            area: Some(area.parse().unwrap()),
            outcome: Outcome::EnCours,
            first_answer: None,
            settled: None,
        };
        let cells = [("a", "x", ax), ("a", "y", ay), ("b", "x", bx), ("b", "y", by)];
        cells.into_iter().flat_map(|(category, area, count)| vec![record(category, area); count]).collect()
    }

    #[test]
    fn nor_is_anything_left_exact_when_tickets_are_parted_again_and_again() {
        type Shown = Vec<(Key, Option<u64>)>;
        let mut alike: BTreeMap<Shown, [BTreeSet<usize>; 8]> = BTreeMap::new();
        for n in 0..11_usize.pow(4) {
            let counts @ [ax, ay, bx, by] = std::array::from_fn(|at| n / 11_usize.pow(u32::try_from(at).unwrap()) % 11);
            let records = town(counts);
            let parted = partition(&records, |record| record.category.to_string());
            assert!(parted.iter().all(|(_, records)| records.len() as u64 >= LEAST), "{counts:?}");
            let told: usize = parted.iter().map(|(_, records)| records.len()).sum();
            assert_eq!(told, if records.len() as u64 >= LEAST { records.len() } else { 0 }, "each in one");
            let mut seen: Vec<_> = parted.into_iter().map(|(key, of)| (key, rounded(of.len() as u64))).collect();
            seen.sort();
            assert!(seen.windows(2).all(|pair| pair[0].0 != pair[1].0), "a key is one row's: {seen:?}");
            let could_be = alike.entry(seen).or_default();
            for (could_be, count) in could_be.iter_mut().zip([ax, ay, bx, by, ax + ay, bx + by, ax + bx, ay + by]) {
                could_be.insert(count);
            }
        }
        for (seen, could_be) in alike {
            for could_be in could_be {
                let small = could_be.iter().any(|count| (1..5).contains(count));
                assert!(!small || could_be.len() > 1, "{seen:?}: {could_be:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn each_part_has_five(counts in vec(0..40_u64, 1..20)) {
            let apart = parts(&counts);
            let left: u64 = counts.iter().zip(&apart).filter(|(_, apart)| !**apart).map(|(count, _)| count).sum();
            prop_assert!(counts.iter().zip(&apart).all(|(count, apart)| !apart || *count >= LEAST));
            prop_assert!(left == 0 || left >= LEAST || counts.iter().sum::<u64>() < LEAST);
        }
    }

    #[test]
    fn a_month_is_due_once_two_whole_ones_have_passed() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let due = |since, now| due(at(since), at(now), Zone::PARIS).map(|day| day.to_string()).collect::<Vec<_>>();
        assert_eq!(due("2026-01-31T23:00:00Z", "2026-04-30T21:59:59Z"), Vec::<String>::new());
        assert_eq!(due("2026-01-31T23:00:00Z", "2026-04-30T22:00:00Z"), ["2026-02-01"]);
        assert_eq!(due("2026-01-31T22:59:59Z", "2026-05-01T00:00:00Z"), ["2026-01-01", "2026-02-01"]);
        let march = bounds("2026-03-01".parse().unwrap(), Zone::PARIS).unwrap();
        assert_eq!(march, (at("2026-02-28T23:00:00Z"), at("2026-03-31T22:00:00Z")));
    }

    #[test]
    fn a_median_is_of_five_and_in_whole_days() {
        let days = |days: &[i64]| median_days(days.iter().map(|day| day * DAY));
        assert_eq!((days(&[1, 2, 3, 4]), days(&[9, 1, 2, 3, 40])), (None, Some(3)));
        assert_eq!(median_days([DAY / 2 - 1; 5].into_iter()), Some(0));
        assert_eq!(median_days([DAY / 2; 6].into_iter()), Some(1));
    }
}
