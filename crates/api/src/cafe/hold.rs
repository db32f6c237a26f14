//! Saying that a café is held.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::Holder as _;
use auth::permission::HoldCafes;
use domain::cafe::Cafe;
use domain::id::CafeId;
use usecases::Context;
use usecases::once::Once;

use super::{CafePath, CafeView};
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, Nothing};
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};
use crate::request::path::Id;

/// Say that a café is held
///
/// For police agents and dispatchers, while it is `planned`.
#[utoipa::path(
    operation_id = "cafe_hold",
    tag = "cafes",
    params(CafePath, IdempotencyHeader),
    request_body(content = Nothing, example = json!({})),
    responses(
        (status = 200, description = "The café, held", body = CafeView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "It was held, reported or cancelled before: `cafe_not_planned`"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/cafes/{cafe}/hold")]
pub(crate) async fn hold(
    caller: Caller<HoldCafes>,
    cx: Data<Context>,
    id: Id<CafePath>,
    key: Idempotency,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let show = |cafe: &Cafe| reply::kept(StatusCode::OK, Some(cafe.version), None, &CafeView::whole(cafe));
    let claim = key.claim(caller.grant.holder().id(), &body.digest);
    let done = usecases::cafe::hold(&cx, &caller.grant, CafeId(id.value), Once::new(claim, &show)).await?;
    reply::send(done.into_answer(show), caller.language)
}
