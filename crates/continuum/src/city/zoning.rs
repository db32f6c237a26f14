//! The zonings: GeoJSON (RFC 7946) from the file to areas and back. Members that a map program adds are let through, and
//! not kept.

use domain::city::zoning::{Area, Zoning};
use domain::id::{AreaCode, OrganisationCode, ZoningCode};
use domain::text::{Title, VISIBLE};
use geo::{Coord, LineString, MultiPolygon, Polygon};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::Document;

/// A file of `zonings/`.
#[derive(JsonSchema)]
#[serde(tag = "type")]
#[expect(dead_code, reason = "it gives the schema; areas are read one by one, so that a bad one hides no other")]
pub(super) enum ZoningFile {
    /// The areas of one zoning.
    FeatureCollection {
        /// What people call the zoning.
        #[schemars(length(min = 1, max = 120), regex(pattern = VISIBLE))]
        name: String,
        /// Whether the zoning is not meant to cover the whole city: a landlord's estates, roads of the département.
        #[serde(default)]
        partial: bool,
        /// Its areas.
        features: Vec<Feature>,
    },
}

/// One area.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type")]
pub(super) enum Feature {
    /// One area.
    Feature {
        /// Its code, its name, and whose it is.
        properties: Properties,
        /// Its shape.
        geometry: Geometry,
    },
}

/// What an area is called, and whose it is.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Properties {
    /// Its code.
    code: AreaCode,
    /// What people call it.
    #[schemars(length(min = 1, max = 120), regex(pattern = VISIBLE))]
    name: String,
    /// Whose the roads in it are: an organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    road_owner: Option<OrganisationCode>,
    /// Whose the land is: an organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    land_owner: Option<OrganisationCode>,
}

/// The shape of an area.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type")]
pub(super) enum Geometry {
    /// In one piece.
    Polygon {
        /// The outer ring, then the holes.
        #[schemars(length(min = 1))]
        coordinates: Vec<Ring>,
    },
    /// In several pieces.
    MultiPolygon {
        /// The pieces, each with its outer ring, then its holes.
        #[schemars(length(min = 1), inner(length(min = 1)))]
        coordinates: Vec<Vec<Ring>>,
    },
}

/// A closed line: at least four positions, the last equal to the first.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Ring(#[schemars(length(min = 4))] Vec<Position>);

/// Longitude, latitude and, if need be, height.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct Position(#[schemars(length(min = 2, max = 3))] Vec<f64>);

impl Position {
    fn coord(&self) -> Option<Coord<f64>> {
        let [lon, lat, ..] = self.0.as_slice() else { return None };
        ((-180.0..=180.0).contains(lon) && (-90.0..=90.0).contains(lat)).then_some(Coord { x: *lon, y: *lat })
    }
}

/// The zoning that the sound areas of a file make, and the number of each in the file; what is wrong is noted in the document.
/// None when it has no sound area, or no code or name.
pub(super) fn zoning(document: &mut Document) -> Option<(Vec<usize>, Zoning)> {
    let count = document.at("/features").and_then(Value::as_array).map_or(0, Vec::len);
    if refuse_other_systems(document, count) {
        return None;
    }
    let (numbers, areas): (Vec<usize>, Vec<Area>) =
        (0..count).filter_map(|at| Some((at, area(&format!("/features/{at}"), document)?))).unzip();
    let stem = document.name.trim_start_matches("zonings/").trim_end_matches(".geojson").to_owned();
    let code = ZoningCode::try_from(stem).map_err(|error| document.add("", format!("as a file name, {error}"))).ok()?;
    let name = title("/name", document)?;
    warn_of_misspelt(document, "", &["partial"]);
    let mut zoning = Zoning::new(code, name, areas);
    zoning.partial = document.at("/partial") == Some(&Value::Bool(true));
    (count == 0 || !numbers.is_empty()).then_some((numbers, zoning))
}

/// Notes each member `crs` that names another system than WGS 84. Such members are of the GeoJSON of 2008; RFC 7946, 4 knows
/// WGS 84 alone, and ignoring them puts everything elsewhere.
fn refuse_other_systems(document: &mut Document, features: usize) -> bool {
    let within = (0..features).flat_map(|at| ["", "/geometry"].map(|part| format!("/features/{at}{part}")));
    let mut refused = false;
    for pointer in std::iter::once(String::new()).chain(within).map(|pointer| format!("{pointer}/crs")) {
        let Some(system) = document.at(&pointer).filter(|system| !is_wgs84(system)) else { continue };
        let name = system.pointer("/properties/name").and_then(Value::as_str).map(str::to_owned);
        let named = name.unwrap_or_else(|| system.to_string());
        let message = format!(
            "« {named} » is not read here: positions must be in WGS 84, longitude before latitude (RFC 7946, 4); export \
             the file anew in EPSG:4326"
        );
        document.add(&pointer, message);
        refused = true;
    }
    refused
}

/// Whether it names OGC's CRS84 or EPSG:4326, as a URN, a URL or in short.
fn is_wgs84(system: &Value) -> bool {
    let name = system.pointer("/properties/name").and_then(Value::as_str).unwrap_or_default().to_ascii_uppercase();
    let parts: Vec<&str> = name.split([':', '/']).collect();
    match parts.last() {
        Some(&"CRS84") => parts.contains(&"OGC"),
        Some(&"4326") => parts.contains(&"EPSG"),
        _ => false,
    }
}

/// A name that can stand on a line of its own.
fn title(pointer: &str, document: &mut Document) -> Option<String> {
    document.typed::<Title>(pointer).map(String::from)
}

/// Members that may be left out: a misspelt one would not be read, and nothing would seem wrong.
fn warn_of_misspelt(document: &mut Document, pointer: &str, optional: &[&str]) {
    let plain = |name: &str| name.to_lowercase().replace([' ', '-', '_'], "");
    let Some(Value::Object(members)) = document.at(pointer) else { return };
    let missing = optional.iter().filter(|name| !members.contains_key(**name));
    let near = missing.flat_map(|name| {
        let near = move |member: &&String| strsim::osa_distance(&plain(member), &plain(name)) <= 2;
        members.keys().filter(near).map(move |member| (member.clone(), *name))
    });
    for (member, name) in near.collect::<Vec<_>>() {
        document.warn(&format!("{pointer}/{member}"), format!("is not read here: is `{name}` meant?"));
    }
}

fn area(pointer: &str, document: &mut Document) -> Option<Area> {
    warn_of_misspelt(document, &format!("{pointer}/properties"), &["road_owner", "land_owner"]);
    let Feature::Feature { properties, geometry } = document.typed(pointer)?;
    let Properties { code, road_owner, land_owner, .. } = properties;
    let name = title(&format!("{pointer}/properties/name"), document)?;
    let shape = shape(geometry, &format!("{pointer}/geometry/coordinates"), document)?;
    Some(Area::new(code, name, shape).owned_by(road_owner, land_owner))
}

fn shape(geometry: Geometry, pointer: &str, document: &mut Document) -> Option<MultiPolygon<f64>> {
    let pieces: Vec<(String, Vec<Ring>)> = match geometry {
        Geometry::Polygon { coordinates } => vec![(pointer.to_owned(), coordinates)],
        Geometry::MultiPolygon { coordinates } => {
            coordinates.into_iter().enumerate().map(|(at, piece)| (format!("{pointer}/{at}"), piece)).collect()
        }
    };
    let polygons: Vec<Option<Polygon<f64>>> =
        pieces.iter().map(|(pointer, rings)| polygon(rings, pointer, document)).collect();
    polygons.into_iter().collect::<Option<_>>().map(MultiPolygon)
}

fn polygon(rings: &[Ring], pointer: &str, document: &mut Document) -> Option<Polygon<f64>> {
    let lines: Vec<Option<LineString<f64>>> =
        rings.iter().enumerate().map(|(at, ring)| line(ring, &format!("{pointer}/{at}"), document)).collect();
    let mut lines = lines.into_iter().collect::<Option<Vec<_>>>()?.into_iter();
    Some(Polygon::new(lines.next()?, lines.collect()))
}

fn line(Ring(positions): &Ring, pointer: &str, document: &mut Document) -> Option<LineString<f64>> {
    let coords: Vec<Option<Coord<f64>>> = positions.iter().map(Position::coord).collect();
    if let Some(at) = coords.iter().position(Option::is_none) {
        let message = "is no place in WGS 84: write the longitude (-180 to 180), then the latitude (-90 to 90)";
        document.add(&format!("{pointer}/{at}"), message);
        return None;
    }
    let coords: Vec<Coord<f64>> = coords.into_iter().flatten().collect();
    if coords.first() != coords.last() {
        document.add(pointer, "is not closed: the last position must equal the first");
        return None;
    }
    Some(LineString(coords))
}

/// The file of a zoning: a line for each area, so that two versions can be compared.
pub(super) fn text(zoning: &Zoning) -> serde_json::Result<String> {
    let features = zoning.areas().iter().map(|area| serde_json::to_string(&feature(area)));
    let features = features.collect::<Result<Vec<_>, _>>()?.join(",\n    ");
    let name = serde_json::to_string(&zoning.name)?;
    let partial = if zoning.partial { "\n  \"partial\": true," } else { "" };
    Ok(format!(
        "{{\n  \"type\": \"FeatureCollection\",\n  \"name\": {name},{partial}\n  \"features\": [\n    {features}\n  ]\n}}\n"
    ))
}

fn feature(area: &Area) -> Feature {
    let Area { code, name, road_owner, land_owner, .. } = area.clone();
    let rings = |piece: &Polygon<f64>| std::iter::once(piece.exterior()).chain(piece.interiors()).map(ring).collect();
    let geometry = match area.shape().0.as_slice() {
        [piece] => Geometry::Polygon { coordinates: rings(piece) },
        pieces => Geometry::MultiPolygon { coordinates: pieces.iter().map(rings).collect() },
    };
    Feature::Feature { properties: Properties { code, name, road_owner, land_owner }, geometry }
}

fn ring(line: &LineString<f64>) -> Ring {
    Ring(line.coords().map(|at| Position(vec![at.x, at.y])).collect())
}
