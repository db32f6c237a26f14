//! Announcing a café.

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

/// Announce a café
///
/// From now on it stands in the public calendar, and so does each change of it. For police agents and dispatchers, while it
/// is `planned`.
#[utoipa::path(
    operation_id = "cafe_announce",
    tag = "cafes",
    params(CafePath, IdempotencyHeader),
    request_body(content = Nothing, example = json!({})),
    responses(
        (status = 200, description = "The café, announced", body = CafeView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`cafe_not_planned`, `cafe_announced`"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/cafes/{cafe}/announce")]
pub(crate) async fn announce(
    caller: Caller<HoldCafes>,
    cx: Data<Context>,
    id: Id<CafePath>,
    key: Idempotency,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let show = |cafe: &Cafe| reply::kept(StatusCode::OK, Some(cafe.version), None, &CafeView::whole(cafe));
    let claim = key.claim(caller.grant.holder().id(), &body.digest);
    let done = usecases::cafe::announce(&cx, &caller.grant, CafeId(id.value), Once::new(claim, &show)).await?;
    reply::send(done.into_answer(show), caller.language)
}
