//! The REST API: routes, the bodies of requests and answers, problems, and the OpenAPI document that is inferred from
//! them.
//!
//! A handler parses, makes one call, and shows what came of it. Deliberately absent: decisions, and the database — this
//! crate cannot name `store`.

mod audit;
mod cafe;
mod city;
mod client;
mod concern;
mod docs;
mod event;
mod front;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod guard;
mod hotspot;
mod inbound;
mod me;
mod notification;
mod oauth;
mod open_data;
mod openapi;
mod outermost;
mod page;
mod partner;
mod password;
mod place;
pub mod problem;
mod problem_from;
mod reply;
mod request;
mod resident;
mod restitution;
mod retention;
mod routing;
mod saved_filter;
mod session;
mod sign_in;
mod spreadsheet;
mod statistics;
mod stream;
mod ticket;
mod tracking;
mod user;
mod view;
mod webhook;
mod wellknown;

use crate::openapi::Routes;
use actix_cors::Cors;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, IF_MATCH};
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::{self, Data, PayloadConfig};
use actix_web::{App, Error, HttpRequest, HttpResponse};
use usecases::Context;

pub use front::{Front, RateLimits};
pub use openapi::document;

/// Every documented route, tried one after the other: those first which are asked for most.
fn routes(config: &mut impl Routes) {
    ticket::routes(config);
    concern::routes(config);
    event::routes(config);
    session::routes(config);
    password::routes(config);
    me::routes(config);
    user::routes(config);
    client::routes(config);
    oauth::routes(config);
    audit::routes(config);
    cafe::routes(config);
    saved_filter::routes(config);
    statistics::routes(config);
    city::routes(config);
    place::routes(config);
    routing::routes(config);
    tracking::routes(config);
    partner::routes(config);
    restitution::routes(config);
    hotspot::routes(config);
    open_data::routes(config);
    webhook::routes(config);
    inbound::routes(config);
    resident::routes(config);
    retention::routes(config);
    notification::routes(config);
    wellknown::routes(config);
}

/// Scripts of these web origins may use the API, with tokens: there is no cookie to send along.
fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([AUTHORIZATION, CONTENT_TYPE, IF_MATCH, ACCEPT_LANGUAGE])
        .allowed_header("idempotency-key")
        .expose_headers([
            "etag",
            "link",
            "location",
            "ratelimit",
            "ratelimit-policy",
            "retry-after",
            "www-authenticate",
            "x-request-id",
        ])
        .max_age(3600);
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}

/// Another protocol, which is served beside the API and behind the same front: what is counted, limited and refused there
/// is told in its own words.
#[derive(Clone, Copy)]
pub struct Beside {
    /// Begins each of its paths.
    pub prefix: &'static str,
    /// Its routes.
    pub routes: fn(&mut web::ServiceConfig),
    /// How it tells an error that none of its handlers has told.
    pub refuse: fn(&HttpRequest, StatusCode, &str) -> HttpResponse,
}

/// The application: one for each worker thread, all with the same context.
pub fn app(
    context: Context,
    front: Data<Front>,
    beside: &'static [Beside],
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let cors = Condition::new(!front.origins().is_empty(), cors(front.origins()));
    App::new()
        .configure(routes)
        .app_data(Data::new(context))
        .app_data(front)
        .app_data(PayloadConfig::new(request::body::MAX_BODY))
        .app_data(password::form_config())
        .configure(password::pages)
        .configure(sign_in::pages)
        .configure(|config| beside.iter().for_each(|beside| (beside.routes)(config)))
        .configure(docs::routes)
        .default_service(web::to(outermost::no_such_route))
        .wrap(from_fn(guard::guard))
        .wrap(cors)
        .wrap(from_fn(move |request, next| outermost::outermost(request, next, beside)))
}
