//! What a ticket has.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadTickets;
use domain::id::AttachmentId;
use domain::language::Language;
use serde::Serialize;
use usecases::Context;
use usecases::ticket::attachment;
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::TicketPath;
use super::super::timeline::ListEvents;
use super::AttachmentView;
use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::caller::Caller;
use crate::request::query::Query;

/// A page of attachments.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttachmentPage {
    /// The attachments, the first one first.
    items: Vec<AttachmentView>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List a ticket's attachments
///
/// Those that were not taken back. What a resident sent by e-mail is for the ticket's service, its referrer and
/// dispatchers; the referrer of a restricted ticket sees those of referrers only.
#[utoipa::path(
    operation_id = "attachment_list",
    tag = "tickets",
    params(TicketPath, ListEvents),
    responses((status = 200, description = "A page of attachments", body = AttachmentPage, headers(("Link" = String, description = "The next page, rel=\"next\"")))),
    security(("bearer" = []))
)]
#[get("/v1/tickets/{ticket}/attachments")]
pub(crate) async fn list(
    caller: Caller<ReadTickets>,
    cx: Data<Context>,
    path: TicketPath,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let (limit, after) = query.page::<Uuid>();
    query.finish()?;
    let page = attachment::list(&cx, &caller.grant, &path.ticket, after.map(AttachmentId), limit).await?;
    let page = page.ok_or_else(|| Problem::new(Code::NotFound))?;
    let items = page.items.iter().map(|shown| AttachmentView::new(&cx, shown)).collect();
    Ok(reply::page::<AttachmentView>(&request, Language::default(), items, page.next.map(|next| next.0).as_ref()))
}
