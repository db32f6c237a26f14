//! Taking an attachment back.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use auth::permission::ChangeTickets;
use domain::id::AttachmentId;
use usecases::Context;
use usecases::ticket::attachment;

use super::super::TicketPath;
use super::AttachmentPath;
use crate::problem::Problem;
use crate::request::caller::Caller;
use crate::request::path::Id;

/// Take an attachment back
///
/// For who added it, managers of the ticket's service and dispatchers; also when the ticket has ended. Its bytes and its
/// name are deleted for good; the timeline says that it was there.
#[utoipa::path(
    operation_id = "attachment_remove",
    tag = "tickets",
    params(TicketPath, AttachmentPath),
    responses(
        (status = 204, description = "It is gone"),
        (status = 403, description = "`missing_right`, `action_not_yours`, `second_factor_required`"),
        (status = 410, description = "`attachment_removed`: it was taken back before")
    ),
    security(("bearer" = []))
)]
#[delete("/v1/tickets/{ticket}/attachments/{attachment}")]
pub(crate) async fn remove(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    id: Id<AttachmentPath>,
) -> Result<HttpResponse, Problem> {
    attachment::remove(&cx, &caller.grant, &path.ticket, AttachmentId(id.value)).await?;
    Ok(HttpResponse::NoContent().finish())
}
