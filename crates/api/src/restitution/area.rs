//! The sheet of an area and a time.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use auth::Holder as _;
use auth::permission::PublishSheets;
use chrono::NaiveDate;
use serde::Deserialize;
use usecases::Context;
use usecases::once::Once;
use usecases::restitution::{Of, Published};
use utoipa::{IntoParams, ToSchema};

use super::view::{PublishedView, SheetView};
use super::{send, url, wants_page};
use crate::problem::{Code, FieldError, Problem};
use crate::problem_from::restitution::in_query;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::date::day;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};
use crate::request::query::Query;

/// Which sheet is meant.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
pub(crate) struct SheetQuery {
    /// The area, as `zoning:area`.
    #[param(example = "secteurs:nord")]
    area: String,
    /// The first day.
    #[param(example = "2026-10-01")]
    from: NaiveDate,
    /// The last day: the same one or later, 731 days in all at most.
    #[param(example = "2026-12-31")]
    to: NaiveDate,
}

/// Which sheet is meant.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AreaSheet {
    /// The area, as `zoning:area`.
    #[schema(pattern = "^[a-z][a-z0-9_-]{0,59}:[a-z][a-z0-9_-]{0,59}$", max_length = 121, examples("secteurs:nord"))]
    area: String,
    /// The first day.
    from: NaiveDate,
    /// The last day: the same one or later, 731 days in all at most.
    to: NaiveDate,
}
input!(AreaSheet);

impl TryFrom<AreaSheet> for Of {
    type Error = Problem;

    fn try_from(sheet: AreaSheet) -> Result<Self, Problem> {
        let (zoning, area) = crate::city::area(&sheet.area).ok_or_else(|| {
            let texts = ("Attendu : zoning:area.", "Expected: zoning:area.");
            Problem::new(Code::InvalidRequest).errors(vec![FieldError::in_body("/area", "bad_value", texts)])
        })?;
        Ok(Self::Area { zoning, area, from: sheet.from, to: sheet.to })
    }
}

/// Draw up the sheet of an area and a time
///
/// « Vous avez dit, nous avons fait »: what residents said in the area, at cafés and otherwise, in concerns that were filed
/// on these days, and what became of it until now. Else as the sheet of a café. For police agents and dispatchers.
#[utoipa::path(
    operation_id = "area_sheet_read",
    tag = "sheets",
    params(SheetQuery),
    responses((status = 200, description = "The sheet, as it is now", content((SheetView = "application/json"), (String = "text/html")))),
    security(("bearer" = []))
)]
#[get("/v1/sheets")]
pub(crate) async fn read(
    caller: Caller<PublishSheets>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let area = query.needed("area", "zoning:area", crate::city::area);
    let days = "2000-01-01…2099-12-31";
    let (from, to) = (query.needed("from", days, day), query.needed("to", days, day));
    let asked = area.zip(from.zip(to)).map(|((zoning, area), (from, to))| Of::Area { zoning, area, from, to });
    let of = query.finish_with(asked)?;
    let (sheet, published) = usecases::restitution::read(&cx, &caller.grant, &of).await.map_err(in_query)?;
    let link = published.as_ref().map(|published| (published, url(&cx, &published.token)));
    send(wants_page(&request), &sheet, link, &cx.city()?.city, caller.language)
}

/// Publish the sheet of an area and a time
///
/// As the sheet of a café is published. For police agents and dispatchers.
#[utoipa::path(
    operation_id = "area_sheet_publish",
    tag = "sheets",
    params(IdempotencyHeader),
    request_body(content = AreaSheet, example = json!({ "area": "secteurs:nord", "from": "2026-10-01", "to": "2026-12-31" })),
    responses((status = 201, description = "Published", body = PublishedView, headers(("Location" = String, description = "The link")))),
    security(("bearer" = []))
)]
#[post("/v1/sheets/publish")]
pub(crate) async fn publish(
    caller: Caller<PublishSheets>,
    cx: Data<Context>,
    key: Idempotency,
    body: Body<AreaSheet>,
) -> Result<HttpResponse, Problem> {
    let show = |published: &Published| {
        let url = url(&cx, &published.token);
        reply::kept(StatusCode::CREATED, None, Some(url.clone()), &PublishedView::new(published, url))
    };
    let claim = key.claim(caller.grant.holder().id(), &body.digest);
    let of = Of::try_from(body.value)?;
    let done = usecases::restitution::publish(&cx, &caller.grant, &of, Once::new(claim, &show)).await?;
    reply::send(done.into_answer(show), caller.language)
}

/// Withdraw the sheet of an area and a time
///
/// As the sheet of a café is withdrawn. For police agents and dispatchers.
#[utoipa::path(
    operation_id = "area_sheet_withdraw",
    tag = "sheets",
    request_body(content = AreaSheet, example = json!({ "area": "secteurs:nord", "from": "2026-10-01", "to": "2026-12-31" })),
    responses(
        (status = 204, description = "Withdrawn, now or before"),
        (status = 404, description = "It was never published"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/sheets/withdraw")]
pub(crate) async fn withdraw(
    caller: Caller<PublishSheets>,
    cx: Data<Context>,
    body: Body<AreaSheet>,
) -> Result<HttpResponse, Problem> {
    usecases::restitution::withdraw(&cx, &caller.grant, &Of::try_from(body.value)?).await?;
    Ok(HttpResponse::NoContent().finish())
}
