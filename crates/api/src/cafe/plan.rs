//! Planning a café.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::Holder as _;
use auth::permission::HoldCafes;
use chrono::{DateTime, Utc};
use domain::text::Title;
use serde::Deserialize;
use usecases::Context;
use usecases::cafe::{Plan, Written};
use usecases::once::Once;
use utoipa::ToSchema;

use super::WrittenCafe;
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};
use crate::view::PlaceView;

/// Plan a café.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanCafe {
    /// What the poster says.
    #[schema(value_type = String, min_length = 1, max_length = 120)]
    title: Title,
    /// You have read the warnings about the title: keep it as it is. Otherwise the passages are masked.
    #[serde(default)]
    confirm_text: bool,
    /// Where; inside the city.
    place: PlaceView,
    /// When it begins.
    starts_at: DateTime<Utc>,
    /// When it ends, after it begins.
    ends_at: DateTime<Utc>,
}
input!(PlanCafe);

/// Plan a café
///
/// For police agents and dispatchers.
#[utoipa::path(
    operation_id = "cafe_plan",
    tag = "cafes",
    params(IdempotencyHeader),
    request_body(content = PlanCafe, example = json!({
        "title": "Café avec un policier, marché du Pigeonnier",
        "place": {"lat": 49.9121, "lon": 2.2972, "address": "Place du Pays d’Auge"},
        "starts_at": "2026-12-03T09:00:00Z",
        "ends_at": "2026-12-03T11:30:00Z"
    })),
    responses((status = 201, description = "The café, planned", body = WrittenCafe, headers(("ETag" = String, description = "The version"), ("Location" = String, description = "The café")))),
    security(("bearer" = []))
)]
#[post("/v1/cafes")]
pub(crate) async fn plan(
    caller: Caller<HoldCafes>,
    cx: Data<Context>,
    key: Idempotency,
    body: Body<PlanCafe>,
) -> Result<HttpResponse, Problem> {
    let PlanCafe { title, confirm_text, place, starts_at, ends_at } = body.value;
    let cmd = Plan { title, confirm_text, place: place.into(), starts_at, ends_at };
    let show = |written: &Written| {
        let location = Some(format!("/v1/cafes/{}", written.cafe.id));
        let view = WrittenCafe::new(written, "title", caller.language);
        reply::kept(StatusCode::CREATED, Some(written.cafe.version), location, &view)
    };
    let claim = key.claim(caller.grant.holder().id(), &body.digest);
    let done = usecases::cafe::plan(&cx, &caller.grant, cmd, Once::new(claim, &show)).await?;
    reply::send(done.into_answer(show), caller.language)
}
