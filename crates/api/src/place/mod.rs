//! `/v1/places`: addresses as points, and points as addresses.

mod reverse;
mod search;

use crate::openapi::Routes;
use std::collections::BTreeMap;

use actix_web::HttpResponse;
use domain::language::Language;
use serde::Serialize;
use usecases::place::{Kind, Located, LookUpError, MOST};
use utoipa::ToSchema;

use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::query::Query;
use crate::view::areas;

pub(crate) fn routes(config: &mut impl Routes) {
    config.service(search::search).service(reverse::reverse);
}

/// An address that was found.
#[derive(Serialize, ToSchema)]
struct FoundPlace {
    /// On one line, as `place.address` of a concern takes it.
    #[schema(examples("8 Boulevard du Port 80000 Amiens"))]
    address: String,
    /// What it is: a number of a street, a street, a place with a name, or a commune.
    #[schema(pattern = "^(house_number|street|locality|municipality)$", examples("house_number"))]
    kind: &'static str,
    /// Latitude, WGS 84.
    #[schema(minimum = -90, maximum = 90, examples(49.897_446))]
    lat: f64,
    /// Longitude, WGS 84.
    #[schema(minimum = -180, maximum = 180, examples(2.290_09))]
    lon: f64,
    /// How well it fits.
    #[schema(minimum = 0, maximum = 1)]
    score: f64,
    /// The postcode.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("80000"))]
    postcode: Option<String>,
    /// The commune.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("Amiens"))]
    city: Option<String>,
    /// The commune's INSEE code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("80021"))]
    city_code: Option<String>,
    /// The area of the point in each zoning.
    #[schema(examples(json!({"secteurs": "nord"})))]
    areas: BTreeMap<String, String>,
    /// Whether a concern of there can be filed: it lies in the city's territory.
    inside: bool,
}

/// Addresses that were found.
#[derive(Serialize, ToSchema)]
pub(crate) struct FoundPlaces {
    /// The places, the best first.
    items: Vec<FoundPlace>,
}

impl From<&Located> for FoundPlace {
    fn from(located: &Located) -> Self {
        let found = &located.found;
        Self {
            address: found.label.clone(),
            kind: match found.kind {
                Kind::HouseNumber => "house_number",
                Kind::Street => "street",
                Kind::Locality | Kind::Other => "locality",
                Kind::Municipality => "municipality",
            },
            lat: found.point.lat,
            lon: found.point.lon,
            score: found.score,
            postcode: found.postcode.clone(),
            city: found.city.clone(),
            city_code: found.city_code.clone(),
            areas: areas(&located.areas),
            inside: located.inside,
        }
    }
}

impl From<LookUpError> for Problem {
    fn from(error: LookUpError) -> Self {
        let problem = Self::new(Code::NoGeocoder);
        match error {
            LookUpError::NoCity(error) => error.into(),
            LookUpError::NoGeocoder => problem.detail((
                "Aucun géocodeur n’est configuré : donnez l’adresse ou le point vous-même.",
                "No geocoder is configured: give the address or the point yourself.",
            )),
            LookUpError::Unavailable(unavailable) => {
                let problem = problem.detail((
                    "La recherche d’adresses ne répond pas : donnez l’adresse ou le point vous-même.",
                    "The address search does not answer: give the address or the point yourself.",
                ));
                match unavailable {
                    usecases::place::Unavailable::Resting(after) => {
                        problem.retry_after(i64::try_from(after.as_secs()).unwrap_or(0) + 1)
                    }
                    usecases::place::Unavailable::NoAnswer | usecases::place::Unavailable::Unintelligible => problem,
                }
            }
        }
    }
}

/// How many addresses are asked for, unless it is said.
const USUAL: u8 = 5;

fn limit(query: &mut Query) -> u8 {
    let limit = query.one("limit", "1…20", |text| text.parse().ok().filter(|limit| (1..=MOST).contains(limit)));
    limit.unwrap_or(USUAL)
}

fn answer(found: &[Located], language: Language) -> HttpResponse {
    reply::read(None, language, &FoundPlaces { items: found.iter().map(FoundPlace::from).collect() })
}
