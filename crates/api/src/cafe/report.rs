//! Writing the report of a café.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::Holder as _;
use auth::permission::HoldCafes;
use domain::cafe::report::{Conversations, Weather};
use domain::id::{CafeId, UserId};
use domain::text::Remarks;
use serde::Deserialize;
use usecases::Context;
use usecases::cafe::{WriteReport, Written};
use usecases::once::Once;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{CafePath, ConversationsView, WrittenCafe};
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::conditional::{IfMatch, IfMatchHeader};
use crate::request::idempotency::{Idempotency, IdempotencyHeader};
use crate::request::path::Id;

/// Write the report of a café, whole.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportCafe {
    /// How many people came.
    #[schema(minimum = 0, maximum = 10000)]
    headcount: u32,
    /// The conversations that led to no concern, by theme: each theme once.
    #[serde(default)]
    #[schema(max_items = 200)]
    conversations: Vec<ConversationsView>,
    /// The ids of the officers who were there: people with the role `agent` or `dispatcher`.
    #[serde(default)]
    #[schema(max_items = 100)]
    officers: BTreeSet<Uuid>,
    weather: Option<Weather>,
    /// What else is to be said, without names or anything that points to a person.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    remarks: Option<Remarks>,
    /// You have read the warnings about the remarks: keep them as they are. Otherwise the passages are masked.
    #[serde(default)]
    confirm_text: bool,
}
input!(ReportCafe);

/// Write the report of a café
///
/// Replaces an earlier one whole: that is how a report is corrected. For police agents and dispatchers, once the café is
/// `held`.
#[utoipa::path(
    operation_id = "cafe_report",
    tag = "cafes",
    params(CafePath, IfMatchHeader, IdempotencyHeader),
    request_body(content = ReportCafe, example = json!({
        "headcount": 34,
        "conversations": [{"category": "traffic_parking", "count": 6}, {"category": "pm_careers", "count": 2}],
        "officers": [],
        "weather": "cloudy",
        "remarks": "Marché très fréquenté ; prévoir une seconde table."
    })),
    responses(
        (status = 200, description = "The café, reported", body = WrittenCafe, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "It was not held: `cafe_not_held`"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/cafes/{cafe}/report")]
pub(crate) async fn report(
    caller: Caller<HoldCafes>,
    cx: Data<Context>,
    id: Id<CafePath>,
    IfMatch(seen): IfMatch,
    key: Idempotency,
    body: Body<ReportCafe>,
) -> Result<HttpResponse, Problem> {
    let Caller { grant, language } = caller;
    let show = |written: &Written| {
        let view = WrittenCafe::new(written, "remarks", language);
        reply::kept(StatusCode::OK, Some(written.cafe.version), None, &view)
    };
    let claim = key.claim(grant.holder().id(), &body.digest);
    let once = Once::new(claim, &show);
    let done = usecases::cafe::report(&cx, &grant, CafeId(id.value), &seen, body.value.into(), once).await?;
    reply::send(done.into_answer(show), language)
}

impl From<ReportCafe> for WriteReport {
    fn from(body: ReportCafe) -> Self {
        let conversations =
            |ConversationsView { category, count }: ConversationsView| Conversations { category, count };
        Self {
            headcount: body.headcount,
            conversations: body.conversations.into_iter().map(conversations).collect(),
            officers: body.officers.into_iter().map(UserId).collect(),
            weather: body.weather,
            remarks: body.remarks,
            confirm_text: body.confirm_text,
        }
    }
}
