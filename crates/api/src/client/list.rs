//! Listing programs.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadClients;
use serde::Serialize;
use usecases::Context;
use utoipa::{IntoParams, ToSchema};

use super::ClientView;
use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::query::Query;

/// Which page of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
pub(crate) struct ListClients {
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of programs.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClientPage {
    /// The programs, in the order of their names.
    items: Vec<ClientView>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List programs
///
/// In the order of their names. For administrators.
#[utoipa::path(
    operation_id = "client_list",
    tag = "clients",
    params(ListClients),
    responses((status = 200, description = "A page of programs", body = ClientPage, headers(("Link" = String, description = "The next page, rel=\"next\"")))),
    security(("bearer" = []))
)]
#[get("/v1/clients")]
pub(crate) async fn list(
    caller: Caller<ReadClients>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let (limit, after) = query.page();
    query.finish()?;
    let page = usecases::client::list(&cx, &caller.grant, after, limit).await?;
    Ok(reply::page(&request, caller.language, page.items.iter().map(ClientView::from).collect(), page.next.as_ref()))
}
