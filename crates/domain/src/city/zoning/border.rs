//! The border of an area, laid out so that looking whether it holds a point costs the few sides beside the point and not
//! all of them: sides by bands of latitude.

use geo::kernels::{Kernel, Orientation, RobustKernel};
use geo::{BoundingRect, Coord, Line, LinesIter, MultiPolygon};

/// So many sides a band, on average, if each lay in one.
const SIDES: usize = 4;

/// A border.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Border {
    south: f64,
    bands_per_degree: f64,
    /// From south to north. Each side goes northwards, or along a parallel, and is in every band that it touches.
    bands: Vec<Vec<Line<f64>>>,
}

impl Border {
    pub(super) fn of(shape: &MultiPolygon<f64>) -> Self {
        let Some(bounds) = shape.bounding_rect() else {
            return Self { south: 0.0, bands_per_degree: 0.0, bands: Vec::new() };
        };
        let count = shape.lines_iter().count() / SIDES + 1;
        #[expect(clippy::cast_precision_loss, reason = "no border has that many sides")]
        let bands_per_degree = if bounds.height() > 0.0 { count as f64 / bounds.height() } else { 0.0 };
        let mut border = Self { south: bounds.min().y, bands_per_degree, bands: vec![Vec::new(); count] };
        for side in shape.lines_iter().filter(|side| side.start != side.end) {
            let side = if side.start.y <= side.end.y { side } else { Line::new(side.end, side.start) };
            for band in border.band(side.start.y)..=border.band(side.end.y) {
                border.bands[band].push(side);
            }
        }
        border
    }

    /// Which band a latitude lies in. Never falls as the latitude rises, so that a side is found from all of its points.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float is cut off at the ends")]
    fn band(&self, lat: f64) -> usize {
        (((lat - self.south) * self.bands_per_degree) as usize).min(self.bands.len() - 1)
    }

    /// Whether the point lies inside or on the border: whether a line from it to the east leaves an odd number of times.
    pub(super) fn holds(&self, point: Coord<f64>) -> bool {
        if self.bands.is_empty() {
            return false;
        }
        let mut inside = false;
        for Line { start, end } in &self.bands[self.band(point.y)] {
            if point.y < start.y || point.y > end.y {
                continue;
            }
            match RobustKernel::orient2d(*start, *end, point) {
                // On the line; and on the side, unless that runs along the parallel elsewhere.
                Orientation::Collinear if start.x.min(end.x) <= point.x && point.x <= start.x.max(end.x) => {
                    return true;
                }
                // A corner counts with the side that begins there.
                Orientation::CounterClockwise if point.y < end.y => inside = !inside,
                Orientation::CounterClockwise | Orientation::Clockwise | Orientation::Collinear => {}
            }
        }
        inside
    }
}

#[cfg(test)]
mod tests {
    use geo::{Intersects, LineString, Polygon};
    use proptest::prelude::*;

    use super::*;

    fn star(radii: &[u8], centre: (f64, f64)) -> LineString<f64> {
        let count = u32::try_from(radii.len()).unwrap();
        let corner = |(at, radius): (u32, &u8)| {
            let angle = std::f64::consts::TAU * f64::from(at) / f64::from(count);
            let radius = f64::from(*radius);
            // Whole numbers, so that points fall on corners and sides.
            ((centre.0 + radius * angle.cos()).round(), (centre.1 + radius * angle.sin()).round())
        };
        (0..count).zip(radii).map(corner).collect::<Vec<_>>().into()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_border_holds_what_the_shape_does(
            outer in proptest::collection::vec(12_u8..30, 5..60),
            hole in proptest::collection::vec(3_u8..10, 5..12),
            other in proptest::collection::vec(3_u8..20, 3..12),
        ) {
            let ring = Polygon::new(star(&outer, (0.0, 0.0)), vec![star(&hole, (0.0, 0.0))]);
            let shape = MultiPolygon(vec![ring, Polygon::new(star(&other, (60.0, 5.0)), Vec::new())]);
            let border = Border::of(&shape);
            for x in -31..82 {
                for y in -31..31 {
                    let point = Coord { x: f64::from(x), y: f64::from(y) };
                    prop_assert_eq!(border.holds(point), shape.intersects(&point), "{:?}", point);
                    let between = Coord { x: point.x + 0.37, y: point.y + 0.5 };
                    prop_assert_eq!(border.holds(between), shape.intersects(&between), "{:?}", between);
                }
            }
        }
    }
}
