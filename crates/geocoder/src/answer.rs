//! `GeoCodeJSON` (<https://github.com/geocoders/geocodejson-spec>), as far as the Base adresse nationale fills it.

use domain::place::Point;
use serde::Deserialize;

/// What a result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A number of a street.
    HouseNumber,
    /// A street.
    Street,
    /// A place with a name.
    Locality,
    /// A commune.
    Municipality,
    /// Something else, which is no address.
    #[serde(other)]
    Other,
}

/// An address and its point.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The address on one line: « 8 Boulevard du Port 80000 Amiens ».
    pub label: String,
    /// What it is.
    pub kind: Kind,
    /// Where, WGS 84.
    pub point: Point,
    /// How well it fits, from 0 to 1.
    pub score: f64,
    /// The postcode.
    pub postcode: Option<String>,
    /// The commune's name.
    pub city: Option<String>,
    /// The commune's INSEE code.
    pub city_code: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    geometry: Geometry,
    properties: Properties,
}

#[derive(Deserialize)]
struct Geometry {
    coordinates: [f64; 2],
}

#[derive(Deserialize)]
struct Properties {
    label: String,
    score: f64,
    #[serde(rename = "type")]
    kind: Kind,
    postcode: Option<String>,
    city: Option<String>,
    citycode: Option<String>,
}

/// The addresses of an answer; none when it is not understood.
pub(crate) fn parse(body: &[u8]) -> Option<Vec<Found>> {
    let answer: Answer = serde_json::from_slice(body).ok()?;
    let addresses = answer.features.into_iter().filter(|feature| feature.properties.kind != Kind::Other);
    Some(addresses.map(Found::from).collect())
}

impl From<Feature> for Found {
    fn from(Feature { geometry, properties }: Feature) -> Self {
        let [lon, lat] = geometry.coordinates;
        let Properties { label, score, kind, postcode, city, citycode } = properties;
        Self { label, kind, point: Point { lat, lon }, score, postcode, city, city_code: citycode }
    }
}
