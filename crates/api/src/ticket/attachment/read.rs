//! What is known of an attachment.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use auth::permission::ReadTickets;
use domain::id::AttachmentId;
use usecases::Context;
use usecases::ticket::attachment;

use super::super::TicketPath;
use super::{AttachmentPath, AttachmentView};
use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::caller::Caller;
use crate::request::path::Id;

/// Read what is known of an attachment
///
/// Also when it was taken back: then it has `removed_at`, and no name.
#[utoipa::path(
    operation_id = "attachment_read",
    tag = "tickets",
    params(TicketPath, AttachmentPath),
    responses((status = 200, description = "The attachment", body = AttachmentView)),
    security(("bearer" = []))
)]
#[get("/v1/tickets/{ticket}/attachments/{attachment}")]
pub(crate) async fn read(
    caller: Caller<ReadTickets>,
    cx: Data<Context>,
    path: TicketPath,
    id: Id<AttachmentPath>,
) -> Result<HttpResponse, Problem> {
    let shown = attachment::read(&cx, &caller.grant, &path.ticket, AttachmentId(id.value)).await?;
    let shown = shown.ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(reply::read(None, caller.language, &AttachmentView::new(&cx, &shown)))
}
