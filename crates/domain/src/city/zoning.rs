//! Zonings: ways of dividing the city into areas, several side by side (police sectors, quartiers…).
//!
//! A point on a border belongs to the area that comes first in the file: to one area, and always to the same. Whether it
//! lies on a border is decided exactly (adaptive precision), not within a tolerance.

mod border;

use geo::{BoundingRect, Coord, MultiPolygon};
use rstar::RTree;
use rstar::primitives::{GeomWithData, Rectangle};

use border::Border;

use crate::id::{AreaCode, OrganisationCode, ZoningCode};
use crate::place::Point;
use crate::routing::Owned;

/// A way of dividing the city (`zonings/CODE.geojson`).
#[derive(Debug, Clone)]
pub struct Zoning {
    /// Its code: the file's name.
    pub code: ZoningCode,
    /// What people call it.
    pub name: String,
    /// Whether it is not meant to cover the whole city: a landlord's estates, roads of the département.
    pub partial: bool,
    areas: Vec<Area>,
    bounds: RTree<GeomWithData<Rectangle<[f64; 2]>, usize>>,
}

/// One area of a zoning.
#[derive(Debug, Clone, PartialEq)]
pub struct Area {
    /// Its code.
    pub code: AreaCode,
    /// What people call it.
    pub name: String,
    /// Whose the roads in it are.
    pub road_owner: Option<OrganisationCode>,
    /// Whose the land is.
    pub land_owner: Option<OrganisationCode>,
    shape: MultiPolygon<f64>,
    border: Border,
}

impl Area {
    /// An area of that shape, WGS 84, longitude before latitude (RFC 7946). Nobody is said to own its roads or its land.
    #[must_use]
    pub fn new(code: AreaCode, name: String, shape: MultiPolygon<f64>) -> Self {
        let border = Border::of(&shape);
        Self { code, name, road_owner: None, land_owner: None, shape, border }
    }

    /// The area with these owners of its roads and of its land.
    #[must_use]
    pub fn owned_by(mut self, road: Option<OrganisationCode>, land: Option<OrganisationCode>) -> Self {
        (self.road_owner, self.land_owner) = (road, land);
        self
    }

    /// The shape.
    #[must_use]
    pub const fn shape(&self) -> &MultiPolygon<f64> {
        &self.shape
    }

    /// Whose its roads or its land are.
    #[must_use]
    pub const fn owner(&self, of: Owned) -> Option<&OrganisationCode> {
        match of {
            Owned::Road => self.road_owner.as_ref(),
            Owned::Land => self.land_owner.as_ref(),
        }
    }
}

impl Zoning {
    /// A zoning with these areas, in the order of the file.
    #[must_use]
    pub fn new(code: ZoningCode, name: String, areas: Vec<Area>) -> Self {
        let bounds = areas.iter().enumerate().filter_map(|(at, area)| {
            let bounds = area.shape.bounding_rect()?;
            Some(GeomWithData::new(Rectangle::from_corners(bounds.min().into(), bounds.max().into()), at))
        });
        let bounds = RTree::bulk_load(bounds.collect());
        Self { code, name, partial: false, areas, bounds }
    }

    /// Its areas, in the order of the file.
    #[must_use]
    pub fn areas(&self) -> &[Area] {
        &self.areas
    }

    /// The area of that code.
    #[must_use]
    pub fn area(&self, code: &AreaCode) -> Option<&Area> {
        self.areas.iter().find(|area| area.code == *code)
    }

    /// The area that holds the point; on a border, the first of the file.
    #[must_use]
    pub fn area_at(&self, point: Point) -> Option<&Area> {
        let at = Coord { x: point.lon, y: point.lat };
        let near = self.bounds.locate_all_at_point(&[point.lon, point.lat]).map(|found| found.data);
        near.filter(|area| self.areas[*area].border.holds(at)).min().map(|area| &self.areas[area])
    }
}
