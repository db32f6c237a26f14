//! Zonings: ways of dividing the city into areas, several side by side (police sectors, quartiers…).

use geo::{BoundingRect, Coord, Intersects, MultiPolygon, Rect};

use crate::id::{AreaCode, ZoningCode};
use crate::place::Point;

/// A way of dividing the city (`zonings/CODE.geojson`).
#[derive(Debug, Clone, PartialEq)]
pub struct Zoning {
    /// Its code: the file's name.
    pub code: ZoningCode,
    /// What people call it.
    pub name: String,
    /// Its areas.
    pub areas: Vec<Area>,
}

/// One area of a zoning.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    /// Its code.
    pub code: AreaCode,
    /// What people call it.
    pub name: String,
    shape: MultiPolygon<f64>,
    bounds: Option<Rect<f64>>,
}

impl Area {
    /// An area of that shape, WGS 84, longitude before latitude (RFC 7946).
    #[must_use]
    pub fn new(code: AreaCode, name: String, shape: MultiPolygon<f64>) -> Self {
        let bounds = shape.bounding_rect();
        Self { code, name, shape, bounds }
    }

    /// The shape.
    #[must_use]
    pub const fn shape(&self) -> &MultiPolygon<f64> {
        &self.shape
    }

    fn covers(&self, at: Coord<f64>) -> bool {
        self.bounds.is_some_and(|bounds| bounds.intersects(&at)) && self.shape.intersects(&at)
    }
}

impl Zoning {
    /// The area that holds the point; on a border, the first of the file.
    #[must_use]
    pub fn area_at(&self, point: Point) -> Option<&Area> {
        let at = Coord { x: point.lon, y: point.lat };
        self.areas.iter().find(|area| area.covers(at))
    }
}
