//! Deleting a kept filter.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use auth::permission::SaveFilters;
use usecases::Context;

use super::FilterPath;
use crate::problem::Problem;
use crate::request::caller::Caller;
use crate::request::path::Id;

/// Delete a filter
///
/// One's own, or, for its managers, one of a service.
#[utoipa::path(
    operation_id = "filter_delete",
    tag = "filters",
    params(FilterPath),
    responses((status = 204, description = "It is gone")),
    security(("bearer" = []))
)]
#[delete("/v1/filters/{filter}")]
pub(crate) async fn remove(
    caller: Caller<SaveFilters>,
    cx: Data<Context>,
    path: Id<FilterPath>,
) -> Result<HttpResponse, Problem> {
    usecases::saved_filter::remove(&cx, &caller.grant, path.filter()).await?;
    Ok(HttpResponse::NoContent().finish())
}
