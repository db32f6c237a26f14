//! Reading a webhook.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use auth::permission::FollowEvents;
use usecases::Context;

use super::{WebhookPath, WebhookView};
use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::path::Id;

/// Read a webhook
///
/// With how far it has come, and whether it fails.
#[utoipa::path(
    operation_id = "webhook_read",
    tag = "webhooks",
    params(WebhookPath),
    responses((status = 200, description = "The webhook", body = WebhookView, headers(("ETag" = String, description = "The version")))),
    security(("bearer" = []))
)]
#[get("/v1/webhooks/{webhook}")]
pub(crate) async fn read(
    caller: Caller<FollowEvents>,
    cx: Data<Context>,
    path: Id<WebhookPath>,
) -> Result<HttpResponse, Problem> {
    let one = usecases::webhook::read(&cx, &caller.grant, path.webhook()).await?;
    Ok(reply::read(Some(one.version), caller.language, &WebhookView::from(&one)))
}
