//! The log of what was sent to a webhook.

use std::fmt::Write as _;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::FollowEvents;
use chrono::{DateTime, Utc};
use domain::feed::sequence;
use serde::Serialize;
use usecases::Context;
use usecases::webhook::Delivery;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::WebhookPath;
use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::path::Id;
use crate::request::query::Query;

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
    /// The SHA-256 of the body, in hexadecimal. `GET /v1/events` tells the event again.
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
    /// The first 1,000 bytes of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    answer: Option<String>,
}

impl From<&Delivery> for WebhookDelivery {
    fn from(one: &Delivery) -> Self {
        let hex = one.request_sha256.iter().fold(String::new(), |mut hex, byte| {
            write!(hex, "{byte:02x}").expect("a text can be written to");
            hex
        });
        Self {
            at: one.at,
            duration_ms: one.duration_ms,
            url: one.url.clone(),
            event_id: one.event_id,
            event_type: one.r#type.clone(),
            sequence: one.position.map(sequence),
            attempt: one.attempt,
            request_bytes: one.request_bytes,
            request_sha256: hex,
            status: one.status,
            error: one.error.clone(),
            answer: one.answer.clone(),
        }
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
