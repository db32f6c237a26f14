//! Areas that lie elsewhere than the city, as they do when latitude was written before longitude.

use geo::{BoundingRect, Coord, Intersects, MapCoords, MultiPolygon, Rect};

use super::{Fault, file, name};
use crate::city::City;
use crate::city::zoning::Zoning;

/// Where communes are, by the beginning of their INSEE codes, the longest first: west, south, east, north, in degrees,
/// rounded outwards by some tens of kilometres, which is enough to tell longitude from latitude. Of the other overseas
/// communities nothing is known.
const FRANCE: [(&str, [f64; 4]); 8] = [
    ("971", [-62.0, 15.7, -60.9, 16.6]),
    ("972", [-61.3, 14.3, -60.7, 15.0]),
    ("973", [-54.7, 2.0, -51.5, 5.9]),
    ("974", [55.1, -21.5, 55.9, -20.8]),
    ("976", [44.9, -13.1, 45.4, -12.5]),
    ("97", [-180.0, -90.0, 180.0, 90.0]),
    ("98", [-180.0, -90.0, 180.0, 90.0]),
    ("", [-5.3, 41.2, 9.7, 51.2]),
];

impl City {
    /// The areas that touch the territory nowhere. When the territory itself may be elsewhere, only of it something is said.
    pub(super) fn elsewhere(&self) -> Vec<Fault> {
        let Some(territory) = self.zoning(&self.settings.territory) else { return Vec::new() };
        let misplaced = self.misplaced(territory);
        if !misplaced.is_empty() {
            return misplaced;
        }
        let inside = |shape: &MultiPolygon<f64>| territory.areas().iter().any(|area| touches(area.shape(), shape));
        let others = self.zonings.iter().filter(|zoning| zoning.code != territory.code);
        others
            .flat_map(|zoning| {
                strays(zoning, inside, &format!("touches the city’s territory (« {} ») nowhere", territory.code))
            })
            .collect()
    }

    /// The areas of the territory that lie where no commune of such an INSEE code is.
    fn misplaced(&self, territory: &Zoning) -> Vec<Fault> {
        let insee = &self.settings.insee;
        let known = FRANCE.iter().find(|(beginning, _)| insee.starts_with(beginning));
        let Some((_, [west, south, east, north])) = known else { return Vec::new() };
        let france = Rect::new((*west, *south), (*east, *north)).to_polygon();
        let inside = |shape: &MultiPolygon<f64>| shape.intersects(&france);
        let mut faults = strays(territory, inside, &format!("lies where no commune with INSEE code {insee} is"));
        for fault in &mut faults {
            fault.needs_the_whole = false;
        }
        faults
    }
}

fn touches(one: &MultiPolygon<f64>, other: &MultiPolygon<f64>) -> bool {
    let (Some(around), Some(around_other)) = (one.bounding_rect(), other.bounding_rect()) else { return false };
    around.intersects(&around_other) && one.intersects(other)
}

fn strays(zoning: &Zoning, inside: impl Fn(&MultiPolygon<f64>) -> bool, why: &str) -> Vec<Fault> {
    let stray = zoning.areas().iter().enumerate().filter(|(_, area)| !inside(area.shape()));
    let faults = stray.filter_map(|(at, area)| {
        let place = *area.shape().0.first()?.exterior().0.first()?;
        let swapped = area.shape().map_coords(|Coord { x, y }| Coord { x: y, y: x });
        let remedy = if inside(&swapped) {
            "; with the two numbers of each position swapped it would not: longitude comes before latitude"
        } else {
            ""
        };
        let message = format!("« {} », near {}, {why}{remedy}", area.code, name(place));
        Some(Fault { file: file(zoning), pointer: format!("/features/{at}/geometry"), message, needs_the_whole: true })
    });
    faults.collect()
}
