//! Places that come back: three concerns of one family of categories within 100 m, in 12 months.
//!
//! The densest place is found first: the concern with the most others within 100 m makes a hotspot with all of these; then
//! the densest of those that are left, and so on, until nowhere three are left together. So a hotspot is a place that one
//! can walk to, 200 m across at most. DBSCAN, which joins every dense neighbourhood to the next, makes one hotspot of a
//! whole town centre as soon as there are a few concerns in each street.
//!
//! What is found around a concern depends on those alone that are linked with it, each within 100 m of the next: so it is
//! enough to look there again when a concern comes or grows too old.

mod identity;

pub use identity::{Known, identify};

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use chrono::{DateTime, Months, Utc};

use crate::city::City;
use crate::id::{CategoryCode, ConcernId};
use crate::place::{Bounds, EARTH_RADIUS, Point};
use crate::time::Zone;

/// How near, metres.
pub const METRES: f64 = 100.0;

/// How many make a hotspot.
pub const LEAST: usize = 3;

/// Since when concerns count: the day 12 months ago, so that they grow too old once a day.
#[must_use]
pub fn since(now: DateTime<Utc>, zone: Zone) -> DateTime<Utc> {
    let day = zone.day_of(now) - Months::new(12);
    zone.midnight(day).unwrap_or(now)
}

/// Of which family a category's concerns count: its group in the catalogue. None for those that are kept from anybody, or
/// from the public: they are on no map.
#[must_use]
pub fn family<'a>(city: &'a City, category: &CategoryCode) -> Option<&'a CategoryCode> {
    let category = city.category(category)?;
    category.is_public().then(|| category.parent.as_ref().unwrap_or(&category.code))
}

/// A concern, as far as hotspots depend on it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sighting {
    /// Which.
    pub concern: ConcernId,
    /// Where.
    pub point: Point,
}

/// A hotspot as it is found: the concern in the middle of it, and all of its concerns.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Where most are near.
    pub centre: Point,
    /// Its concerns, the first id first.
    pub concerns: Vec<ConcernId>,
}

/// The hotspots among concerns of one family, the densest first. In whichever order they are given, the same ones are
/// found: of two equally dense concerns, the one with the lesser id comes first, which was filed first.
#[must_use]
pub fn find(sightings: &[Sighting]) -> Vec<Found> {
    let mut all = sightings.to_vec();
    all.sort_by_key(|sighting| sighting.concern);
    let grid = Grid::new(&all);
    let mut free = vec![true; all.len()];
    let mut near: Vec<usize> = (0..all.len()).map(|at| grid.around(at).count()).collect();
    let mut densest: BinaryHeap<(usize, Reverse<usize>)> =
        near.iter().enumerate().filter(|(_, n)| **n >= LEAST).map(|(at, n)| (*n, Reverse(at))).collect();
    let mut found = Vec::new();
    while let Some((count, Reverse(at))) = densest.pop() {
        if !free[at] || near[at] < LEAST {
            continue;
        }
        if near[at] < count {
            densest.push((near[at], Reverse(at)));
            continue;
        }
        let mut taken: Vec<usize> = grid.around(at).filter(|other| free[*other]).collect();
        taken.sort_unstable();
        for one in &taken {
            free[*one] = false;
        }
        for one in &taken {
            grid.around(*one).for_each(|other| near[other] -= 1);
        }
        found.push(Found { centre: all[at].point, concerns: taken.iter().map(|one| all[*one].concern).collect() });
    }
    found
}

/// The earth in squares at least 100 m wide: whatever is near lies in the same one or in one beside it.
#[derive(Debug, Clone, Copy)]
pub struct Squares {
    /// Degrees of latitude, degrees of longitude.
    step: (f64, f64),
}

/// A square: its row to the north, its column to the east.
pub type Square = (i64, i64);

impl Squares {
    /// Wide enough up to that latitude, north or south.
    #[must_use]
    pub fn up_to(latitude: f64) -> Self {
        // A thousandth more, so that rounding puts nothing two squares away.
        let tall = (METRES / EARTH_RADIUS).to_degrees() * 1.001;
        Self { step: (tall, tall / (latitude.abs().min(89.0) + 0.01).to_radians().cos()) }
    }

    /// In which one a point lies.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "degrees by steps of a thousandth")]
    pub fn of(self, point: Point) -> Square {
        ((point.lat / self.step.0).floor() as i64, (point.lon / self.step.1).floor() as i64)
    }

    /// A square and those beside it.
    pub fn around((row, column): Square) -> impl Iterator<Item = Square> {
        (-1..=1).flat_map(move |r| (-1..=1).map(move |c| (row + r, column + c)))
    }

    /// Where a square is, and a hair more, so that no point is lost by rounding.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "some hundred thousand squares around the earth")]
    pub fn bounds(self, (row, column): Square) -> Bounds {
        const HAIR: f64 = 1e-9;
        let side = |at: i64, step: f64| at as f64 * step;
        Bounds {
            west: side(column, self.step.1) - HAIR,
            south: side(row, self.step.0) - HAIR,
            east: side(column + 1, self.step.1) + HAIR,
            north: side(row + 1, self.step.0) + HAIR,
        }
    }
}

/// Concerns by squares.
struct Grid<'a> {
    all: &'a [Sighting],
    squares: Squares,
    within: HashMap<Square, Vec<usize>>,
}

impl<'a> Grid<'a> {
    fn new(all: &'a [Sighting]) -> Self {
        let highest = all.iter().map(|sighting| sighting.point.lat.abs()).fold(0.0, f64::max);
        let squares = Squares::up_to(highest);
        let mut within: HashMap<Square, Vec<usize>> = HashMap::new();
        for (at, sighting) in all.iter().enumerate() {
            within.entry(squares.of(sighting.point)).or_default().push(at);
        }
        Self { all, squares, within }
    }

    /// Those within 100 m, the one itself among them.
    fn around(&self, at: usize) -> impl Iterator<Item = usize> {
        let here = self.all[at].point;
        let squares = Squares::around(self.squares.of(here));
        let others = squares.filter_map(|square| self.within.get(&square)).flatten().copied();
        others.filter(move |other| here.metres_to(self.all[*other].point) <= METRES)
    }
}

#[cfg(test)]
mod tests;
