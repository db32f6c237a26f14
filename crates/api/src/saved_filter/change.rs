//! Changing a kept filter.

use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use auth::permission::SaveFilters;
use domain::text::Title;
use serde::Deserialize;
use usecases::Context;
use usecases::saved_filter::Parameters;
use utoipa::ToSchema;

use super::{FilterPath, FilterView, ListParameters, checked};
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::conditional::{IfMatch, IfMatchHeader};
use crate::request::path::Id;

/// Change a filter: what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeFilter {
    /// How it is called.
    #[schema(value_type = String, nullable = false, required = false, min_length = 1, max_length = 120)]
    name: Option<Title>,
    /// What it asks for, all of it.
    #[schema(value_type = ListParameters, nullable = false, required = false)]
    parameters: Option<Parameters>,
}
input!(ChangeFilter);

/// Change a filter
///
/// One's own, or, for its managers, one of a service.
#[utoipa::path(
    operation_id = "filter_change",
    tag = "filters",
    params(FilterPath, IfMatchHeader),
    request_body(content = ChangeFilter, example = json!({"name": "En retard"})),
    responses(
        (status = 200, description = "The filter, changed", body = FilterView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`filter_name_taken`"),
    ),
    security(("bearer" = []))
)]
#[patch("/v1/filters/{filter}")]
pub(crate) async fn change(
    caller: Caller<SaveFilters>,
    cx: Data<Context>,
    path: Id<FilterPath>,
    IfMatch(seen): IfMatch,
    body: Body<ChangeFilter>,
) -> Result<HttpResponse, Problem> {
    let ChangeFilter { name, parameters } = body.value;
    let loaded = cx.city()?;
    let parameters = parameters.map(|parameters| checked(parameters, &caller.grant, &loaded)).transpose()?;
    let filter = usecases::saved_filter::change(&cx, &caller.grant, path.filter(), &seen, name, parameters).await?;
    Ok(reply::read(Some(filter.version), caller.language, &FilterView::from(&filter)))
}
