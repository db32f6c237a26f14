//! Reading a kept filter.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use auth::permission::SaveFilters;
use usecases::Context;

use super::{FilterPath, FilterView};
use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::caller::Caller;
use crate::request::path::Id;

/// Read a filter
///
/// One's own, or one of a service that one belongs to.
#[utoipa::path(
    operation_id = "filter_read",
    tag = "filters",
    params(FilterPath),
    responses((status = 200, description = "The filter", body = FilterView, headers(("ETag" = String, description = "The version")))),
    security(("bearer" = []))
)]
#[get("/v1/filters/{filter}")]
pub(crate) async fn read(
    caller: Caller<SaveFilters>,
    cx: Data<Context>,
    path: Id<FilterPath>,
) -> Result<HttpResponse, Problem> {
    let filter = usecases::saved_filter::read(&cx, &caller.grant, path.filter()).await?;
    let filter = filter.ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(reply::read(Some(filter.version), caller.language, &FilterView::from(&filter)))
}
