//! Changing a webhook.

use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use auth::permission::FollowEvents;
use domain::feed::{EventType, Filter};
use domain::id::{CategoryCode, ServiceCode};
use serde::Deserialize;
use usecases::Context;
use usecases::webhook::{Change, Webhook};
use utoipa::ToSchema;

use super::{WebhookPath, WebhookView, areas, filter, url};
use crate::city::ZonedArea;
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::conditional::{IfMatch, IfMatchHeader};
use crate::request::path::Id;

/// Change a webhook: what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeWebhook {
    /// Where to: https, at a public address.
    #[schema(format = "uri", max_length = 2000, nullable = false)]
    url: Option<String>,
    /// Events of these types; all, when empty.
    #[schema(max_items = 100, nullable = false)]
    types: Option<Vec<EventType>>,
    /// Of tickets that one of these services had; of all, when empty.
    #[schema(nullable = false, max_items = 100)]
    services: Option<Vec<ServiceCode>>,
    /// Of tickets of these categories; of all, when empty.
    #[schema(nullable = false, max_items = 100)]
    categories: Option<Vec<CategoryCode>>,
    /// In one of these areas, each as `zoning:area`; in all, when empty.
    #[schema(value_type = Vec<ZonedArea>, required = false, max_items = 100)]
    areas: Option<Vec<String>>,
    /// Whether events are sent. One that is active again goes on where it was.
    #[schema(nullable = false)]
    active: Option<bool>,
}
input!(ChangeWebhook);

/// Change a webhook
///
/// What comes next is sent as the webhook is then. One that was disabled, by itself or by you, goes on where it was once
/// it is active again: nothing that the feed still keeps, a year, is lost.
#[utoipa::path(
    operation_id = "webhook_change",
    tag = "webhooks",
    params(WebhookPath, IfMatchHeader),
    request_body(content = ChangeWebhook, example = json!({"active": true})),
    responses((status = 200, description = "The webhook, changed", body = WebhookView, headers(("ETag" = String, description = "The new version")))),
    security(("bearer" = []))
)]
#[patch("/v1/webhooks/{webhook}")]
pub(crate) async fn change(
    caller: Caller<FollowEvents>,
    cx: Data<Context>,
    path: Id<WebhookPath>,
    IfMatch(seen): IfMatch,
    body: Body<ChangeWebhook>,
) -> Result<HttpResponse, Problem> {
    let ChangeWebhook { url: to, types, services, categories, areas: within, active } = body.value;
    let (to, within) = (to.as_deref().map(url).transpose()?, within.as_deref().map(areas).transpose()?);
    let change = |one: &Webhook| {
        let before = one.filter.clone();
        let after = filter(Filter {
            types: types.unwrap_or(before.types),
            services: services.unwrap_or(before.services),
            categories: categories.unwrap_or(before.categories),
            areas: within.unwrap_or(before.areas),
        });
        Change { url: to, filter: Some(after), active }
    };
    let one = usecases::webhook::change(&cx, &caller.grant, path.webhook(), &seen, change).await?;
    Ok(reply::read(Some(one.version), caller.language, &WebhookView::from(&one)))
}
