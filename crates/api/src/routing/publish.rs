//! Publishing a draft.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::Holder as _;
use auth::permission::ManageRouting;
use domain::text::Reason;
use serde::Deserialize;
use usecases::Context;
use usecases::once::Once;
use usecases::routing::Edition;
use utoipa::ToSchema;

use super::{DraftPath, EditionView};
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::conditional::{IfMatch, IfMatchHeader};
use crate::request::idempotency::{Idempotency, IdempotencyHeader};
use crate::request::path::Id;

/// Put rules in force.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishRules {
    /// Why: whoever looks at the versions reads it.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    pub(super) reason: Reason,
}
input!(PublishRules);

/// How a published version is answered.
pub(super) fn show(edition: &Edition) -> usecases::Answer {
    let location = Some(format!("/v1/routing/versions/{}", edition.version));
    reply::kept(StatusCode::CREATED, None, location, &EditionView::from(edition))
}

/// Publish a draft of the rules
///
/// Checked once more, then in force at once on all instances, for concerns that are filed from then on; the draft is gone.
/// Refused as a whole for any fault (`errors` points into the draft), and when another version was published since the
/// draft was begun: look at that one, and say so with `based_on`.
#[utoipa::path(
    operation_id = "routing_draft_publish",
    tag = "routing",
    params(DraftPath, IfMatchHeader, IdempotencyHeader),
    request_body(content = PublishRules, example = json!({"reason": "La brigade verte reprend les dépôts sauvages du nord."})),
    responses(
        (status = 201, description = "The new version", body = EditionView, headers(("Location" = String, description = "The version"))),
        (status = 409, description = "`draft_outdated`, `rules_in_force`"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/routing/drafts/{draft}/publish")]
pub(crate) async fn publish(
    caller: Caller<ManageRouting>,
    cx: Data<Context>,
    path: Id<DraftPath>,
    IfMatch(seen): IfMatch,
    key: Idempotency,
    body: Body<PublishRules>,
) -> Result<HttpResponse, Problem> {
    let once = Once::new(key.claim(caller.grant.holder().id(), &body.digest), &show);
    let reason = body.value.reason;
    let done = usecases::routing::publish(&cx, &caller.grant, path.draft(), &seen, reason, once).await?;
    reply::send(done.into_answer(show), caller.language)
}
