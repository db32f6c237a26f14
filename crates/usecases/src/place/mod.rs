//! Addresses as points and points as addresses, each with the city's areas.

mod reverse;
mod search;

use domain::city::City;
use domain::place::Areas;

pub use geocoder::{Found, Kind, Unavailable};
pub use reverse::reverse;
pub use search::search;

use crate::NoCity;

/// How many addresses are found at most.
pub const MOST: u8 = 20;

/// An address, and where it lies in the city.
#[derive(Debug, Clone)]
pub struct Located {
    /// The address and its point.
    pub found: Found,
    /// The area of the point in each zoning.
    pub areas: Areas,
    /// Whether a concern of there can be filed.
    pub inside: bool,
}

/// Why nothing can be looked up.
#[derive(Debug, thiserror::Error)]
pub enum LookUpError {
    /// This instance has no geocoder.
    #[error("there is no geocoder")]
    NoGeocoder,
    /// It does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
}

fn located(city: &City, found: &[Found]) -> Vec<Located> {
    let locate = |found: &Found| {
        let areas = city.areas_at(found.point);
        Located { found: found.clone(), inside: city.is_inside(&areas), areas }
    };
    found.iter().map(locate).collect()
}
