//! Deleting a webhook.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use auth::permission::FollowEvents;
use usecases::Context;

use super::WebhookPath;
use crate::problem::Problem;
use crate::request::caller::Caller;
use crate::request::path::Id;

/// Delete a webhook
///
/// With its secrets and its deliveries. Nothing more is sent, but for what is under way.
#[utoipa::path(
    operation_id = "webhook_delete",
    tag = "webhooks",
    params(WebhookPath),
    responses((status = 204, description = "It is gone")),
    security(("bearer" = []))
)]
#[delete("/v1/webhooks/{webhook}")]
pub(crate) async fn remove(
    caller: Caller<FollowEvents>,
    cx: Data<Context>,
    path: Id<WebhookPath>,
) -> Result<HttpResponse, Problem> {
    usecases::webhook::remove(&cx, &caller.grant, path.webhook()).await?;
    Ok(HttpResponse::NoContent().finish())
}
