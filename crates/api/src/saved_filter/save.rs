//! Keeping a filter.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::Holder as _;
use auth::permission::SaveFilters;
use domain::id::ServiceCode;
use domain::text::Title;
use serde::Deserialize;
use usecases::Context;
use usecases::once::Once;
use usecases::saved_filter::{Parameters, SavedFilter};
use utoipa::ToSchema;

use super::{FilterView, ListParameters, checked};
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};

/// Keep a filter.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SaveFilter {
    /// How it is called; whoever keeps it has no other of that name.
    #[schema(value_type = String, min_length = 1, max_length = 120)]
    name: Title,
    /// What it asks for.
    #[schema(value_type = ListParameters)]
    parameters: Parameters,
    /// The service that it is kept for, by code: for its managers. Left out, it is the caller's own.
    #[schema(nullable = false)]
    service: Option<ServiceCode>,
}
input!(SaveFilter);

/// Keep a filter
///
/// The parameters of a list of tickets, under a name: for oneself, or for a service that one manages. What the list shows
/// is decided when it is asked for. `me` stands for whoever asks. The words of `q` may name somebody: a list that has it is
/// forgotten when it was not saved again for as long as the city keeps what was said (`retention.texts`: a year).
#[utoipa::path(
    operation_id = "filter_save",
    tag = "filters",
    params(IdempotencyHeader),
    request_body(content = SaveFilter, example = json!({
        "name": "Urgentes, en retard",
        "parameters": {"priority": ["high", "urgent"], "late": ["true"], "sort": ["ack_due_at"]}
    })),
    responses(
        (status = 201, description = "The filter", body = FilterView, headers(("ETag" = String, description = "The version"), ("Location" = String, description = "The filter"))),
        (status = 409, description = "`filter_name_taken`, `too_many_filters`"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/filters")]
pub(crate) async fn save(
    caller: Caller<SaveFilters>,
    cx: Data<Context>,
    key: Idempotency,
    body: Body<SaveFilter>,
) -> Result<HttpResponse, Problem> {
    let SaveFilter { name, parameters, service } = body.value;
    let parameters = checked(parameters, &caller.grant, &*cx.city()?)?;
    let show = |filter: &SavedFilter| {
        let location = Some(format!("/v1/filters/{}", filter.id));
        reply::kept(StatusCode::CREATED, Some(filter.version), location, &FilterView::from(filter))
    };
    let once = Once::new(key.claim(caller.grant.holder().id(), &body.digest), &show);
    let done = usecases::saved_filter::save(&cx, &caller.grant, name, parameters, service, once).await?;
    reply::send(done.into_answer(show), caller.language)
}
