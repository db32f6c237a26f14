//! The REST API: routes, the bodies of requests and answers, problems, and the OpenAPI document that is inferred from
//! them.
//!
//! A handler parses, makes one call, and shows what came of it. Deliberately absent: decisions, and the database — this
//! crate cannot name `store`.

mod cafe;
mod city;
mod concern;
mod docs;
mod openapi;
mod outermost;
pub mod problem;
mod problem_from;
mod reply;
mod request;
mod session;
mod ticket;
mod tracking;
mod view;
mod wellknown;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, PayloadConfig};
use actix_web::{App, Error};
use usecases::Context;
use utoipa_actix_web::AppExt as _;
use utoipa_actix_web::service_config::ServiceConfig;

pub use openapi::document;

/// Every documented route.
fn routes(config: &mut ServiceConfig) {
    session::routes(config);
    cafe::routes(config);
    concern::routes(config);
    ticket::routes(config);
    city::routes(config);
    tracking::routes(config);
    wellknown::routes(config);
}

/// The application: one for each worker thread, all with the same context.
pub fn app(
    context: Context,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .into_utoipa_app()
        .configure(routes)
        .into_app()
        .app_data(Data::new(context))
        .app_data(PayloadConfig::new(request::body::MAX_BODY))
        .configure(docs::routes)
        .default_service(web::to(outermost::no_such_route))
        .wrap(from_fn(outermost::outermost))
}
