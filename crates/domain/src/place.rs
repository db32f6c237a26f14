//! Places: a point on the ground and, if known, its address.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{AreaCode, ZoningCode};
use crate::restitution::street;
use crate::text::Address;

/// A point, WGS 84, degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Latitude, −90 to 90.
    pub lat: f64,
    /// Longitude, −180 to 180.
    pub lon: f64,
}

impl Point {
    /// How far it is to another point, metres on the ground (haversine).
    #[must_use]
    pub fn metres_to(self, other: Self) -> f64 {
        let half = |a: f64, b: f64| ((a - b).to_radians() / 2.0).sin().powi(2);
        let across = self.lat.to_radians().cos() * other.lat.to_radians().cos() * half(self.lon, other.lon);
        2.0 * EARTH_RADIUS * (half(self.lat, other.lat) + across).min(1.0).sqrt().asin()
    }
}

/// Everywhere between two parallels and two meridians, degrees. Bounds that cross the antimeridian have a western longitude
/// greater than the eastern one (RFC 7946, 5.2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The western longitude.
    pub west: f64,
    /// The southern latitude.
    pub south: f64,
    /// The eastern longitude.
    pub east: f64,
    /// The northern latitude, not less than the southern one.
    pub north: f64,
}

/// Everywhere around a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Circle {
    /// The middle.
    pub centre: Point,
    /// How far from it, metres on the ground.
    pub metres: f64,
}

/// The earth's mean radius, metres.
pub const EARTH_RADIUS: f64 = 6_371_008.8;

impl Circle {
    /// Bounds that hold the whole circle.
    #[must_use]
    pub fn bounds(self) -> Bounds {
        let Point { lat, lon } = self.centre;
        // A thousandth more, so that rounding cuts nothing off.
        let high = (self.metres / EARTH_RADIUS).to_degrees() * 1.001;
        // The farther from the equator, the shorter a degree of longitude; around a pole, all of them are near.
        let farthest = (lat.abs() + high).min(90.0).to_radians().cos();
        let wide = if farthest > 1e-6 { high / farthest } else { 360.0 };
        Bounds { west: lon - wide, south: lat - high, east: lon + wide, north: lat + high }
    }
}

/// Where something is.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The point.
    pub point: Point,
    /// The address as typed or found, one line.
    pub address: Option<Address>,
}

/// Where a concern is: a point, or an address that nobody has put on the map; one of the two at least.
#[derive(Debug, Clone, PartialEq)]
pub struct Whereabouts {
    /// The point; without one, the concern lies in no area.
    pub point: Option<Point>,
    /// The address as typed or found, one line.
    pub address: Option<Address>,
}

impl From<Place> for Whereabouts {
    fn from(place: Place) -> Self {
        Self { point: Some(place.point), address: place.address }
    }
}

impl Whereabouts {
    /// The street of the address, and nothing nearer; none when it cannot be told, or when the address names somebody.
    #[must_use]
    pub fn street(&self) -> Option<String> {
        street(self.address.as_ref()?)
    }
}

/// The area that a point has in each zoning which covers it.
pub type Areas = BTreeMap<ZoningCode, AreaCode>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_is_that_on_the_ground() {
        let at = |lat, lon| Point { lat, lon };
        assert!((at(49.894, 2.302).metres_to(at(49.895, 2.302)) - 111.195).abs() < 1e-2);
        assert!((at(49.894, 2.302).metres_to(at(49.894, 2.303)) - 71.63).abs() < 1e-2);
        assert!((at(0.0, 0.0).metres_to(at(0.0, 180.0)) - EARTH_RADIUS * std::f64::consts::PI).abs() < 1.0);
        assert!(at(49.894, 2.302).metres_to(at(49.894, 2.302)).abs() < 1e-9);
    }

    #[test]
    fn the_bounds_of_a_circle_hold_its_rim() {
        let centre = Point { lat: 49.894, lon: 2.302 };
        let bounds = Circle { centre, metres: 1000.0 }.bounds();
        // A degree of latitude is 111.195 km; here, one of longitude is 71.6 km.
        assert!((bounds.north - centre.lat - 0.009_002).abs() < 1e-5, "{bounds:?}");
        assert!((bounds.east - centre.lon - 0.013_98).abs() < 1e-4, "{bounds:?}");
        assert!((centre.lat - bounds.south - (bounds.north - centre.lat)).abs() < 1e-9);
        let pole = Circle { centre: Point { lat: 90.0, lon: 0.0 }, metres: 10.0 }.bounds();
        assert!(pole.west <= -180.0 && pole.east >= 180.0);
    }
}
