//! The log of what was sent to a webhook.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::FollowEvents;
use chrono::{DateTime, Utc};
use domain::feed::sequence;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use usecases::Context;
use usecases::webhook::{Delivery, Told};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::WebhookPath;
use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::path::{Id, id_path};
use crate::request::query::Query;
use crate::view::hexadecimal;

/// The delivery that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents the parameters that `Id` reads")]
pub(crate) struct DeliveryPath {
    /// The webhook's id.
    webhook: Uuid,
    /// The delivery's id.
    delivery: Uuid,
}
id_path!(DeliveryPath, "delivery");

/// How deliveries are paged.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
pub(crate) struct ListDeliveries {
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// An attempt to deliver an event.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookDelivery {
    /// Its id.
    id: Uuid,
    /// When it began.
    at: DateTime<Utc>,
    /// How long it took, milliseconds.
    duration_ms: i32,
    /// Where to.
    #[schema(format = "uri")]
    url: String,
    /// The event's id: the `webhook-id`.
    event_id: Uuid,
    /// The type of the event.
    #[schema(examples("ticket.submitted", "webhook.ping"))]
    event_type: String,
    /// The event's place in the feed. Absent for a ping.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[0-9]{20}$")]
    sequence: Option<String>,
    /// The how many-th in a row it was.
    #[schema(minimum = 1)]
    attempt: i32,
    /// How long the body was, bytes.
    request_bytes: i32,
    /// The SHA-256 of the body, in hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    request_sha256: String,
    /// The status that was answered: 2xx is success.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status: Option<i16>,
    /// Why nothing was answered: `refused` (not a public address), `unreachable`, `timeout` (15 seconds), `broken`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<String>,
    /// The first 1,000 bytes of the answer. Gone once what was said about the ticket is no longer kept: they may repeat
    /// it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    answer: Option<String>,
}

impl From<&Delivery> for WebhookDelivery {
    fn from(one: &Delivery) -> Self {
        Self {
            id: one.id,
            at: one.at,
            duration_ms: one.duration_ms,
            url: one.url.clone(),
            event_id: one.event_id,
            event_type: one.r#type.clone(),
            sequence: one.position.map(sequence),
            attempt: one.attempt,
            request_bytes: one.request_bytes,
            request_sha256: hexadecimal(&one.request_sha256),
            status: one.status,
            error: one.error.clone(),
            answer: one.answer.clone(),
        }
    }
}

/// An attempt to deliver an event, with what was sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookDeliveryWithRequest {
    #[serde(flatten)]
    delivery: WebhookDelivery,
    request: WebhookRequest,
}

/// What was sent to a webhook, by `POST`.
#[derive(Serialize, ToSchema)]
struct WebhookRequest {
    /// The headers that tell of the event, by name.
    #[schema(value_type = BTreeMap<String, String>)]
    headers: Value,
    /// The body, made once more from what is kept of the event. Absent when the event is no longer kept, or the program may no
    /// longer know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    body: Option<String>,
    /// Whether this body is the one that was sent, to the byte: its SHA-256 is `request_sha256`. False once something in
    /// it was erased, or somebody renamed.
    as_sent: bool,
}

impl From<Told> for WebhookDeliveryWithRequest {
    fn from(told: Told) -> Self {
        let Told { delivery, body } = told;
        let as_sent = body.as_ref().is_some_and(|body| Sha256::digest(body).as_slice() == delivery.request_sha256);
        let body = body.map(|body| String::from_utf8_lossy(&body).into_owned());
        let request = WebhookRequest { headers: delivery.request_headers.clone(), body, as_sent };
        Self { delivery: WebhookDelivery::from(&delivery), request }
    }
}

/// A page of deliveries.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookDeliveryPage {
    /// The attempts, the last one first.
    items: Vec<WebhookDelivery>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List a webhook's deliveries
///
/// Every attempt of the last 30 days, the last one first.
#[utoipa::path(
    operation_id = "webhook_deliveries",
    tag = "webhooks",
    params(WebhookPath, ListDeliveries),
    responses((status = 200, description = "A page of deliveries", body = WebhookDeliveryPage, headers(("Link" = String, description = "The next page, rel=\"next\"")))),
    security(("bearer" = []))
)]
#[get("/v1/webhooks/{webhook}/deliveries")]
pub(crate) async fn list(
    caller: Caller<FollowEvents>,
    cx: Data<Context>,
    path: Id<WebhookPath>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let (limit, before) = query.page();
    query.finish()?;
    let page = usecases::webhook::deliveries(&cx, &caller.grant, path.webhook(), before, limit).await?;
    let items = page.items.iter().map(WebhookDelivery::from).collect();
    Ok(reply::page(&request, caller.language, items, page.next.as_ref()))
}

/// Read a delivery with its request
///
/// The headers, and the body made once more from the event: what people wrote is kept in one place only. `as_sent` tells
/// whether it is the same to the byte; then `webhook-signature` of `headers` signs it.
#[utoipa::path(
    operation_id = "webhook_delivery",
    tag = "webhooks",
    params(DeliveryPath),
    responses((status = 200, description = "The delivery", body = WebhookDeliveryWithRequest)),
    security(("bearer" = []))
)]
#[get("/v1/webhooks/{webhook}/deliveries/{delivery}")]
pub(crate) async fn read(
    caller: Caller<FollowEvents>,
    cx: Data<Context>,
    webhook: Id<WebhookPath>,
    delivery: Id<DeliveryPath>,
) -> Result<HttpResponse, Problem> {
    let told = usecases::webhook::delivery(&cx, &caller.grant, webhook.webhook(), delivery.value).await?;
    Ok(reply::read(None, caller.language, &WebhookDeliveryWithRequest::from(told)))
}
