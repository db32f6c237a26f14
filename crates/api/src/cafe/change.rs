//! Changing a café.

use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use auth::permission::HoldCafes;
use chrono::{DateTime, Utc};
use domain::id::CafeId;
use domain::text::Title;
use serde::Deserialize;
use usecases::Context;
use usecases::cafe::Change;
use utoipa::ToSchema;

use super::{CafePath, WrittenCafe};
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::conditional::{IfMatch, IfMatchHeader};
use crate::request::path::Id;
use crate::view::PlaceView;

/// Change a café: what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeCafe {
    /// What the poster says.
    #[schema(value_type = String, required = false, min_length = 1, max_length = 120)]
    title: Option<Title>,
    /// You have read the warnings about the title: keep it as it is. Otherwise the passages are masked.
    #[serde(default)]
    confirm_text: bool,
    /// Where; inside the city.
    #[schema(nullable = false)]
    place: Option<PlaceView>,
    /// When it begins.
    #[schema(nullable = false)]
    starts_at: Option<DateTime<Utc>>,
    /// When it ends, after it begins.
    #[schema(nullable = false)]
    ends_at: Option<DateTime<Utc>>,
}
input!(ChangeCafe);

/// Change a café
///
/// If it was announced, the public calendar follows. For police agents and dispatchers, while it is `planned`.
#[utoipa::path(
    operation_id = "cafe_change",
    tag = "cafes",
    params(CafePath, IfMatchHeader),
    request_body(content = ChangeCafe, example = json!({"starts_at": "2026-12-03T09:30:00Z", "ends_at": "2026-12-03T12:00:00Z"})),
    responses(
        (status = 200, description = "The café, changed", body = WrittenCafe, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "It was held, reported or cancelled before: `cafe_not_planned`"),
    ),
    security(("bearer" = []))
)]
#[patch("/v1/cafes/{cafe}")]
pub(crate) async fn change(
    caller: Caller<HoldCafes>,
    cx: Data<Context>,
    id: Id<CafePath>,
    IfMatch(seen): IfMatch,
    body: Body<ChangeCafe>,
) -> Result<HttpResponse, Problem> {
    let ChangeCafe { title, confirm_text, place, starts_at, ends_at } = body.value;
    let cmd = Change { title, confirm_text, place: place.map(Into::into), starts_at, ends_at };
    let written = usecases::cafe::change(&cx, &caller.grant, CafeId(id.value), &seen, cmd).await?;
    let view = WrittenCafe::new(&written, "title", caller.language);
    Ok(reply::read(Some(written.cafe.version), caller.language, &view))
}
