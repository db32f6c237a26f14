//! Calling a café off.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::Holder as _;
use auth::permission::HoldCafes;
use domain::id::CafeId;
use domain::text::Reason;
use serde::Deserialize;
use usecases::Context;
use usecases::cafe::Written;
use usecases::once::Once;
use utoipa::ToSchema;

use super::{CafePath, WrittenCafe};
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};
use crate::request::path::Id;

/// Call a café off.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelCafe {
    /// Why: for colleagues and services; the public calendar does not show it.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    reason: Reason,
    /// You have read the warnings about the reason: keep it as it is. Otherwise the passages are masked.
    #[serde(default)]
    confirm_text: bool,
}
input!(CancelCafe);

/// Call a café off
///
/// If it was announced, the public calendar says that it is called off. For police agents and dispatchers, while it is
/// `planned`.
#[utoipa::path(
    operation_id = "cafe_cancel",
    tag = "cafes",
    params(CafePath, IdempotencyHeader),
    request_body(content = CancelCafe, example = json!({"reason": "Alerte orange : vents violents"})),
    responses(
        (status = 200, description = "The café, called off", body = WrittenCafe, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "It was held, reported or cancelled before: `cafe_not_planned`"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/cafes/{cafe}/cancel")]
pub(crate) async fn cancel(
    caller: Caller<HoldCafes>,
    cx: Data<Context>,
    id: Id<CafePath>,
    key: Idempotency,
    body: Body<CancelCafe>,
) -> Result<HttpResponse, Problem> {
    let CancelCafe { reason, confirm_text } = body.value;
    let show = |written: &Written| {
        let view = WrittenCafe::new(written, "reason", caller.language);
        reply::kept(StatusCode::OK, Some(written.cafe.version), None, &view)
    };
    let (id, reason) = (CafeId(id.value), (reason, confirm_text));
    let claim = key.claim(caller.grant.holder().id(), &body.digest);
    let done = usecases::cafe::cancel(&cx, &caller.grant, id, reason, Once::new(claim, &show)).await?;
    reply::send(done.into_answer(show), caller.language)
}
