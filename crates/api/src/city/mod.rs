//! The city as clients need it: categories, services, calendars, zonings. All are bounded by the city's files and held
//! in memory, so that they come whole.

pub(crate) mod calendars;
mod categories;
mod services;
mod zonings;

use crate::openapi::Routes;
use domain::id::{AreaCode, ZoningCode};
use utoipa::ToSchema;

pub(crate) fn routes(config: &mut impl Routes) {
    config
        .service(categories::categories)
        .service(services::services)
        .service(calendars::calendars)
        .service(calendars::preview)
        .service(zonings::zonings);
}

/// An area, as `zoning:area`.
#[derive(ToSchema)]
#[schema(value_type = String, pattern = "^[a-z][a-z0-9_-]{0,59}:[a-z][a-z0-9_-]{0,59}$", examples("secteurs:nord"))]
#[allow(dead_code, reason = "only documents what `area` reads")]
pub(crate) struct ZonedArea(String);

/// An area as a query names it: `secteurs:nord`.
pub(crate) fn area(text: &str) -> Option<(ZoningCode, AreaCode)> {
    let (zoning, area) = text.split_once(':')?;
    Some((zoning.parse().ok()?, area.parse().ok()?))
}
