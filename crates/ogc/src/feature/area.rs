//! Areas of the city's zonings, for everybody: from the city that every instance has in memory.

use domain::city::zoning::{Area, Zoning};
use domain::place::Bounds;
use geo::{Coord, Intersects as _, LineString, MultiPolygon, Polygon, Rect};
use serde_json::{Value, json};

use crate::answer::Wrong;
use crate::items::{Found, Reading, after};
use crate::query::Asked;

pub(crate) fn page(reading: &Reading<'_>, asked: &Asked) -> Result<Found, Wrong> {
    let limit = usize::try_from(asked.limit).unwrap_or(usize::MAX);
    let cursor = after(asked, |cursor| all(reading).position(|(zoning, area)| id(zoning, area) == cursor))?;
    let rest = all(reading).skip(cursor.map_or(0, |last| last + 1));
    let wanted = rest.filter(|(zoning, area)| {
        asked.filter("zoning").is_none_or(|code| zoning.code.as_str() == code)
            && asked.bounds.is_none_or(|bounds| lies_in(area, bounds))
    });
    let mut found: Vec<(&Zoning, &Area)> = wanted.take(limit.saturating_add(1)).collect();
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(zoning, area)| id(zoning, area));
    Ok((found.into_iter().map(|(zoning, area)| feature(zoning, area)).collect(), next))
}

pub(crate) fn one(reading: &Reading<'_>, wanted: &str) -> Option<Value> {
    all(reading).find(|(zoning, area)| id(zoning, area) == wanted).map(|(zoning, area)| feature(zoning, area))
}

fn all<'a>(reading: &Reading<'a>) -> impl Iterator<Item = (&'a Zoning, &'a Area)> {
    reading.city.zonings.iter().flat_map(|zoning| zoning.areas().iter().map(move |area| (zoning, area)))
}

fn id(zoning: &Zoning, area: &Area) -> String {
    format!("{}:{}", zoning.code, area.code)
}

fn lies_in(area: &Area, Bounds { west, south, east, north }: Bounds) -> bool {
    let holds = |west: f64, east: f64| {
        Rect::new(Coord { x: west, y: south }, Coord { x: east, y: north }).to_polygon().intersects(area.shape())
    };
    if west <= east { holds(west, east) } else { holds(west, 180.0) || holds(-180.0, east) }
}

fn feature(zoning: &Zoning, area: &Area) -> Value {
    json!({
        "type": "Feature",
        "id": id(zoning, area),
        "geometry": { "type": "MultiPolygon", "coordinates": coordinates(area.shape()) },
        "properties": {
            "zoning": zoning.code,
            "zoning_name": zoning.name,
            "code": area.code,
            "name": area.name,
        },
    })
}

/// As RFC 7946 has them: the outer ring, which runs against the clock, before the inner ones, which run with it.
fn coordinates(shape: &MultiPolygon<f64>) -> Value {
    let ring = |ring: &LineString<f64>| ring.coords().map(|at| [at.x, at.y]).collect::<Vec<_>>();
    let polygon = |polygon: &Polygon<f64>| {
        use geo::orient::{Direction, Orient as _};
        let polygon = polygon.orient(Direction::Default);
        std::iter::once(polygon.exterior()).chain(polygon.interiors()).map(ring).collect::<Vec<_>>()
    };
    json!(shape.iter().map(polygon).collect::<Vec<_>>())
}
