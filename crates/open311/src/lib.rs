//! Open311 GeoReport v2: how programs of other cities and of residents send requests and follow them. See
//! `docs/open311.md`, and <https://wiki.open311.org/GeoReport_v2/>.
//!
//! A translation only: a service is a category that everybody may report, a request is a concern with
//! its tickets, called as the first of them. Deliberately absent:
//! decisions, the database, and everything that is not for the public.

mod answer;
mod caller;
mod discovery;
mod file;
mod form;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod node;
mod parameters;
mod photograph;
mod place;
mod record;
mod reply;
mod request;
mod service;
mod status;
mod update;

use actix_web::dev::HttpServiceFactory;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Route};

pub use answer::refuse;

/// Begins every path.
pub const PREFIX: &str = "/open311/";

/// Where requests are filed.
pub(crate) const PRODUCTION: &str = "/open311/v2";

/// Where filing is tried: nothing is kept.
pub(crate) const TEST: &str = "/open311/test/v2";

/// Every route.
pub fn routes(config: &mut ServiceConfig) {
    config.service(endpoint(PRODUCTION)).service(endpoint(TEST));
}

fn endpoint(path: &str) -> impl HttpServiceFactory + use<> {
    let updates = "/servicerequestupdates.{format:xml|json}";
    web::scope(path)
        .service(resource("/discovery.{format:xml|json}", "GET", [web::get().to(discovery::discovery)]))
        .service(resource("/services.{format:xml|json}", "GET", [web::get().to(service::list)]))
        .service(resource("/services/{code}.{format:xml|json}", "GET", [web::get().to(service::definition)]))
        .service(resource(
            "/requests.{format:xml|json}",
            "GET, POST",
            [web::get().to(request::list), web::post().to(file::file)],
        ))
        .service(resource("/requests/{id}.{format:xml|json}", "GET", [web::get().to(request::one)]))
        .service(resource("/tokens/{token}.{format:xml|json}", "GET", [web::get().to(request::token)]))
        .service(resource(updates, "GET, POST", [web::get().to(update::list), web::post().to(update::take)]))
        .default_service(web::to(unknown))
}

/// What is at a path, under these methods only.
fn resource<const N: usize>(path: &str, allowed: &'static str, routes: [Route; N]) -> actix_web::Resource {
    let other = move |request: HttpRequest| async move { not_allowed(&request, allowed) };
    routes.into_iter().fold(web::resource(path), actix_web::Resource::route).default_service(web::to(other))
}

fn not_allowed(request: &HttpRequest, allowed: &'static str) -> HttpResponse {
    let text = (format!("Cette ressource connaît : {allowed}."), format!("This resource knows: {allowed}."));
    let wrong = answer::Wrong::new(StatusCode::METHOD_NOT_ALLOWED, text);
    let mut answer = answer::answer(request, Err(wrong));
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

async fn unknown(request: HttpRequest) -> HttpResponse {
    let text = (
        "Il n’y a rien à cette adresse. Chaque adresse finit par .json ou .xml.",
        "There is nothing here. Each address ends in .json or .xml.",
    );
    answer::answer(&request, Err(answer::Wrong::unknown(text)))
}
