//! Beginning a draft.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::Holder as _;
use auth::permission::ManageRouting;
use domain::routing::Rule;
use domain::text::Title;
use serde::Deserialize;
use usecases::Context;
use usecases::once::Once;
use usecases::routing::{Draft, Write};
use utoipa::ToSchema;

use super::{DraftView, MAX_RULES};
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};

/// Begin a draft.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SaveDraft {
    /// How it is called; no other draft is called so.
    #[schema(value_type = String, min_length = 1, max_length = 120)]
    name: Title,
    /// The rules; a copy of those in force when left out.
    #[schema(min_items = 1, max_items = 2000, nullable = false)]
    rules: Option<Vec<Rule>>,
}
input!(SaveDraft, MAX_RULES);

/// Begin a draft of the rules
///
/// A copy of the rules in force, or other ones, to be written, checked and tried in peace. A draft must be well formed, as the
/// schema says: no hour 30, no empty keyword. Everything that depends on the city and on the other rules is told by the check
/// and refused when it is published, not before. 1 MiB of rules at most.
#[utoipa::path(
    operation_id = "routing_draft_save",
    tag = "routing",
    params(IdempotencyHeader),
    request_body(content = SaveDraft, example = json!({"name": "Nouvelle brigade"})),
    responses(
        (status = 201, description = "The draft", body = DraftView, headers(("ETag" = String, description = "The version"), ("Location" = String, description = "The draft"))),
        (status = 409, description = "`draft_name_taken`, `too_many_drafts`"),
        (status = 413, description = "The body is larger than 1 MiB"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/routing/drafts")]
pub(crate) async fn save(
    caller: Caller<ManageRouting>,
    cx: Data<Context>,
    key: Idempotency,
    body: Body<SaveDraft>,
) -> Result<HttpResponse, Problem> {
    let SaveDraft { name, rules } = body.value;
    let show = |draft: &Draft| {
        let location = Some(format!("/v1/routing/drafts/{}", draft.id));
        reply::kept(StatusCode::CREATED, Some(draft.version), location, &DraftView::from(draft))
    };
    let once = Once::new(key.claim(caller.grant.holder().id(), &body.digest), &show);
    let done = usecases::routing::save(&cx, &caller.grant, Write { name, rules }, once).await?;
    reply::send(done.into_answer(show), caller.language)
}
