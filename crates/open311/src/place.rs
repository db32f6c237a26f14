//! Where a request is, and where requests are looked for.

use domain::place::{Bounds, Circle, Point, Whereabouts};
use domain::text::Address;

use crate::answer::{Faults, Wrong};
use crate::parameters::{Parameters, number};
use crate::reply::text_fault;

/// How far around a point requests are looked for at most, metres.
const FARTHEST: f64 = 50_000.0;

/// The point of `lat` and `long`.
pub(crate) fn point(parameters: &Parameters) -> Result<Option<Point>, Wrong> {
    let (lat, lon) = (parameters.number("lat", -90.0, 90.0), parameters.number("long", -180.0, 180.0));
    let mut faults = Faults::default();
    let (Some(lat), Some(lon)) = (faults.take(lat), faults.take(lon)) else { return Err(faults.wrong()) };
    match (lat, lon) {
        (Some(lat), Some(lon)) => Ok(Some(Point { lat, lon })),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => {
            Err(Wrong::bad(("« lat » et « long » vont ensemble.", "“lat” and “long” go together.")))
        }
    }
}

/// Where a request is: its point, its address, or both.
pub(crate) fn whereabouts(parameters: &Parameters) -> Result<Whereabouts, Wrong> {
    let address = parameters.get("address_string").map(|text| Address::try_from(text.to_owned()));
    let address = address.transpose().map_err(|error| Wrong::bad(text_fault("address_string", error)));
    let mut faults = Faults::default();
    let (Some(address), Some(point)) = (faults.take(address), faults.take(point(parameters))) else {
        return Err(faults.wrong());
    };
    if point.is_some() || address.is_some() {
        return Ok(Whereabouts { point, address });
    }
    Err(Wrong::bad(if parameters.get("address_id").is_some() {
        (
            "Cette ville n’a pas de répertoire d’« address_id » : donner « lat » et « long », ou « address_string ».",
            "This city keeps no “address_id”: give “lat” and “long”, or “address_string”.",
        )
    } else {
        (
            "Il manque le lieu : « lat » et « long », ou « address_string ».",
            "The place is missing: “lat” and “long”, or “address_string”.",
        )
    }))
}

/// `bbox`: west, south, east, north.
pub(crate) fn bounds(parameters: &Parameters) -> Result<Option<Bounds>, Wrong> {
    let Some(text) = parameters.get("bbox") else { return Ok(None) };
    let wrong = || {
        Wrong::bad((
            "« bbox » est quatre nombres entre virgules : ouest, sud, est, nord.",
            "“bbox” is four numbers between commas: west, south, east, north.",
        ))
    };
    let numbers: Vec<&str> = text.split(',').collect();
    let &[west, south, east, north] = numbers.as_slice() else { return Err(wrong()) };
    let bounds = Bounds {
        west: number("bbox", west, -180.0, 180.0)?,
        south: number("bbox", south, -90.0, 90.0)?,
        east: number("bbox", east, -180.0, 180.0)?,
        north: number("bbox", north, -90.0, 90.0)?,
    };
    if bounds.west > bounds.east || bounds.south > bounds.north { Err(wrong()) } else { Ok(Some(bounds)) }
}

/// `lat`, `long` and `radius`, metres.
pub(crate) fn circle(parameters: &Parameters) -> Result<Option<Circle>, Wrong> {
    match (point(parameters)?, parameters.number("radius", 1.0, FARTHEST)?) {
        (Some(centre), Some(metres)) => Ok(Some(Circle { centre, metres })),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => Err(Wrong::bad((
            "« lat », « long » et « radius » (en mètres) vont ensemble.",
            "“lat”, “long” and “radius” (metres) go together.",
        ))),
    }
}
