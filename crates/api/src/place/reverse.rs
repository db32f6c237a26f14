//! Looking up what is at a point.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadCity;
use domain::place::Point;
use usecases::Context;
use utoipa::IntoParams;

use super::{FoundPlaces, answer, limit};
use crate::problem::Problem;
use crate::request::caller::Caller;
use crate::request::query::Query;

/// Which point is looked at.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `reverse` takes")]
struct ReversePlaces {
    /// Latitude, degrees.
    #[param(minimum = -90, maximum = 90, example = 49.894)]
    lat: f64,
    /// Longitude, degrees.
    #[param(minimum = -180, maximum = 180, example = 2.302)]
    lon: f64,
    /// How many at most.
    #[param(minimum = 1, maximum = 20, default = 5)]
    limit: Option<u8>,
}

/// Look up the addresses at a point
///
/// The addresses nearest to the point, the nearest first: for an officer who knows where they stand. Otherwise as
/// `place_search`.
#[utoipa::path(
    operation_id = "place_reverse",
    tag = "city",
    params(ReversePlaces),
    responses(
        (status = 200, description = "What was found", body = FoundPlaces),
        (status = 503, description = "`unavailable`, `no_city`; `no_geocoder`: none is configured, or it does not answer"),
    ),
    security(("bearer" = []))
)]
#[get("/v1/places/reverse")]
pub(crate) async fn reverse(
    caller: Caller<ReadCity>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let degrees = |most: f64| move |text: &str| text.parse().ok().filter(|value: &f64| value.abs() <= most);
    let lat = query.needed("lat", "-90…90", degrees(90.0));
    let lon = query.needed("lon", "-180…180", degrees(180.0));
    let limit = limit(&mut query);
    let at = query.finish_with(lat.zip(lon).map(|(lat, lon)| Point { lat, lon }))?;
    let found = usecases::place::reverse(&cx, &caller.grant, at, limit).await?;
    Ok(answer(&found, caller.language))
}
