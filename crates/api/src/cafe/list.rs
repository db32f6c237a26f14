//! Listing cafés.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadCafes;
use domain::cafe::State;
use serde::Serialize;
use usecases::Context;
use usecases::cafe::Filter;
use utoipa::{IntoParams, ToSchema};

use super::CafeView;
use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::query::{Query, one_of};

/// What a list of cafés can be narrowed by. A parameter that is repeated means any of its values.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
pub(crate) struct ListCafes {
    /// In one of these states.
    #[param(explode = true)]
    status: Option<Vec<State>>,
    /// In one of these areas, each as `zoning:area`.
    #[param(explode = true, example = json!(["secteurs:nord"]))]
    area: Option<Vec<String>>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of cafés.
#[derive(Serialize, ToSchema)]
pub(crate) struct CafePage {
    /// The cafés, the latest first.
    items: Vec<CafeView>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List cafés
///
/// The latest first. For police agents, members of services and dispatchers.
#[utoipa::path(
    operation_id = "cafe_list",
    tag = "cafes",
    params(ListCafes),
    responses((status = 200, description = "A page of cafés", body = CafePage, headers(("Link" = String, description = "The next page, rel=\"next\"")))),
    security(("bearer" = []))
)]
#[get("/v1/cafes")]
pub(crate) async fn list(
    caller: Caller<ReadCafes>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let filter = Filter {
        states: query.each("status", one_of(State::ALL.map(State::code)).as_str(), State::from_code),
        areas: query.each("area", "zoning:area", crate::city::area),
        ..Filter::default()
    };
    let (limit, after) = query.page();
    query.finish()?;
    let page = usecases::cafe::list(&cx, &caller.grant, &filter, after, limit).await?;
    let items = page.items.iter().map(|cafe| CafeView::new(cafe, caller.grant.caller())).collect();
    Ok(reply::page(&request, caller.language, items, page.next.as_ref()))
}
