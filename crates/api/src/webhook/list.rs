//! Listing webhooks.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::FollowEvents;
use domain::id::WebhookId;
use serde::Serialize;
use usecases::Context;
use utoipa::{IntoParams, ToSchema};

use super::WebhookView;
use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::query::Query;

/// How webhooks are paged.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
pub(crate) struct ListWebhooks {
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of webhooks.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookPage {
    /// The webhooks, the oldest first.
    items: Vec<WebhookView>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List webhooks
///
/// The program's own, the oldest first.
#[utoipa::path(
    operation_id = "webhook_list",
    tag = "webhooks",
    params(ListWebhooks),
    responses((status = 200, description = "A page of webhooks", body = WebhookPage, headers(("Link" = String, description = "The next page, rel=\"next\"")))),
    security(("bearer" = []))
)]
#[get("/v1/webhooks")]
pub(crate) async fn list(
    caller: Caller<FollowEvents>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let (limit, after) = query.page();
    query.finish()?;
    let page = usecases::webhook::list(&cx, &caller.grant, after.map(WebhookId), limit).await?;
    let next = page.next.map(|id| id.0);
    Ok(reply::page(&request, caller.language, page.items.iter().map(WebhookView::from).collect(), next.as_ref()))
}
