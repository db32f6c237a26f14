//! Working time against an oracle that looks at each minute: is it open, is it paused? Slow, and too simple to be
//! wrong in the same way.

use std::cell::RefCell;

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, Timelike, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::at;
use crate::time::{Calendar, Pause, Target};

/// What a calendar says, written apart from it.
#[derive(Debug, Clone)]
struct Plan {
    zone: Tz,
    /// By weekday from Monday on, in minutes of the day.
    spans: Vec<Vec<(u32, u32)>>,
    holidays: bool,
    closed: Vec<(u32, u32)>,
    closures: Vec<(NaiveDate, NaiveDate)>,
}

/// The moving holidays of metropolitan France in the years of these tests, from an almanac.
const MOVING: [(i32, [(u32, u32); 3]); 4] = [
    (2026, [(4, 6), (5, 14), (5, 25)]),
    (2027, [(3, 29), (5, 6), (5, 17)]),
    (2028, [(4, 17), (5, 25), (6, 5)]),
    (2029, [(4, 2), (5, 10), (5, 21)]),
];
const FIXED: [(u32, u32); 8] = [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)];

impl Plan {
    fn calendar(&self) -> Calendar {
        let time = |minute: &u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        let names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
        let hours: serde_json::Map<_, _> = names
            .into_iter()
            .zip(&self.spans)
            .map(|(name, spans)| {
                let spans: Vec<_> = spans.iter().map(|(from, to)| format!("{}-{}", time(from), time(to))).collect();
                (name.to_owned(), json!(spans))
            })
            .collect();
        let closed: Vec<_> = self.closed.iter().map(|(month, day)| format!("{month:02}-{day:02}")).collect();
        let closures: Vec<_> = self.closures.iter().map(|(from, to)| json!({ "from": from, "to": to })).collect();
        let calendar: Calendar = serde_json::from_value(json!({
            "code": "plan", "name": { "fr": "Plan", "en": "Plan" }, "time_zone": self.zone.name(), "hours": hours,
            "holidays": if self.holidays { "metropolitan" } else { "none" }, "closed": closed, "closures": closures,
        }))
        .unwrap();
        assert_eq!(calendar.faults(), []);
        calendar
    }

    fn is_open(&self, minute: DateTime<Utc>) -> bool {
        let wall = minute.with_timezone(&self.zone);
        let (time, date) = (wall.hour() * 60 + wall.minute(), wall.date_naive());
        let spans = &self.spans[wall.weekday().num_days_from_monday() as usize];
        if !spans.iter().any(|(from, to)| (*from..*to).contains(&time)) {
            return false;
        }
        let day = (date.month(), date.day());
        let moving = MOVING.iter().any(|(year, days)| *year == date.year() && days.contains(&day));
        let holiday = self.holidays && (moving || FIXED.contains(&day));
        let closure = self.closures.iter().any(|(from, to)| (*from..=*to).contains(&date));
        !holiday && !closure && !self.closed.contains(&day)
    }
}

/// The minutes from a start on, each looked at once.
struct Oracle {
    plan: Plan,
    start: DateTime<Utc>,
    minutes: RefCell<Vec<bool>>,
}

impl Oracle {
    fn new(plan: &Plan, start: DateTime<Utc>) -> Self {
        Self { plan: plan.clone(), start, minutes: RefCell::default() }
    }

    fn minute(&self, number: usize) -> DateTime<Utc> {
        self.start + Duration::minutes(i64::try_from(number).unwrap())
    }

    fn is_open(&self, number: usize) -> bool {
        let mut minutes = self.minutes.borrow_mut();
        for next in minutes.len()..=number {
            minutes.push(self.plan.is_open(self.minute(next)));
        }
        minutes[number]
    }

    fn working_minutes(&self, from: usize, to: usize) -> usize {
        (from..to).filter(|number| self.is_open(*number)).count()
    }

    fn due(&self, target: Target) -> usize {
        match target {
            Target::Hours(0) => (0..usize::MAX).find(|number| self.is_open(*number)).unwrap(),
            Target::Hours(count) => self.after(&[], usize::from(count) * 6000).0,
            Target::Days(count) => self.closing(count),
        }
    }

    fn day_of(&self, number: usize) -> NaiveDate {
        self.minute(number).with_timezone(&self.plan.zone).date_naive()
    }

    /// Day 0 is that of the start; of the others, those count that have an open minute. The end of the last open
    /// minute of the day, if it is after the start.
    fn closing(&self, count: u16) -> usize {
        let (mut open_days, mut number) = (0, 0);
        loop {
            let day = self.day_of(number);
            let from = number;
            while self.day_of(number) == day {
                number += 1;
            }
            let last = (from..number).rev().find(|minute| self.is_open(*minute));
            if from > 0 && last.is_some() {
                open_days += 1;
            }
            if let Some(last) = last.filter(|_| open_days >= count) {
                return last + 1;
            }
        }
    }

    /// When that many hundredths of open minutes outside of the pauses have passed: the minute, and hundredths of it.
    fn after(&self, pauses: &[Pause], hundredths: usize) -> (usize, usize) {
        let mut left = hundredths;
        for number in 0.. {
            if left == 0 {
                return (number, 0);
            }
            if self.is_open(number) && !self.is_paused(pauses, number) {
                if left < 100 {
                    return (number, left);
                }
                left -= 100;
            }
        }
        unreachable!()
    }

    fn is_paused(&self, pauses: &[Pause], number: usize) -> bool {
        let minute = self.minute(number);
        pauses.iter().any(|pause| pause.to.is_some_and(|to| pause.from <= minute && minute < to))
    }

    fn instant(&self, (minute, hundredths): (usize, usize)) -> DateTime<Utc> {
        self.minute(minute) + Duration::milliseconds(600 * i64::try_from(hundredths).unwrap())
    }
}

/// Zones whose clocks change at 2 or 3 in the night, over midnight, by half an hour, in the other half of the year,
/// or never.
const ZONES: [Tz; 8] = [
    Tz::Europe__Paris,
    Tz::America__Miquelon,
    Tz::America__Martinique,
    Tz::Indian__Reunion,
    Tz::Pacific__Noumea,
    Tz::Atlantic__Azores,
    Tz::Africa__Cairo,
    Tz::Australia__Lord_Howe,
];

/// Changes of the clock in those zones, ends of years, leap days, and holidays.
const MOMENTS: [&str; 12] = [
    "2026-03-29T01:00:00Z",
    "2026-10-25T01:00:00Z",
    "2027-03-28T01:00:00Z",
    "2028-10-29T01:00:00Z",
    "2026-03-08T05:00:00Z",
    "2026-11-01T04:00:00Z",
    "2026-04-23T22:00:00Z",
    "2026-10-29T21:00:00Z",
    "2026-10-03T15:30:00Z",
    "2027-12-31T23:00:00Z",
    "2028-02-28T23:00:00Z",
    "2026-05-07T22:00:00Z",
];

/// Spans of a day, which may touch but not overlap, in any order; often across the hours in which clocks change.
fn spans() -> impl Strategy<Value = Vec<(u32, u32)>> {
    let bounds = prop_oneof![
        3 => proptest::collection::btree_set(0_u32..=96, 0..=6).prop_map(|set| set.into_iter().map(|q| q * 15).collect()),
        1 => proptest::collection::btree_set(0_u32..=240, 2..=4).prop_map(Vec::from_iter),
        1 => Just(vec![0, 1440]),
        1 => Just(vec![480, 720, 720, 1020]),
    ];
    let pairs = bounds.prop_map(|bounds: Vec<u32>| bounds.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect());
    pairs.prop_flat_map(|pairs: Vec<(u32, u32)>| Just(pairs).prop_shuffle())
}

fn plan(start: DateTime<Utc>) -> impl Strategy<Value = Plan> {
    let week = proptest::collection::vec(spans(), 7).prop_map(|mut spans| {
        // Open often enough for the oracle to find an end.
        spans[2] = vec![(60, 240), (600, 1440)];
        spans
    });
    let closed = proptest::collection::vec(select(vec![(12, 31), (2, 29), (3, 29), (10, 25), (5, 6)]), 0..3);
    let closures = proptest::collection::vec((-2_i64..20, 0_u64..12), 0..3).prop_map(move |closures| {
        let closure = |(after, days)| {
            let from = (start + Duration::days(after)).date_naive();
            (from, from + Days::new(days))
        };
        closures.into_iter().map(closure).collect()
    });
    (select(&ZONES[..]), week, any::<bool>(), closed, closures)
        .prop_map(|(zone, spans, holidays, closed, closures)| Plan { zone, spans, holidays, closed, closures })
}

fn start() -> impl Strategy<Value = DateTime<Utc>> {
    (select(&MOMENTS[..]), -3 * 1440_i64..1440).prop_map(|(moment, minutes)| at(moment) + Duration::minutes(minutes))
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![(0_u16..40).prop_map(Target::Hours), (0_u16..6).prop_map(Target::Days)]
}

fn pauses(start: DateTime<Utc>) -> impl Strategy<Value = Vec<Pause>> {
    let pause = (-1440_i64..10 * 1440, prop_oneof![4 => (0_i64..3 * 1440).prop_map(Some), 1 => Just(None)]);
    let pause = pause.prop_map(move |(from, lasted)| {
        let from = start + Duration::minutes(from);
        Pause { from, to: lasted.map(|minutes| from + Duration::minutes(minutes)) }
    });
    proptest::collection::vec(pause, 0..4)
}

fn case() -> impl Strategy<Value = (DateTime<Utc>, Plan, Vec<Pause>)> {
    start().prop_flat_map(|start| (Just(start), plan(start), pauses(start)))
}

fn minutes(count: usize) -> Duration {
    Duration::minutes(i64::try_from(count).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn time_passes_as_the_oracle_counts((start, plan, _) in case(), length in 0_usize..6000, open in 0_usize..2500) {
        let (calendar, oracle) = (plan.calendar(), Oracle::new(&plan, start));
        let end = oracle.minute(length);
        prop_assert_eq!(calendar.working_time(start, end), minutes(oracle.working_minutes(0, length)));
        prop_assert_eq!(calendar.after(start, minutes(open)), oracle.instant(oracle.after(&[], open * 100)));
    }

    #[test]
    fn targets_fall_due_as_the_oracle_counts((start, plan, pauses) in case(), target in target(), percent in 0_u16..250) {
        let (calendar, oracle) = (plan.calendar(), Oracle::new(&plan, start));
        let due = oracle.due(target);
        prop_assert_eq!(calendar.due(start, target), oracle.minute(due));
        prop_assert_eq!(calendar.due_paused(start, target, &[]), oracle.minute(due));

        let budget = oracle.working_minutes(0, due);
        let put_off = if budget == 0 { due } else { oracle.after(&pauses, budget * 100).0 };
        let put_off = oracle.minute(put_off);
        prop_assert_eq!(calendar.due_paused(start, target, &pauses), put_off);
        prop_assert!(put_off >= oracle.minute(due));

        let share = if budget == 0 { put_off } else {
            oracle.instant(oracle.after(&pauses, budget * usize::from(percent)))
        };
        prop_assert_eq!(calendar.share(start, put_off, percent, &pauses), share);
        prop_assert_eq!(calendar.share(start, put_off, 100, &pauses), put_off);
    }

    #[test]
    fn the_laws_of_working_time_hold(
        (start, plan, pauses) in case(),
        mut seconds in proptest::array::uniform3(0_i64..40 * 86_400),
        open in 0_i64..400_000,
        target in target(),
        percents in (0_u16..300, 0_u16..300),
    ) {
        let calendar = plan.calendar();
        seconds.sort_unstable();
        let [a, b, c] = seconds.map(|seconds| start + Duration::milliseconds(seconds * 1000 + 7));
        let (ab, bc, ac) = (calendar.working_time(a, b), calendar.working_time(b, c), calendar.working_time(a, c));
        prop_assert_eq!(ab + bc, ac);
        prop_assert!(ab >= Duration::zero() && ab <= b - a);
        prop_assert_eq!(calendar.working_time(b, a), Duration::zero());

        let open = Duration::seconds(open);
        let reached = calendar.after(a, open);
        prop_assert_eq!(calendar.working_time(a, reached), open);
        prop_assert!(reached >= a && reached <= calendar.after(b, open), "what begins later ends no sooner");
        prop_assert!(reached <= calendar.after(a, open + Duration::seconds(1)));
        prop_assert!(calendar.after(a, ab) <= b);

        prop_assert!(calendar.due(a, target) >= a && calendar.due(a, target) <= calendar.due(b, target));
        let due = calendar.due_paused(start, target, &pauses);
        let (less, more) = (percents.0.min(percents.1), percents.0.max(percents.1));
        prop_assert!(calendar.share(start, due, less, &pauses) <= calendar.share(start, due, more, &pauses));
    }
}
