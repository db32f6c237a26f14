//! Changing a draft.

use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use auth::permission::ManageRouting;
use domain::routing::Rule;
use domain::text::Title;
use serde::Deserialize;
use usecases::Context;
use usecases::routing::Change;
use utoipa::ToSchema;

use super::{DraftPath, DraftView, MAX_RULES};
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::conditional::{IfMatch, IfMatchHeader};
use crate::request::path::Id;

/// Change a draft: what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeDraft {
    /// How it is called.
    #[schema(value_type = String, nullable = false, required = false, min_length = 1, max_length = 120)]
    name: Option<Title>,
    /// The rules, all of them.
    #[schema(min_items = 1, max_items = 2000, nullable = false)]
    rules: Option<Vec<Rule>>,
    /// The published version that it is meant to follow, once you have looked at that one.
    #[schema(minimum = 1, nullable = false)]
    based_on: Option<i32>,
}
input!(ChangeDraft, MAX_RULES);

/// Change a draft of the rules
///
/// Its name, its rules as a whole, or the version that it follows.
#[utoipa::path(
    operation_id = "routing_draft_change",
    tag = "routing",
    params(DraftPath, IfMatchHeader),
    request_body(content = ChangeDraft, example = json!({"name": "Nouvelle brigade", "rules": [
        {"code": "bruit", "name": {"fr": "Bruit", "en": "Noise"}, "when": {"type": "category", "any_of": ["neighbour_noise", "venue_noise"]}, "send_to": ["police-municipale"], "priority": "high"},
        {"code": "tout-le-reste", "name": {"fr": "Tout le reste", "en": "Everything else"}, "when": {"type": "always"}, "send_to": ["regulation"]}
    ]})),
    responses(
        (status = 200, description = "The draft, changed", body = DraftView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`draft_name_taken`"),
        (status = 413, description = "The body is larger than 1 MiB"),
    ),
    security(("bearer" = []))
)]
#[patch("/v1/routing/drafts/{draft}")]
pub(crate) async fn change(
    caller: Caller<ManageRouting>,
    cx: Data<Context>,
    path: Id<DraftPath>,
    IfMatch(seen): IfMatch,
    body: Body<ChangeDraft>,
) -> Result<HttpResponse, Problem> {
    let ChangeDraft { name, rules, based_on } = body.value;
    let change = Change { name, rules, based_on };
    let draft = usecases::routing::change(&cx, &caller.grant, path.draft(), &seen, change).await?;
    Ok(reply::read(Some(draft.version), caller.language, &DraftView::from(&draft)))
}
