//! Features, collection by collection.

pub(crate) mod area;
pub(crate) mod cafe;
pub(crate) mod hotspot;
pub(crate) mod ticket;

use chrono::{DateTime, SecondsFormat, Utc};
use domain::place::{Areas, Point};
use serde_json::{Map, Value, json};

/// A feature at a point.
fn at(id: &str, point: Point, areas: &Areas, properties: Value) -> Value {
    let mut properties = match properties {
        Value::Object(properties) => properties,
        _ => Map::new(),
    };
    properties.extend(areas.iter().map(|(zoning, area)| (format!("area_{zoning}"), area.as_str().into())));
    let geometry = json!({ "type": "Point", "coordinates": [point.lon, point.lat] });
    json!({ "type": "Feature", "id": id, "geometry": geometry, "properties": properties })
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
