//! Reading published rule sets.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadRouting;
use domain::routing::Rule;
use serde::Serialize;
use usecases::Context;
use usecases::routing::Edition;
use utoipa::{IntoParams, ToSchema};

use super::{EditionView, RoutingRules, VersionPath};
use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::caller::Caller;
use crate::request::query::Query;

/// How versions are paged.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
pub(crate) struct ListVersions {
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of published rule sets.
#[derive(Serialize, ToSchema)]
pub(crate) struct EditionPage {
    /// The versions, the latest first.
    items: Vec<EditionView>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

fn view(edition: Option<(Edition, Vec<Rule>)>, caller: &Caller<ReadRouting>) -> Result<HttpResponse, Problem> {
    let (edition, rules) = edition.ok_or_else(|| Problem::new(Code::NotFound))?;
    let body = RoutingRules { edition: (&edition).into(), rules };
    Ok(reply::read(Some(edition.version.into()), caller.language, &body))
}

/// Read the routing rules
///
/// Those in force, with who published them and why. Tried in order; the first that matches wins; the last one matches
/// always.
#[utoipa::path(
    operation_id = "routing_read",
    tag = "routing",
    responses((status = 200, description = "The rules in force", body = RoutingRules, headers(("ETag" = String, description = "The version")))),
    security(("bearer" = []))
)]
#[get("/v1/routing")]
pub(crate) async fn in_force(caller: Caller<ReadRouting>, cx: Data<Context>) -> Result<HttpResponse, Problem> {
    cx.city()?;
    view(usecases::routing::edition(&cx, &caller.grant, None).await?, &caller)
}

/// List the versions of the rules
///
/// Every published one, the latest first: who published it, when and why.
#[utoipa::path(
    operation_id = "routing_version_list",
    tag = "routing",
    params(ListVersions),
    responses((status = 200, description = "A page of versions", body = EditionPage, headers(("Link" = String, description = "The next page, rel=\"next\"")))),
    security(("bearer" = []))
)]
#[get("/v1/routing/versions")]
pub(crate) async fn versions(
    caller: Caller<ReadRouting>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let (limit, before) = query.page();
    query.finish()?;
    let page = usecases::routing::editions(&cx, &caller.grant, before, limit).await?;
    Ok(reply::page(&request, caller.language, page.items.iter().map(EditionView::from).collect(), page.next.as_ref()))
}

/// Read a version of the rules
///
/// As it was published. Versions never change.
#[utoipa::path(
    operation_id = "routing_version_read",
    tag = "routing",
    params(VersionPath),
    responses((status = 200, description = "The rules", body = RoutingRules, headers(("ETag" = String, description = "The version")))),
    security(("bearer" = []))
)]
#[get("/v1/routing/versions/{version}")]
pub(crate) async fn version(
    caller: Caller<ReadRouting>,
    cx: Data<Context>,
    path: VersionPath,
) -> Result<HttpResponse, Problem> {
    view(usecases::routing::edition(&cx, &caller.grant, Some(path.version)).await?, &caller)
}
