//! What can be wrong with zonings: borders that cross themselves, areas that overlap or lie elsewhere than the city, parts
//! of the city that lie in none.
//!
//! Neighbours are drawn one by one and their common border is rarely the same to the centimetre. So strips of up to two
//! metres (on average) are let through, as overlaps and as gaps; a point in one belongs to the first area of the file, or
//! to none.
//!
//! Where the city is, its territory says; where the territory may be, the city's INSEE code does.

mod elsewhere;

use std::collections::BTreeSet;

use geo::algorithm::bool_ops::unary_union;
use geo::line_intersection::line_intersection;
use geo::orient::{Direction, Orient};
use geo::{
    Area as _, BooleanOps, BoundingRect, Contains as _, Coord, Intersects, Line, LineIntersection, LineString,
    MultiPolygon, Polygon,
};
use rstar::primitives::GeomWithData;
use rstar::{AABB, RTree};

use super::{Fault, Faults};
use crate::city::City;
use crate::city::zoning::{Area, Zoning};
use crate::place::EARTH_RADIUS;

/// The width of strips that are let through, metres.
const STRIP: f64 = 2.0;

impl City {
    pub(super) fn check_zonings(&self, organisations: &BTreeSet<&str>, faults: &mut Faults) {
        for zoning in &self.zonings {
            let file = file(zoning);
            if zoning.areas().is_empty() {
                faults.add(&file, "/features", "the zoning has no area");
            }
            if zoning.partial && zoning.code == self.settings.territory {
                faults.add(&file, "/partial", "the territory (`territory` in city.yaml) covers the whole city");
            }
            let mut seen = BTreeSet::new();
            for (at, area) in zoning.areas().iter().enumerate() {
                if !seen.insert(&area.code) {
                    let message = format!("the area « {} » stands here a second time", area.code);
                    faults.add(&file, format!("/features/{at}/properties/code"), message);
                }
                check_owners(area, organisations, &format!("/features/{at}/properties"), &file, faults);
            }
            check_shapes(zoning, &file, faults);
        }
        faults.0.extend(self.elsewhere());
    }

    /// The parts of the city that lie in no area of a zoning which is meant to cover it, and the parts of such a zoning that
    /// lie outside the city: then the territory may have lost an area.
    pub(super) fn uncovered(&self) -> Vec<Fault> {
        let Some(territory) = self.zoning(&self.settings.territory) else { return Vec::new() };
        let whole = union(territory);
        let mut found = Vec::new();
        for zoning in self.zonings.iter().filter(|zoning| !zoning.partial) {
            let (gaps, beyond) = if zoning.code == territory.code {
                (holes(&whole), MultiPolygon(Vec::new()))
            } else {
                let shape = union(zoning);
                (whole.difference(&shape), shape.difference(&whole))
            };
            let told = [
                (gaps, "of the city lie in no area of this zoning".to_owned()),
                (beyond, format!("of this zoning lie outside the city’s territory (« {} »)", territory.code)),
            ];
            for (part, what) in told {
                if let Some((extent, place)) = extent(&part) {
                    let message = format!("{extent} {what}, near {place}");
                    let pointer = "/features".to_owned();
                    found.push(Fault { file: file(zoning), pointer, message, needs_the_whole: true });
                }
            }
        }
        found
    }
}

fn file(zoning: &Zoning) -> String {
    format!("zonings/{}.geojson", zoning.code)
}

fn check_owners(area: &Area, organisations: &BTreeSet<&str>, pointer: &str, file: &str, faults: &mut Faults) {
    for (field, owner) in [("road_owner", &area.road_owner), ("land_owner", &area.land_owner)] {
        if let Some(owner) = owner.as_ref().filter(|owner| !organisations.contains(owner.as_str())) {
            faults.add(file, format!("{pointer}/{field}"), format!("there is no organisation « {owner} »"));
        }
    }
}

fn check_shapes(zoning: &Zoning, file: &str, faults: &mut Faults) {
    let mut sound = Vec::new();
    for (at, area) in zoning.areas().iter().enumerate() {
        let pointer = format!("/features/{at}/geometry");
        if area.shape().0.iter().any(|polygon| rings(polygon).any(is_no_ring)) {
            faults.add(file, pointer, "a border needs at least three different corners");
        } else if let Some(place) = crossing(area.shape()) {
            let message = format!("the border of « {} » crosses or touches itself near {}", area.code, name(place));
            faults.add(file, pointer, message);
        } else if let Some(place) = area.shape().0.iter().find_map(stray_hole) {
            let message = format!("a hole of « {} » lies outside of it near {}", area.code, name(place));
            faults.add(file, pointer, message);
        } else if let Some(place) = area.shape().0.iter().find_map(hole_in_hole) {
            let message = format!("two holes of « {} » are one in the other near {}", area.code, name(place));
            faults.add(file, pointer, message);
        } else {
            sound.push((at, area));
        }
    }
    for (n, (at, area)) in sound.iter().enumerate() {
        if let Some((extent, place)) = overlap_of_pieces(area.shape()) {
            let message = format!("two pieces of « {} » overlap by {extent}, near {place}", area.code);
            faults.add(file, format!("/features/{at}/geometry"), message);
        }
        for (_, earlier) in &sound[..n] {
            if let Some((extent, place)) = overlap(area.shape(), earlier.shape()) {
                let message = format!("« {} » overlaps « {} » by {extent}, near {place}", area.code, earlier.code);
                faults.add(file, format!("/features/{at}/geometry"), message);
                break;
            }
        }
    }
}

/// The border of a polygon, then those of its holes.
fn rings(polygon: &Polygon<f64>) -> impl Iterator<Item = &LineString<f64>> {
    std::iter::once(polygon.exterior()).chain(polygon.interiors())
}

/// Whether it goes round nothing.
fn is_no_ring(line: &LineString<f64>) -> bool {
    line.lines().filter(|side| side.start != side.end).count() < 3
}

/// A place where the borders of a shape cross, run along one another, or one ring touches itself. Two rings may touch.
fn crossing(shape: &MultiPolygon<f64>) -> Option<Coord<f64>> {
    let mut lines = Vec::new();
    for (ring, line) in shape.0.iter().flat_map(rings).enumerate() {
        let sides: Vec<Line<f64>> = line.lines().filter(|side| side.start != side.end).collect();
        let count = sides.len();
        lines.extend(sides.into_iter().enumerate().map(|(at, side)| Side { ring, at, count, side }));
    }
    let boxed = |(number, side): (usize, &Side)| {
        let ends = rstar::primitives::Line::new(side.side.start.into(), side.side.end.into());
        GeomWithData::<rstar::primitives::Line<[f64; 2]>, usize>::new(ends, number)
    };
    let tree = RTree::bulk_load(lines.iter().enumerate().map(boxed).collect());
    lines.iter().enumerate().find_map(|(number, side)| {
        let around = AABB::from_corners(side.side.start.into(), side.side.end.into());
        let mut near = tree.locate_in_envelope_intersecting(&around).filter(|other| other.data > number);
        near.find_map(|other| side.meets(&lines[other.data]))
    })
}

/// A side of a ring.
struct Side {
    ring: usize,
    /// Its number in the ring, which has so many.
    at: usize,
    count: usize,
    side: Line<f64>,
}

impl Side {
    /// Where it meets a later one, if it must not.
    fn meets(&self, other: &Self) -> Option<Coord<f64>> {
        let follows = other.at == self.at + 1 || (self.at == 0 && other.at + 1 == self.count);
        match line_intersection(self.side, other.side)? {
            LineIntersection::Collinear { intersection } => Some(intersection.start),
            LineIntersection::SinglePoint { intersection, is_proper } => {
                let may_touch = self.ring != other.ring || follows;
                (is_proper || !may_touch).then_some(intersection)
            }
        }
    }
}

/// Where a hole lies outside of what it is a hole in.
fn stray_hole(polygon: &Polygon<f64>) -> Option<Coord<f64>> {
    let outer = Polygon::new(polygon.exterior().clone(), Vec::new());
    polygon.interiors().iter().flat_map(marks).find(|mark| !outer.intersects(mark))
}

/// Where two holes of a polygon are one in the other.
fn hole_in_hole(polygon: &Polygon<f64>) -> Option<Coord<f64>> {
    let holes: Vec<Polygon<f64>> =
        polygon.interiors().iter().map(|hole| Polygon::new(hole.clone(), Vec::new())).collect();
    let bounds: Vec<_> = holes.iter().map(BoundingRect::bounding_rect).collect();
    let within = |inner: usize, outer: usize| {
        let near = bounds[inner]?.intersects(&bounds[outer]?);
        near.then(|| marks(holes[inner].exterior()).find(|mark| holes[outer].contains(mark)))?
    };
    (0..holes.len()).find_map(|at| (0..at).find_map(|earlier| within(at, earlier).or_else(|| within(earlier, at))))
}

/// The corners of a ring and the middles of its sides: where no borders cross, corners alone may all lie on another border.
fn marks(ring: &LineString<f64>) -> impl Iterator<Item = Coord<f64>> {
    ring.lines().flat_map(|side| [side.start, (side.start + side.end) / 2.0])
}

/// How much two shapes overlap, and where; none if it is strips at most.
fn overlap(one: &MultiPolygon<f64>, other: &MultiPolygon<f64>) -> Option<(String, String)> {
    one.bounding_rect()?.intersects(&other.bounding_rect()?).then(|| extent(&one.intersection(other)))?
}

fn overlap_of_pieces(shape: &MultiPolygon<f64>) -> Option<(String, String)> {
    let pieces: Vec<MultiPolygon<f64>> = shape.0.iter().map(|piece| MultiPolygon(vec![piece.clone()])).collect();
    pieces.iter().enumerate().find_map(|(at, piece)| pieces[..at].iter().find_map(|earlier| overlap(piece, earlier)))
}

fn union(zoning: &Zoning) -> MultiPolygon<f64> {
    // The union goes by which way round borders are drawn, and files differ.
    let shapes: Vec<MultiPolygon<f64>> =
        zoning.areas().iter().map(|area| area.shape().orient(Direction::Default)).collect();
    unary_union(&shapes)
}

fn holes(shape: &MultiPolygon<f64>) -> MultiPolygon<f64> {
    let holes = shape.0.iter().flat_map(Polygon::interiors);
    MultiPolygon(holes.map(|hole| Polygon::new(hole.clone(), Vec::new())).collect())
}

/// How large the pieces are that are no strips, and where the largest one is; none when there are none.
fn extent(shape: &MultiPolygon<f64>) -> Option<(String, String)> {
    let pieces = shape.0.iter().map(|piece| (square_metres(piece), piece));
    let wide: Vec<(f64, &Polygon<f64>)> =
        pieces.filter(|(area, piece)| 2.0 * area > STRIP * metres_around(piece.exterior())).collect();
    let (_, largest) = wide.iter().max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    let place = largest.exterior().0.first()?;
    let area: f64 = wide.iter().map(|(area, _)| area).sum();
    let extent = if area < 1_000_000.0 { format!("{area:.0} m²") } else { format!("{:.1} km²", area / 1e6) };
    Some((extent, name(*place)))
}

/// Metres in a degree of longitude and in one of latitude, there.
fn degrees(lat: f64) -> (f64, f64) {
    let north = EARTH_RADIUS.to_radians();
    (north * lat.to_radians().cos(), north)
}

fn square_metres(polygon: &Polygon<f64>) -> f64 {
    let (east, north) = degrees(polygon.exterior().0.first().map_or(0.0, |corner| corner.y));
    polygon.unsigned_area() * east * north
}

fn metres_around(ring: &LineString<f64>) -> f64 {
    let (east, north) = degrees(ring.0.first().map_or(0.0, |corner| corner.y));
    ring.lines().map(|side| (side.dx() * east).hypot(side.dy() * north)).sum()
}

/// A place as the file has it: longitude, latitude (RFC 7946, 3.1.1).
fn name(place: Coord<f64>) -> String {
    format!("{:.5}, {:.5}", place.x, place.y)
}

#[cfg(test)]
mod tests {
    use geo::Validation as _;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn shape(rings: &[&[(f64, f64)]]) -> MultiPolygon<f64> {
        let ring = |ring: &&[(f64, f64)]| LineString::from(ring.to_vec());
        let mut rings = rings.iter().map(ring);
        MultiPolygon(vec![Polygon::new(rings.next().unwrap(), rings.collect())])
    }

    const SQUARE: [(f64, f64); 5] = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0), (0.0, 0.0)];

    #[test]
    fn borders_that_cross_or_touch_themselves_are_found() {
        let place = |rings: &[&[(f64, f64)]]| crossing(&shape(rings)).map(|at| (at.x, at.y));
        assert_eq!(place(&[&SQUARE]), None);
        assert_eq!(place(&[&[(0.0, 0.0), (2.0, 2.0), (2.0, 0.0), (0.0, 2.0), (0.0, 0.0)]]), Some((1.0, 1.0)));
        let spike = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (4.0, 1.0), (0.0, 4.0), (0.0, 0.0)];
        assert!(place(&[&spike]).is_some());
        let touch = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (2.0, 0.0), (0.0, 4.0), (0.0, 0.0)];
        assert_eq!(place(&[&touch]), Some((2.0, 0.0)));
        let repeated = [(0.0, 0.0), (4.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 0.0), (0.0, 0.0)];
        assert_eq!(place(&[&repeated]), None);
        // A hole may touch the border, and must not cross it.
        assert_eq!(place(&[&SQUARE, &[(0.0, 2.0), (2.0, 1.0), (2.0, 3.0), (0.0, 2.0)]]), None);
        assert!(place(&[&SQUARE, &[(1.0, 1.0), (5.0, 1.0), (1.0, 2.0), (1.0, 1.0)]]).is_some());
    }

    #[test]
    fn holes_lie_inside() {
        let hole = |ring: &[(f64, f64)]| stray_hole(&shape(&[&SQUARE, ring]).0[0]).is_some();
        assert!(!hole(&[(1.0, 1.0), (2.0, 1.0), (1.0, 2.0), (1.0, 1.0)]));
        assert!(hole(&[(5.0, 5.0), (6.0, 5.0), (5.0, 6.0), (5.0, 5.0)]));
        // All its corners lie on the border, and all else outside.
        let bay = [
            (0.0, 0.0),
            (9.0, 0.0),
            (9.0, 9.0),
            (6.0, 9.0),
            (6.0, 2.0),
            (4.0, 2.0),
            (4.0, 9.0),
            (0.0, 9.0),
            (0.0, 0.0),
        ];
        let island = shape(&[&bay, &[(4.0, 5.0), (5.0, 2.0), (6.0, 5.0), (4.0, 5.0)]]);
        assert_eq!((crossing(&island), stray_hole(&island.0[0]).is_some()), (None, true));
    }

    #[test]
    fn holes_lie_beside_one_another() {
        let outer = [(1.0, 1.0), (3.0, 1.0), (3.0, 3.0), (1.0, 3.0), (1.0, 1.0)];
        let holes = |ring: &[(f64, f64)]| {
            let one = hole_in_hole(&shape(&[&SQUARE, &outer, ring]).0[0]);
            assert_eq!(one.is_some(), hole_in_hole(&shape(&[&SQUARE, ring, &outer]).0[0]).is_some(), "in either order");
            one.is_some()
        };
        assert!(holes(&[(1.5, 1.5), (2.5, 1.5), (1.5, 2.5), (1.5, 1.5)]));
        assert!(holes(&[(1.0, 2.0), (2.0, 1.0), (3.0, 2.0), (2.0, 3.0), (1.0, 2.0)]), "its corners lie on the other");
        assert!(!holes(&[(3.0, 2.0), (3.5, 1.0), (3.5, 3.0), (3.0, 2.0)]), "they touch");
    }

    #[test]
    fn a_ring_goes_round_something() {
        let line = |ring: &[(f64, f64)]| is_no_ring(&LineString::from(ring.to_vec()));
        assert!(!line(&SQUARE));
        assert!(line(&[(1.0, 1.0); 4]));
        assert!(line(&[(1.0, 1.0), (2.0, 1.0), (2.0, 1.0), (1.0, 1.0)]));
    }

    #[test]
    fn strips_are_let_through() {
        let right = |from: f64| {
            let ring = [(from, 0.0), (4.0, 0.0), (4.0, 2.0), (from, 2.0), (from, 0.0)];
            shape(&[&ring.map(|(x, y)| (x / 1000.0, y / 1000.0))])
        };
        let left = shape(&[&[(0.0, 0.0), (0.002, 0.0), (0.002, 0.002), (0.0, 0.002), (0.0, 0.0)]]);
        assert_eq!(overlap(&left, &right(2.0)), None, "a common border");
        assert_eq!(overlap(&left, &right(1.99)), None, "a metre");
        // Eleven metres by 222.
        assert_eq!(overlap(&left, &right(1.9)).map(|(extent, _)| extent).as_deref(), Some("2473 m²"));
        assert_eq!(overlap(&left, &right(3.0)), None, "apart");
    }

    /// A ring of a few corners that lie on a grid, so that many touch, and some are the same.
    fn ring(grid: std::ops::Range<u8>, corners: std::ops::Range<usize>) -> impl Strategy<Value = LineString<f64>> {
        let corner = (grid.clone(), grid).prop_map(|(x, y)| (f64::from(x), f64::from(y)));
        vec(corner, corners).prop_map(|mut corners| {
            corners.extend(corners.first().copied());
            LineString::from(corners)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_polygon_that_is_accepted_is_one_to_others(
            outer in prop_oneof![Just(LineString::from(SQUARE.map(|(x, y)| (2.0 * x, 2.0 * y)).to_vec())), ring(0..9, 3..8)],
            holes in vec(ring(0..9, 3..5), 0..4),
        ) {
            let polygon = Polygon::new(outer, holes);
            let shape = MultiPolygon(vec![polygon.clone()]);
            if !rings(&polygon).any(is_no_ring)
                && crossing(&shape).is_none()
                && stray_hole(&polygon).is_none()
                && hole_in_hole(&polygon).is_none()
            {
                prop_assert_eq!(polygon.validation_errors(), Vec::new());
            }
        }
    }
}
