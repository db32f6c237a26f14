//! Listing hotspots.

use std::collections::BTreeMap;

use actix_web::http::header::{HeaderValue, VARY};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadHotspots;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::language::Language;
use serde::Serialize;
use usecases::Context;
use usecases::hotspot::{Filter, Hotspot};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::query::Query;
use crate::ticket::{PointGeometry, wants_geojson};
use crate::view::areas;

/// What hotspots can be narrowed by. A parameter that is repeated means any of its values.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
pub(crate) struct ListHotspots {
    /// Of one of these families: the codes of groups of categories.
    #[param(explode = true, example = json!(["cleanliness"]))]
    family: Option<Vec<String>>,
    /// In one of these areas, each as `zoning:area`.
    #[param(explode = true, example = json!(["secteurs:nord"]))]
    area: Option<Vec<String>>,
    /// Only those that are active, or only those that are dormant.
    active: Option<bool>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A family of categories.
#[derive(Serialize, ToSchema)]
#[schema(as = HotspotFamily)]
pub(crate) struct FamilyView {
    /// The group's code.
    #[schema(examples("cleanliness"))]
    code: String,
    /// What it is called.
    #[schema(examples("Propreté et déchets"))]
    label: String,
}

/// Where most of a hotspot's concerns are near.
#[derive(Serialize, ToSchema)]
#[schema(as = HotspotPlace)]
pub(crate) struct CentreView {
    /// Latitude, degrees.
    lat: f64,
    /// Longitude, degrees.
    lon: f64,
    /// The street in which most of them are; null when that cannot be told.
    #[schema(required, examples("Rue du Pigeonnier"))]
    street: Option<String>,
}

/// A place that comes back: at least three concerns of one family within 100 m of its middle, in 12 months.
#[derive(Serialize, ToSchema)]
#[schema(as = Hotspot)]
pub(crate) struct HotspotView {
    /// Stays the same as it grows, moves a little, or comes back.
    id: Uuid,
    family: FamilyView,
    /// Whether it has three concerns of the last 12 months; else it is dormant.
    active: bool,
    place: CentreView,
    /// The area of the place in each zoning.
    #[schema(examples(json!({"secteurs": "nord"})))]
    areas: BTreeMap<String, String>,
    /// How many concerns of the last 12 months make it; none while it is dormant. For members of services: those of which their services have a
    /// ticket.
    #[schema(minimum = 0)]
    concerns: u64,
    /// How many there were since the first one. For agents and dispatchers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    concerns_ever: Option<u64>,
    /// How many were filed in which month, of all. For agents and dispatchers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples(json!({"2026-02": 1, "2026-03": 4})))]
    months: Option<BTreeMap<String, u64>>,
    /// When the first concern was filed.
    first_concern_at: DateTime<Utc>,
    /// When the last concern was filed.
    last_concern_at: DateTime<Utc>,
}

impl HotspotView {
    fn new(hotspot: &Hotspot, city: &City, language: Language) -> Self {
        let family = city.category(&hotspot.family);
        let label = family.map_or(hotspot.family.as_str(), |family| family.label.in_language(language));
        Self {
            id: hotspot.id.0,
            family: FamilyView { code: hotspot.family.to_string(), label: label.to_owned() },
            active: hotspot.active,
            place: CentreView { lat: hotspot.centre.lat, lon: hotspot.centre.lon, street: hotspot.street.clone() },
            areas: areas(&hotspot.areas),
            concerns: hotspot.concerns,
            concerns_ever: hotspot.ever,
            months: hotspot.months.clone(),
            first_concern_at: hotspot.first_at,
            last_concern_at: hotspot.last_at,
        }
    }
}

/// A page of hotspots.
#[derive(Serialize, ToSchema)]
pub(crate) struct HotspotPage {
    /// The hotspots, those with the latest concern first.
    items: Vec<HotspotView>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A page of hotspots, as GeoJSON (RFC 7946).
#[derive(Serialize, ToSchema)]
pub(crate) struct HotspotFeatures {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    #[schema(rename = "type", examples("FeatureCollection"))]
    collection_type: &'static str,
    /// The hotspots, those with the latest concern first.
    features: Vec<HotspotFeature>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A hotspot, as GeoJSON.
#[derive(Serialize, ToSchema)]
pub(crate) struct HotspotFeature {
    /// `Feature`.
    #[serde(rename = "type")]
    #[schema(rename = "type", examples("Feature"))]
    feature_type: &'static str,
    geometry: PointGeometry,
    properties: HotspotView,
}

impl From<HotspotView> for HotspotFeature {
    fn from(properties: HotspotView) -> Self {
        let geometry = PointGeometry::new(properties.place.lat, properties.place.lon);
        Self { feature_type: "Feature", geometry, properties }
    }
}

/// List places that come back
///
/// Where at least three concerns of one family of categories were filed within 100 m in 12 months, those with the latest
/// concern first; with `Accept: application/geo+json` as GeoJSON, which maps show. Found by the worker, a few seconds after
/// a concern is filed. Concerns that were attached to others or merged count: residents said them. Restricted categories
/// make no hotspots.
///
/// Police agents and dispatchers read all of them. Members of services read those of which their services have tickets of
/// three concerns, and count these alone.
#[utoipa::path(
    operation_id = "hotspot_list",
    tag = "hotspots",
    params(ListHotspots),
    responses((
        status = 200, description = "A page of hotspots",
        content((HotspotPage = "application/json"), (HotspotFeatures = "application/geo+json")),
        headers(("Link" = String, description = "The next page, rel=\"next\""))
    )),
    security(("bearer" = []))
)]
#[get("/v1/hotspots")]
pub(crate) async fn list(
    caller: Caller<ReadHotspots>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let filter = Filter {
        families: query
            .each("family", ("le code d’un groupe de motifs", "the code of a group"), |code| code.parse().ok()),
        areas: query.each("area", "zoning:area", crate::city::area),
        active: query.one("active", "true / false", |text| text.parse().ok()),
    };
    let (limit, after) = query.page();
    query.finish()?;
    let page = usecases::hotspot::list(&cx, &caller.grant, &filter, after, limit).await?;
    let loaded = cx.city()?;
    let items = page.items.iter().map(|hotspot| HotspotView::new(hotspot, &loaded.city, caller.language));
    let next = page.next.as_ref();
    let mut response = if wants_geojson(&request) {
        let features = items.map(HotspotFeature::from).collect();
        reply::linked(&request, caller.language, next, "application/geo+json", |next_cursor| HotspotFeatures {
            collection_type: "FeatureCollection",
            features,
            next_cursor,
        })
    } else {
        reply::page(&request, caller.language, items.collect(), next)
    };
    response.headers_mut().append(VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}
