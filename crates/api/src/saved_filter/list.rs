//! Listing kept filters.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::SaveFilters;
use serde::Serialize;
use usecases::Context;
use utoipa::{IntoParams, ToSchema};

use super::FilterView;
use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::query::Query;

/// How filters are paged.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
pub(crate) struct ListFilters {
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of filters.
#[derive(Serialize, ToSchema)]
pub(crate) struct FilterPage {
    /// The filters, in the order of their names.
    items: Vec<FilterView>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List filters
///
/// The reader's own, and those of the services that they belong to, in the order of their names.
#[utoipa::path(
    operation_id = "filter_list",
    tag = "filters",
    params(ListFilters),
    responses((status = 200, description = "A page of filters", body = FilterPage, headers(("Link" = String, description = "The next page, rel=\"next\"")))),
    security(("bearer" = []))
)]
#[get("/v1/filters")]
pub(crate) async fn list(
    caller: Caller<SaveFilters>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let (limit, after) = query.page();
    query.finish()?;
    let page = usecases::saved_filter::list(&cx, &caller.grant, after, limit).await?;
    Ok(reply::page(&request, caller.language, page.items.iter().map(FilterView::from).collect(), page.next.as_ref()))
}
