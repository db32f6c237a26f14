//! Deleting a draft.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use auth::permission::ManageRouting;
use usecases::Context;

use super::DraftPath;
use crate::problem::Problem;
use crate::request::caller::Caller;
use crate::request::conditional::{IfMatch, IfMatchHeader};
use crate::request::path::Id;

/// Delete a draft of the rules
///
/// What is in force stays as it is.
#[utoipa::path(
    operation_id = "routing_draft_delete",
    tag = "routing",
    params(DraftPath, IfMatchHeader),
    responses((status = 204, description = "It is gone")),
    security(("bearer" = []))
)]
#[delete("/v1/routing/drafts/{draft}")]
pub(crate) async fn remove(
    caller: Caller<ManageRouting>,
    cx: Data<Context>,
    path: Id<DraftPath>,
    IfMatch(seen): IfMatch,
) -> Result<HttpResponse, Problem> {
    usecases::routing::remove(&cx, &caller.grant, path.draft(), &seen).await?;
    Ok(HttpResponse::NoContent().finish())
}
