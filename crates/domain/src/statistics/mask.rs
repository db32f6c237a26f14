//! What is shown of figures outside the municipal police: no number from 1 to 4, the others as the nearest multiple of 5,
//! times to the hour or to the day, and no total from which a hidden number could be computed.
//!
//! What is promised of one answer: whatever is subtracted from whatever, a hidden number can still be each of 1, 2, 3 and
//! 4; and somebody who also knows these rules is left with more than one of them. What is not promised: that several
//! answers about overlapping tickets, laid side by side, never narrow it down further. Exact numbers would give them away
//! at the first subtraction; rounded ones are each uncertain by 2, so that a difference is uncertain by 4.

use super::{Counted, Delay, Figures, Table};
use crate::time::Zone;

/// Fewer than this many are not shown.
pub const LEAST: u64 = 5;

/// The others are shown as the nearest multiple of this.
pub const STEP: u64 = 5;

/// The greatest number that is hidden.
const MOST_HIDDEN: i128 = LEAST as i128 - 1;

/// A number as it is shown: 0 as it is, 1 to 4 not at all, the others as the nearest multiple of 5.
#[must_use]
pub const fn rounded(count: u64) -> Option<u64> {
    match count {
        0 => Some(0),
        _ if count < LEAST => None,
        _ => Some(count.saturating_add(STEP / 2) / STEP * STEP),
    }
}

/// What a number can be that is shown as this.
fn range(shown: u64) -> (i128, i128) {
    let shown = i128::from(shown);
    let half = i128::from(STEP / 2);
    if shown == 0 { (0, 0) } else { ((shown - half).max(i128::from(LEAST)), shown + half) }
}

/// A number of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// How many.
    pub count: u64,
    /// Whether it is hidden whatever it is: something else of its group is.
    pub hidden: bool,
}

/// A column of numbers that add up to a total, as it is shown, and the total.
#[must_use]
pub fn column(cells: &[Cell], total: Cell) -> (Vec<Option<u64>>, Option<u64>) {
    let shown = |cell: &Cell| if cell.hidden { None } else { rounded(cell.count) };
    let cells: Vec<(Option<u64>, i128)> = cells.iter().map(|cell| (shown(cell), i128::from(!cell.hidden))).collect();
    // Were only the totals hidden that tell, that one is hidden would tell. So are those next to them.
    let near = |total: u64| [total.saturating_sub(STEP), total, total.saturating_add(STEP)];
    let total = shown(&total).filter(|total| near(*total).iter().all(|near| *near == 0 || keeps(&cells, *near)));
    (cells.into_iter().map(|(shown, _)| shown).collect(), total)
}

/// Whether each hidden number can still be anything from 1 to 4 when the total is shown too. `cells` are what is shown of
/// each, and the least that it is if nothing is.
fn keeps(cells: &[(Option<u64>, i128)], total: u64) -> bool {
    let (mut least, mut most) = range(total);
    for (low, high) in cells.iter().filter_map(|(shown, _)| shown.map(range)) {
        (least, most) = (least - high, most - low);
    }
    let hidden: Vec<i128> = cells.iter().filter(|(shown, _)| shown.is_none()).map(|(_, low)| *low).collect();
    let lows: i128 = hidden.iter().sum();
    let highs = MOST_HIDDEN * i128::try_from(hidden.len()).unwrap_or(i128::MAX / MOST_HIDDEN);
    hidden.iter().all(|low| least - (highs - MOST_HIDDEN) <= 1 && most - (lows - low) >= MOST_HIDDEN)
}

/// The table as it is shown outside the municipal police, days on those clocks. Of fewer than five tickets, nothing is shown.
#[must_use]
pub fn table(mut table: Table, zone: Zone) -> Table {
    let few = |figures: &Figures| figures.count(Counted::Filed).is_some_and(|filed| (1..LEAST).contains(&filed));
    let hidden: Vec<bool> = table.groups.iter().map(|group| few(&group.figures)).collect();
    let all_hidden = few(&table.total);
    for of in Counted::ALL {
        let cell = |figures: &Figures, hidden: bool| Cell {
            count: figures.count(of).unwrap_or_default(),
            hidden: hidden && of != Counted::Filed,
        };
        let cells: Vec<Cell> = table.groups.iter().zip(&hidden).map(|(g, hidden)| cell(&g.figures, *hidden)).collect();
        let (shown, total) = column(&cells, cell(&table.total, all_hidden));
        for (group, shown) in table.groups.iter_mut().zip(shown) {
            group.figures.counts[of as usize] = shown;
        }
        table.total.counts[of as usize] = total;
    }
    for figures in table.groups.iter_mut().map(|group| &mut group.figures).chain([&mut table.total]) {
        coarsen(figures, zone);
    }
    table
}

/// Tables of the same tickets, put into groups in several ways, as they are shown together: what the total of one may not
/// tell, the totals of the others do not tell either. Their groups still add up to about as much.
#[must_use]
pub fn tables<const N: usize>(tables: [Table; N], zone: Zone) -> [Table; N] {
    let mut tables = tables.map(|of| table(of, zone));
    for of in Counted::ALL {
        if tables.iter().any(|table| table.total.count(of).is_none()) {
            for table in &mut tables {
                table.total.counts[of as usize] = None;
            }
        }
    }
    for table in &mut tables {
        coarsen(&mut table.total, zone);
    }
    tables
}

/// Hides what is told of too few, and blurs the rest.
fn coarsen(figures: &mut Figures, zone: Zone) {
    let enough = |of| figures.count(of).is_some_and(|count| count >= LEAST);
    let hours = |seconds: f64| (seconds / 3600.0).round() * 3600.0;
    let coarse = |delay: Delay, of| {
        if enough(of) {
            Delay { median: delay.median.map(hours), ninth_decile: delay.ninth_decile.map(hours) }
        } else {
            Delay::default()
        }
    };
    let first_status = coarse(figures.first_status, Counted::FirstStatus);
    let first_status_working = coarse(figures.first_status_working, Counted::FirstStatusWorking);
    let resolution = coarse(figures.resolution, Counted::Resolution);
    let oldest = figures.oldest_open.filter(|_| enough(Counted::Open));
    figures.oldest_open = oldest.and_then(|at| zone.midnight(zone.day_of(at)));
    (figures.first_status, figures.first_status_working, figures.resolution) =
        (first_status, first_status_working, resolution);
    figures.masked = figures.counts.contains(&None);
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::Group;
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn cells(counts: &[u64]) -> Vec<Cell> {
        counts.iter().map(|count| Cell { count: *count, hidden: false }).collect()
    }

    fn summed(counts: &[u64]) -> (Vec<Option<u64>>, Option<u64>) {
        column(&cells(counts), Cell { count: counts.iter().sum(), hidden: false })
    }

    #[test]
    fn few_are_hidden_and_the_others_rounded() {
        let shown: Vec<Option<u64>> = [0, 1, 4, 5, 7, 8, 12, 13, 1234].map(rounded).to_vec();
        assert_eq!(shown, [Some(0), None, None, Some(5), Some(5), Some(10), Some(10), Some(15), Some(1235)]);
    }

    #[test]
    fn a_total_that_would_tell_is_hidden_too() {
        // 8 of two groups that are both hidden: both would be 4.
        assert_eq!(summed(&[4, 4]), (vec![None, None], None));
        // 17 is shown as 15, where 8 and 8 are shown as 20: nothing but 1 would be left.
        assert_eq!(summed(&[8, 8, 1]), (vec![Some(10), Some(10), None], None));
        // Between a few groups, a total tells much.
        assert_eq!(summed(&[9, 10, 3]), (vec![Some(10), Some(10), None], None));
        assert_eq!(summed(&[9, 10, 9, 10, 3]), (vec![Some(10), Some(10), Some(10), Some(10), None], Some(40)));
        assert_eq!(summed(&[2]), (vec![None], None));
        assert_eq!(summed(&[2, 0]), (vec![None, Some(0)], None));
        assert_eq!(summed(&[12, 0, 30]), (vec![Some(10), Some(0), Some(30)], Some(40)));
    }

    #[test]
    fn of_a_small_group_nothing_is_told() {
        let figures = |filed: u64, on_time: u64| {
            let mut counts = [0; Counted::ALL.len()];
            for (of, count) in [
                (Counted::Filed, filed),
                (Counted::Acknowledged, filed),
                (Counted::AcknowledgedOnTime, on_time),
                (Counted::FirstStatus, filed),
                (Counted::Resolution, on_time),
                (Counted::Open, filed),
            ] {
                counts[of as usize] = count;
            }
            let delay = Delay { median: Some(5000.0), ninth_decile: Some(9999.0) };
            let oldest_open = Some("2026-03-10T02:11:12Z".parse().unwrap());
            Figures { first_status: delay, resolution: delay, oldest_open, ..Figures::new(counts) }
        };
        let group = |key: &str, figures| Group { key: Some(key.to_owned()), figures };
        let mut groups = vec![group("small", figures(4, 0))];
        groups.extend(["a", "b", "c", "d"].map(|key| group(key, figures(31, 3))));
        let whole = Table { groups, total: figures(128, 12) };
        let martinique = Zone::try_from("America/Martinique".to_owned()).unwrap();
        let there = table(whole.clone(), martinique).groups[1].figures.oldest_open;
        assert_eq!(there, Some("2026-03-09T04:00:00Z".parse().unwrap()), "the day before, there");
        let Table { groups, total } = table(whole, Zone::PARIS);
        assert!(Counted::ALL.iter().all(|of| groups[0].figures.count(*of).is_none()), "{:?}", groups[0]);
        assert_eq!(groups[0].figures.first_status, Delay::default());
        assert_eq!(groups[0].figures.oldest_open, None);
        let large = &groups[1].figures;
        assert_eq!((large.count(Counted::Filed), large.count(Counted::AcknowledgedOnTime)), (Some(30), None));
        assert_eq!(large.first_status, Delay { median: Some(3600.0), ninth_decile: Some(10800.0) });
        assert_eq!(large.resolution, Delay::default(), "of three tickets");
        assert_eq!(large.oldest_open, Some("2026-03-09T23:00:00Z".parse().unwrap()));
        assert_eq!(total.count(Counted::Filed), None, "30 times four and a total of 130: 2 would be the least");
        assert!(groups[0].figures.masked && large.masked && total.masked);
    }

    #[test]
    fn what_one_table_may_not_tell_no_other_tells() {
        let table = |filed: &[u64]| {
            let figures = |filed: u64| {
                let mut counts = [0; Counted::ALL.len()];
                counts[Counted::Filed as usize] = filed;
                Figures::new(counts)
            };
            let group = |filed: &u64| Group { key: Some(filed.to_string()), figures: figures(*filed) };
            Table { groups: filed.iter().map(group).collect(), total: figures(filed.iter().sum()) }
        };
        let totals = |of: [Table; 2]| tables(of, Zone::PARIS).map(|table| table.total.count(Counted::Filed));
        assert_eq!(totals([table(&[14, 3]), table(&[17])]), [None, None]);
        assert_eq!(totals([table(&[8, 9]), table(&[17])]), [Some(15), Some(15)]);
    }

    /// Every column of that many numbers from 1 to 12.
    fn columns(length: u32) -> impl Iterator<Item = Vec<u64>> {
        (0..12_u64.pow(length)).map(move |n| (0..length).map(|at| n / 12_u64.pow(at) % 12 + 1).collect())
    }

    #[test]
    fn who_knows_the_rules_is_left_with_more_than_one_number() {
        for length in 1..=4 {
            let mut alike: BTreeMap<_, Vec<BTreeSet<u64>>> = BTreeMap::new();
            for counts in columns(length) {
                let could_be = alike.entry(summed(&counts)).or_insert_with(|| vec![BTreeSet::new(); counts.len()]);
                for (could_be, count) in could_be.iter_mut().zip(counts) {
                    could_be.insert(count);
                }
            }
            for ((shown, total), could_be) in alike {
                for (shown_count, could_be) in shown.iter().zip(could_be) {
                    assert!(shown_count.is_some() || could_be.len() > 1, "{shown:?} {total:?}: {could_be:?}");
                }
            }
        }
    }

    /// Mostly small numbers: those matter.
    fn count() -> impl Strategy<Value = u64> {
        prop_oneof![3 => 0..=4_u64, 3 => 5..=13_u64, 1 => 14..=60_u64]
    }

    proptest! {
        #[test]
        fn nothing_hidden_follows_by_subtraction(counts in vec(count(), 1..40)) {
            let total: u64 = counts.iter().sum();
            let (shown, shown_total) = summed(&counts);
            let hidden: Vec<usize> = (0..counts.len()).filter(|at| shown[*at].is_none()).collect();
            prop_assert_eq!(hidden.clone(), (0..counts.len()).filter(|at| (1..5).contains(&counts[*at])).collect::<Vec<_>>());
            let Some(shown_total) = shown_total else { return Ok(()) };
            prop_assert!(shown_total.abs_diff(total) <= 2);
            // The most and the least that the hidden ones can sum up to, in the way of who subtracts.
            let low: u64 = shown.iter().flatten().map(|s| if *s == 0 { 0 } else { (s - 2).max(5) }).sum();
            let high: u64 = shown.iter().flatten().map(|s| if *s == 0 { 0 } else { s + 2 }).sum();
            let (total_low, total_high) = if shown_total == 0 { (0, 0) } else { ((shown_total - 2).max(5), shown_total + 2) };
            let others = hidden.len().saturating_sub(1) as u64;
            for _ in &hidden {
                for value in 1..=4 {
                    // Somewhere between all others at 1 and all others at 4, there is a column with this value.
                    prop_assert!(low + value + others <= total_high && high + value + 4 * others >= total_low);
                }
            }
        }
    }
}
