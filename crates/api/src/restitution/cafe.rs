//! The sheet of a café.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use auth::Holder as _;
use auth::permission::PublishSheets;
use domain::id::CafeId;
use usecases::Context;
use usecases::once::Once;
use usecases::restitution::{Of, Published};

use super::view::{PublishedView, SheetView};
use super::{send, url, wants_page};
use crate::cafe::CafePath;
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, Nothing};
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};
use crate::request::path::Id;

/// Draw up the sheet of a café
///
/// « Vous avez dit, nous avons fait »: what residents said at the café, by theme, and what became of it until now. Without
/// anything that tells of a person, so that it can hang on a wall; `publish` gives it a link. With `Accept: text/html` as a
/// page that prints on A4. For police agents and dispatchers.
///
/// Restricted concerns have no lines, and are counted only where five or more of them stand together; complaints about
/// officers, emergencies and crimes are not on it. A concern is counted by one published sheet at most: what another one
/// counts has lines here, but is left out of the numbers (`counted_elsewhere`).
#[utoipa::path(
    operation_id = "cafe_sheet_read",
    tag = "sheets",
    params(CafePath),
    responses((status = 200, description = "The sheet, as it is now", content((SheetView = "application/json"), (String = "text/html")))),
    security(("bearer" = []))
)]
#[get("/v1/cafes/{cafe}/sheet")]
pub(crate) async fn read(
    caller: Caller<PublishSheets>,
    cx: Data<Context>,
    id: Id<CafePath>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let of = Of::Cafe(CafeId(id.value));
    let (sheet, published) = usecases::restitution::read(&cx, &caller.grant, &of).await?;
    let link = published.as_ref().map(|published| (published, url(&cx, &published.token)));
    send(wants_page(&request), &sheet, link, &cx.city()?.city, caller.language)
}

/// Publish the sheet of a café
///
/// As it is now: its link shows that, until it is published anew or withdrawn. The link stays the same, unless the sheet
/// was withdrawn in between. For police agents and dispatchers.
#[utoipa::path(
    operation_id = "cafe_sheet_publish",
    tag = "sheets",
    params(CafePath, IdempotencyHeader),
    request_body(content = Nothing, example = json!({})),
    responses((status = 201, description = "Published", body = PublishedView, headers(("Location" = String, description = "The link")))),
    security(("bearer" = []))
)]
#[post("/v1/cafes/{cafe}/sheet/publish")]
pub(crate) async fn publish(
    caller: Caller<PublishSheets>,
    cx: Data<Context>,
    id: Id<CafePath>,
    key: Idempotency,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let show = |published: &Published| {
        let url = url(&cx, &published.token);
        reply::kept(StatusCode::CREATED, None, Some(url.clone()), &PublishedView::new(published, url))
    };
    let claim = key.claim(caller.grant.holder().id(), &body.digest);
    let of = Of::Cafe(CafeId(id.value));
    let done = usecases::restitution::publish(&cx, &caller.grant, &of, Once::new(claim, &show)).await?;
    reply::send(done.into_answer(show), caller.language)
}

/// Withdraw the sheet of a café
///
/// Its link leads nowhere from then on, also when it is published again: then it has another one. For police agents and
/// dispatchers.
#[utoipa::path(
    operation_id = "cafe_sheet_withdraw",
    tag = "sheets",
    params(CafePath),
    request_body(content = Nothing, example = json!({})),
    responses((status = 204, description = "Withdrawn, now or before")),
    security(("bearer" = []))
)]
#[post("/v1/cafes/{cafe}/sheet/withdraw")]
pub(crate) async fn withdraw(
    caller: Caller<PublishSheets>,
    cx: Data<Context>,
    id: Id<CafePath>,
    _body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    usecases::restitution::withdraw(&cx, &caller.grant, &Of::Cafe(CafeId(id.value))).await?;
    Ok(HttpResponse::NoContent().finish())
}
