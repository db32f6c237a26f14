//! Seeing whether a webhook works.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::Holder as _;
use auth::permission::FollowEvents;
use serde::Serialize;
use usecases::Context;
use usecases::once::Once;
use utoipa::ToSchema;
use uuid::Uuid;

use super::WebhookPath;
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, Nothing};
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};
use crate::request::path::Id;

/// A ping that will be sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookPinged {
    /// The id of its event, by which it is found among the deliveries.
    event_id: Uuid,
}

/// Ping a webhook
///
/// Sends an event of the type `webhook.ping`, once, also to a webhook that is not active. What became of it stands among
/// the deliveries. While one is to be sent, asking for another changes nothing.
#[utoipa::path(
    operation_id = "webhook_ping",
    tag = "webhooks",
    params(WebhookPath, IdempotencyHeader),
    request_body(content = Nothing, example = json!({})),
    responses((status = 202, description = "It will be sent", body = WebhookPinged)),
    security(("bearer" = []))
)]
#[post("/v1/webhooks/{webhook}/ping")]
pub(crate) async fn ping(
    caller: Caller<FollowEvents>,
    cx: Data<Context>,
    path: Id<WebhookPath>,
    key: Idempotency,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let show = |id: &Uuid| reply::kept(StatusCode::ACCEPTED, None, None, &WebhookPinged { event_id: *id });
    let once = Once::new(key.claim(caller.grant.holder().id(), &body.digest), &show);
    let done = usecases::webhook::ping(&cx, &caller.grant, path.webhook(), once).await?;
    reply::send(done.into_answer(show), caller.language)
}
