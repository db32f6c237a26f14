//! OGC API – Features, Part 1: Core (OGC 17-069r4): the city's maps for GIS programs. See `docs/gis.md`, and
//! <https://docs.ogc.org/is/17-069r4/17-069r4.html>.
//!
//! A translation only. Without a token it shows what the public may know, decided where Open311, the calendar of cafés and
//! the statistics have it decided; with one, what its holder reads over the API. Deliberately absent: the database, writing,
//! other reference systems (Part 2) and CQL2 (Part 3).

mod answer;
mod collection;
mod cursor;
mod document;
mod feature;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod items;
mod link;
mod pages;
mod query;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Route};

pub use answer::refuse;

/// Begins every path.
pub const PREFIX: &str = "/ogc";

/// Every route.
pub fn routes(config: &mut ServiceConfig) {
    let scope = web::scope(PREFIX)
        .service(resource("", web::get().to(pages::landing)))
        .service(resource("/", web::get().to(pages::landing)))
        .service(resource("/api", web::get().to(pages::api)))
        .service(resource("/conformance", web::get().to(pages::conformance)))
        .service(resource("/collections", web::get().to(pages::collections)))
        .service(resource("/collections/{collection}", web::get().to(pages::collection)))
        .service(resource("/collections/{collection}/items", web::get().to(items::list)))
        .service(resource("/collections/{collection}/items/{feature}", web::get().to(items::one)))
        .default_service(web::to(unknown));
    config.service(scope);
}

/// What is at a path, under GET only.
fn resource(path: &str, get: Route) -> actix_web::Resource {
    web::resource(path).route(get).default_service(web::to(not_allowed))
}

async fn not_allowed(request: HttpRequest) -> HttpResponse {
    let text = ("Ceci se lit seulement : GET.", "This can only be read: GET.");
    let mut answer = answer::Wrong::new(StatusCode::METHOD_NOT_ALLOWED, text).answer(&request);
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
    answer
}

async fn unknown(request: HttpRequest) -> HttpResponse {
    let text = ("Il n’y a rien à cette adresse ; voir /ogc.", "There is nothing here; see /ogc.");
    answer::Wrong::new(StatusCode::NOT_FOUND, text).answer(&request)
}
