//! The services.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use auth::permission::ReadCity;
use domain::city::organisation::ServiceKind;
use serde::Serialize;
use usecases::Context;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;

/// Who receives tickets.
#[derive(Serialize, ToSchema)]
#[schema(as = Service)]
pub(crate) struct ServiceView {
    /// Its code, by which it is named everywhere.
    #[schema(examples("proprete"))]
    code: String,
    /// What people call it.
    name: String,
    kind: ServiceKind,
    /// The organisation that it belongs to, by code.
    organisation: String,
}

/// The services, in the city's order.
#[derive(Serialize, ToSchema)]
pub(crate) struct Services {
    /// The services.
    items: Vec<ServiceView>,
    /// Null: this list is whole.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Read the services
///
/// Who receives tickets, in the city's order.
#[utoipa::path(
    operation_id = "service_list",
    tag = "city",
    responses((status = 200, description = "The services", body = Services)),
    security(("bearer" = []))
)]
#[get("/v1/services")]
pub(crate) async fn services(caller: Caller<ReadCity>, cx: Data<Context>) -> Result<HttpResponse, Problem> {
    let loaded = cx.city()?;
    let view = |service: &domain::city::organisation::Service| ServiceView {
        code: service.code.to_string(),
        name: service.name.in_language(caller.language).to_owned(),
        kind: service.kind,
        organisation: service.organisation.to_string(),
    };
    let items = loaded.city.services.iter().map(view).collect();
    Ok(reply::read(None, caller.language, &Services { items, next_cursor: None }))
}
