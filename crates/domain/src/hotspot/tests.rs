use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::id::HotspotId;

fn at(id: u128, lat: f64, lon: f64) -> Sighting {
    Sighting { concern: ConcernId(Uuid::from_u128(id)), point: Point { lat, lon } }
}

fn ids(ids: &[u128]) -> Vec<ConcernId> {
    ids.iter().map(|id| ConcernId(Uuid::from_u128(*id))).collect()
}

/// A metre to the north, degrees.
const METRE: f64 = 1.0 / 111_195.0;

#[test]
fn three_within_a_hundred_metres_are_a_hotspot_and_two_are_none() {
    let here = |id, metres: f64| at(id, 49.9 + metres * METRE, 2.3);
    assert_eq!(find(&[here(1, 0.0), here(2, 99.0)]), []);
    let found = find(&[here(1, 0.0), here(2, 99.0), here(3, 198.0)]);
    assert_eq!(found, [Found { centre: here(2, 99.0).point, concerns: ids(&[1, 2, 3]) }]);
    assert_eq!(find(&[here(1, 0.0), here(2, 101.0), here(3, 202.0)]), []);
}

#[test]
fn a_street_full_of_concerns_is_several_places() {
    let street: Vec<_> =
        (0..60).map(|n| at(n, 49.9 + f64::from(u32::try_from(n).unwrap()) * 25.0 * METRE, 2.3)).collect();
    let found = find(&street);
    assert!(found.len() >= 6, "{}", found.len());
    for place in &found {
        let of = |concern: &ConcernId| street.iter().find(|s| s.concern == *concern).unwrap().point;
        assert!(place.concerns.iter().all(|c| of(c).metres_to(place.centre) <= METRES));
    }
}

#[test]
fn a_hotspot_stays_the_same_as_it_grows_and_when_it_comes_back() {
    let [a, b] = [1, 2].map(|id| HotspotId(Uuid::from_u128(id)));
    let point = |metres: f64| Point { lat: 49.9 + metres * METRE, lon: 2.3 };
    let found = |metres, concerns: &[u128]| Found { centre: point(metres), concerns: ids(concerns) };
    let known = [Known { id: a, centre: point(0.0) }, Known { id: b, centre: point(300.0) }];
    let was: BTreeMap<_, _> = [(1, a), (2, a), (3, a), (7, b), (8, b), (9, b)]
        .map(|(concern, id)| (ConcernId(Uuid::from_u128(concern)), id))
        .into();
    let same = |found: &[Found]| identify(found, &known, &was);
    assert_eq!(same(&[found(40.0, &[1, 2, 3, 4])]), [Some(a)]);
    // Split in two: the greater part goes on, the other is new where nothing else was.
    assert_eq!(same(&[found(150.0, &[3, 5, 6]), found(0.0, &[1, 2, 4])]), [None, Some(a)]);
    // Come together: the one that most concerns were of.
    assert_eq!(same(&[found(150.0, &[1, 2, 3, 7, 8])]), [Some(a)]);
    // Nothing shared, but the same place.
    assert_eq!(same(&[found(310.0, &[20, 21, 22])]), [Some(b)]);
    assert_eq!(same(&[found(450.0, &[20, 21, 22])]), [None]);
}

/// The same, as one would say it: no grid, everything counted anew each time.
fn naive(sightings: &[Sighting]) -> Vec<Found> {
    let mut left = sightings.to_vec();
    left.sort_by_key(|sighting| sighting.concern);
    let mut found = Vec::new();
    loop {
        let near = |one: &Sighting| left.iter().filter(|s| s.point.metres_to(one.point) <= METRES).count();
        let Some(most) = left.iter().map(near).max().filter(|most| *most >= LEAST) else { return found };
        let centre = left.iter().find(|one| near(one) == most).unwrap().point;
        let (taken, others): (Vec<Sighting>, Vec<Sighting>) =
            left.iter().partition(|s| s.point.metres_to(centre) <= METRES);
        found.push(Found { centre, concerns: taken.iter().map(|s| s.concern).collect() });
        left = others;
    }
}

/// Concerns in a square of half a kilometre or so, some in the very same spot.
fn town() -> impl Strategy<Value = Vec<Sighting>> {
    vec((0..60_u32, 0..80_u32), 0..60).prop_map(|spots| {
        let at = |(n, (row, column)): (usize, (u32, u32))| {
            at(n as u128, 49.9 + f64::from(row) * 10.0 * METRE, 2.3 + f64::from(column) * 15.0 * METRE)
        };
        spots.into_iter().enumerate().map(at).collect()
    })
}

/// Those that are linked with one of the seeds, each within 100 m of the next.
fn linked(all: &[Sighting], seeds: &[Point]) -> BTreeSet<ConcernId> {
    let mut reached: BTreeSet<ConcernId> = BTreeSet::new();
    let mut front = seeds.to_vec();
    while let Some(point) = front.pop() {
        for near in all.iter().filter(|s| s.point.metres_to(point) <= METRES) {
            if reached.insert(near.concern) {
                front.push(near.point);
            }
        }
    }
    reached
}

fn as_set(found: &[Found]) -> BTreeSet<Vec<ConcernId>> {
    found.iter().map(|found| found.concerns.clone()).collect()
}

proptest! {
    #[test]
    fn what_is_found_is_what_a_naive_reading_finds(town in town()) {
        prop_assert_eq!(find(&town), naive(&town));
        let backwards: Vec<_> = town.iter().rev().copied().collect();
        prop_assert_eq!(find(&backwards), find(&town));
    }

    #[test]
    fn looking_again_where_something_changed_is_enough(town in town(), first in 0..60_usize, old in 0..20_usize) {
        let first = first.min(town.len());
        let before = &town[..first];
        let after: Vec<_> = town.iter().skip(old.min(first)).copied().collect();
        let changed: Vec<Point> = town[..old.min(first)].iter().chain(&town[first..]).map(|s| s.point).collect();
        let again = linked(&after, &changed);
        let touched: Vec<_> = after.iter().filter(|s| again.contains(&s.concern)).copied().collect();
        let gone: BTreeSet<_> = town[..old.min(first)].iter().map(|s| s.concern).collect();
        let mut kept = as_set(&find(before));
        kept.retain(|concerns| concerns.iter().all(|c| !again.contains(c) && !gone.contains(c)));
        kept.extend(as_set(&find(&touched)));
        prop_assert_eq!(kept, as_set(&find(&after)));
    }
}
