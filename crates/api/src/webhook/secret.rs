//! A webhook's secrets.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::FollowEvents;
use usecases::Context;

use super::{WebhookPath, WebhookSecret};
use crate::problem::Problem;
use crate::request::body::{Body, Nothing};
use crate::request::caller::Caller;
use crate::request::path::Id;

/// Rotate a webhook's secret
///
/// For 24 hours, what is sent is signed with the former secret too: put the new one in place meanwhile. Ask anew if the
/// answer was lost: five secrets may sign at a time.
#[utoipa::path(
    operation_id = "webhook_rotate_secret",
    tag = "webhooks",
    params(WebhookPath),
    request_body(content = Nothing, example = json!({})),
    responses(
        (status = 201, description = "The new secret, shown this once", body = WebhookSecret),
        (status = 409, description = "`too_many_webhook_secrets`"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/webhooks/{webhook}/secret")]
pub(crate) async fn rotate(
    caller: Caller<FollowEvents>,
    cx: Data<Context>,
    path: Id<WebhookPath>,
    _body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let secret = usecases::webhook::rotate(&cx, &caller.grant, path.webhook()).await?;
    Ok(HttpResponse::Created().insert_header((CACHE_CONTROL, "no-store")).json(WebhookSecret { secret }))
}
