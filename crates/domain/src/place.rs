//! Places: a point on the ground and, if known, its address.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{AreaCode, ZoningCode};
use crate::text::Address;

/// A point, WGS 84, degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Latitude, −90 to 90.
    pub lat: f64,
    /// Longitude, −180 to 180.
    pub lon: f64,
}

/// Where something is.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The point.
    pub point: Point,
    /// The address as typed or found, one line.
    pub address: Option<Address>,
}

/// The area that a point has in each zoning which covers it.
pub type Areas = BTreeMap<ZoningCode, AreaCode>;
