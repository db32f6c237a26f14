//! Listing tickets.

use actix_web::http::header::{HeaderValue, VARY};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::Asking;
use auth::permission::ReadTickets;
use serde::Serialize;
use usecases::Context;
use utoipa::{IntoParams, ToSchema};

use super::filter::{self, FilterTickets, SearchTickets, SortTickets};
use crate::problem::Problem;
use crate::reply;
use crate::request::accept::rather;
use crate::request::query::Query;
use crate::request::reader::Reader;
use crate::view::{Shown, TicketView};

/// How a list of tickets is paged.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
pub(crate) struct PageTickets {
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of tickets.
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketPage<'a> {
    /// The tickets, in the order that was asked for.
    items: Vec<TicketView<'a>>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
    /// With `q`: no ticket holds the words, these hold similar ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    approximate: Option<bool>,
}

/// A page of tickets, as GeoJSON (RFC 7946).
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketFeatures<'a> {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    #[schema(rename = "type", examples("FeatureCollection"))]
    collection_type: &'static str,
    /// The tickets, in the order that was asked for.
    features: Vec<TicketFeature<'a>>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
    /// With `q`: no ticket holds the words, these hold similar ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    approximate: Option<bool>,
}

/// A ticket, as GeoJSON.
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketFeature<'a> {
    /// `Feature`.
    #[serde(rename = "type")]
    #[schema(rename = "type", examples("Feature"))]
    feature_type: &'static str,
    /// Null when nobody has put the address on the map.
    #[schema(required)]
    geometry: Option<PointGeometry>,
    properties: TicketView<'a>,
}

/// A point, as GeoJSON.
#[derive(Serialize, ToSchema)]
pub(crate) struct PointGeometry {
    /// `Point`.
    #[serde(rename = "type")]
    #[schema(rename = "type", examples("Point"))]
    geometry_type: &'static str,
    /// Longitude, latitude.
    coordinates: [f64; 2],
}

impl PointGeometry {
    pub(crate) const fn new(lat: f64, lon: f64) -> Self {
        Self { geometry_type: "Point", coordinates: [lon, lat] }
    }
}

impl<'a> From<TicketView<'a>> for TicketFeature<'a> {
    fn from(properties: TicketView<'a>) -> Self {
        let geometry = properties.position().map(|(lat, lon)| PointGeometry::new(lat, lon));
        Self { feature_type: "Feature", geometry, properties }
    }
}

/// Whether a request would rather have GeoJSON.
pub(crate) fn wants_geojson(request: &HttpRequest) -> bool {
    rather(request, "application/geo+json", "application/json")
}

/// List tickets
///
/// Those within the reader's reach, narrowed and sorted as asked. With `Accept: application/geo+json` as GeoJSON, which
/// maps show.
#[utoipa::path(
    operation_id = "ticket_list",
    tag = "tickets",
    params(SearchTickets, FilterTickets, SortTickets, PageTickets),
    responses((
        status = 200, description = "A page of tickets",
        content((TicketPage = "application/json"), (TicketFeatures = "application/geo+json")),
        headers(("Link" = String, description = "The next page, rel=\"next\""))
    )),
    security(("bearer" = []))
)]
#[get("/v1/tickets")]
pub(crate) async fn list(
    reader: Reader<ReadTickets>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let list = async |asking: &Asking<ReadTickets>| {
        let mut query = Query::of(&request);
        let listing = filter::listing(&mut query, asking.holder(), &*cx.city()?);
        let (limit, after) = filter::page(&mut query, listing.sort);
        query.finish()?;
        let searched = listing.filter.search.is_some();
        Ok((usecases::ticket::list(&cx, &usecases::Reader::new(&cx, asking), listing, after, limit).await?, searched))
    };
    let (caller, (listed, searched)) = reader.find(&cx, list, |(listed, _)| !listed.page.items.is_empty()).await?;
    let (loaded, now) = (cx.city()?, cx.now());
    let shown = Shown::new(&loaded.city, caller.grant.caller(), caller.language, now);
    let items = listed.page.items.iter().map(|ticket| shown.ticket(ticket));
    let (next, approximate) = (listed.page.next.as_ref(), searched.then_some(listed.fuzzy));
    let mut response = if wants_geojson(&request) {
        let features = items.map(TicketFeature::from).collect();
        reply::linked(&request, caller.language, next, "application/geo+json", |next_cursor| TicketFeatures {
            collection_type: "FeatureCollection",
            features,
            next_cursor,
            approximate,
        })
    } else {
        let items = items.collect();
        let page = |next_cursor| TicketPage { items, next_cursor, approximate };
        reply::linked(&request, caller.language, next, "application/json", page)
    };
    response.headers_mut().append(VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}
