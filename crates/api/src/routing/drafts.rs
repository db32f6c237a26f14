//! Reading drafts.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use auth::permission::ReadRouting;
use serde::Serialize;
use usecases::Context;
use utoipa::ToSchema;

use super::{DraftPath, DraftView};
use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::caller::Caller;
use crate::request::path::Id;

/// The drafts.
#[derive(Serialize, ToSchema)]
pub(crate) struct Drafts {
    /// Fifty at most, in the order of their names.
    items: Vec<DraftView>,
    /// Null: this list is whole.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List the drafts of the rules
///
/// The rule sets that somebody is writing: in force for nobody.
#[utoipa::path(
    operation_id = "routing_draft_list",
    tag = "routing",
    responses((status = 200, description = "The drafts", body = Drafts)),
    security(("bearer" = []))
)]
#[get("/v1/routing/drafts")]
pub(crate) async fn drafts(caller: Caller<ReadRouting>, cx: Data<Context>) -> Result<HttpResponse, Problem> {
    let drafts = usecases::routing::drafts(&cx, &caller.grant).await?;
    let items = drafts.iter().map(DraftView::from).collect();
    Ok(reply::read(None, caller.language, &Drafts { items, next_cursor: None }))
}

/// Read a draft of the rules
///
/// With its rules, and the published version that it is meant to follow.
#[utoipa::path(
    operation_id = "routing_draft_read",
    tag = "routing",
    params(DraftPath),
    responses((status = 200, description = "The draft", body = DraftView, headers(("ETag" = String, description = "The version")))),
    security(("bearer" = []))
)]
#[get("/v1/routing/drafts/{draft}")]
pub(crate) async fn draft(
    caller: Caller<ReadRouting>,
    cx: Data<Context>,
    path: Id<DraftPath>,
) -> Result<HttpResponse, Problem> {
    let draft = usecases::routing::draft(&cx, &caller.grant, path.draft()).await?;
    let draft = draft.ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(reply::read(Some(draft.version), caller.language, &DraftView::from(&draft)))
}
