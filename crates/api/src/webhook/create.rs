//! Making a webhook.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::Holder as _;
use auth::permission::FollowEvents;
use domain::feed::{EventType, Filter};
use domain::id::{CategoryCode, ServiceCode};
use serde::{Deserialize, Serialize};
use usecases::Context;
use usecases::once::Once;
use usecases::webhook::Created;
use utoipa::ToSchema;

use super::{WebhookView, areas, filter, url};
use crate::city::ZonedArea;
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};

/// Have events sent somewhere. Each list means any of its values, and everything when it is empty or left out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateWebhook {
    /// Where to: https, at a public address.
    #[schema(format = "uri", max_length = 2000)]
    url: String,
    /// Events of these types.
    #[serde(default)]
    #[schema(max_items = 100)]
    types: Vec<EventType>,
    /// Of tickets that one of these services had, by its code.
    #[serde(default)]
    #[schema(max_items = 100)]
    services: Vec<ServiceCode>,
    /// Of tickets of these categories, by their codes.
    #[serde(default)]
    #[schema(max_items = 100)]
    categories: Vec<CategoryCode>,
    /// In one of these areas, each as `zoning:area`.
    #[serde(default)]
    #[schema(value_type = Vec<ZonedArea>, max_items = 100)]
    areas: Vec<String>,
}
input!(CreateWebhook);

/// A new webhook.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewWebhook {
    #[serde(flatten)]
    webhook: WebhookView,
    /// What signs, as libraries of Standard Webhooks take it. It is shown this once only: absent in the answer to a repeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        pattern = "^whsec_[A-Za-z0-9+/]{43}=$",
        examples("whsec_cGFzIGRlIHNlY3JldCBpY2ksIHVuIGV4ZW1wbGUuLi4=")
    )]
    secret: Option<String>,
}

/// Create a webhook
///
/// From now on, the program's events are sent there by POST, in their order, signed as Standard Webhooks has it
/// (`webhook-id`, `webhook-timestamp`, `webhook-signature`), each as a `CloudEvent`: see `webhooks` in this document. The
/// secret is shown in this answer only: a repeat with the same `Idempotency-Key` gets the answer without it.
#[utoipa::path(
    operation_id = "webhook_create",
    tag = "webhooks",
    params(IdempotencyHeader),
    request_body(content = CreateWebhook, example = json!({
        "url": "https://hooks.ville.example/continuum",
        "types": ["ticket.submitted", "ticket.resolved"],
        "services": ["proprete"]
    })),
    responses(
        (status = 201, description = "The webhook, with its secret", body = NewWebhook, headers(("ETag" = String, description = "The version"), ("Location" = String, description = "The webhook"))),
        (status = 409, description = "`too_many_webhooks`"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/webhooks")]
pub(crate) async fn create(
    caller: Caller<FollowEvents>,
    cx: Data<Context>,
    key: Idempotency,
    body: Body<CreateWebhook>,
) -> Result<HttpResponse, Problem> {
    let CreateWebhook { url: to, types, services, categories, areas: within } = body.value;
    let filter = filter(Filter { types, services, categories, areas: areas(&within)? });
    let answer = |created: &Created, secret: Option<String>| {
        let one = &created.webhook;
        let location = Some(format!("/v1/webhooks/{}", one.id));
        let view = NewWebhook { webhook: one.into(), secret };
        reply::kept(StatusCode::CREATED, Some(one.version), location, &view)
    };
    // What is kept for repeats holds no secret.
    let keep = |created: &Created| answer(created, None);
    let once = Once::new(key.claim(caller.grant.holder().id(), &body.digest), &keep);
    let done = usecases::webhook::create(&cx, &caller.grant, url(&to)?, filter, once).await?;
    let show = |created: &Created| answer(created, Some(created.secret.clone()));
    reply::send(done.into_answer(show), caller.language)
}
