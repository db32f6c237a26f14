//! Adding an attachment.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::Holder as _;
use auth::permission::ChangeTickets;
use serde::Deserialize;
use usecases::Context;
use usecases::once::Once;
use usecases::ticket::attachment::{self, Shown};
use utoipa::ToSchema;

use super::super::TicketPath;
use super::AttachmentView;
use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};
use crate::request::upload::{Received, Upload};

/// A photograph or a document.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only documents what `Upload` takes")]
pub(crate) struct AddAttachment {
    /// JPEG, PNG, WebP or PDF, with its name.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
}

/// Add a photograph or a document
///
/// For the ticket's service, its referrer and dispatchers, until it has ended. A photograph (JPEG, PNG, WebP, at most
/// 64 megapixels) is drawn anew as a JPEG of at most 4096 pixels a side, upright, without what the camera wrote into it; a PDF
/// is written anew, and refused when it holds more than pages: scripts, actions, files, forms of XFA, a password. What a
/// file is, its content tells, not its name. At most 20 MiB each and 20 a ticket, unless the server is set otherwise:
/// `curl -F file=@photo.jpg`.
#[utoipa::path(
    operation_id = "attachment_add",
    tag = "tickets",
    params(TicketPath, IdempotencyHeader),
    request_body(content = AddAttachment, content_type = "multipart/form-data", example = json!({"file": "(the bytes of rue-du-pigeonnier.jpg)"})),
    responses(
        (status = 201, description = "The attachment, as it is kept", body = AttachmentView, headers(("Location" = String, description = "Its path"))),
        (status = 403, description = "`missing_right`, `action_not_yours`, `second_factor_required`"),
        (status = 409, description = "`ticket_ended`, `attachments_full`"),
        (status = 413, description = "The file is too large"),
        (status = 415, description = "The body is not `multipart/form-data`"),
        (status = 422, description = "The file is not accepted (`errors` says why), or the idempotency key was used for another request")
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/attachments")]
pub(crate) async fn add(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    key: Idempotency,
    mut upload: Upload,
) -> Result<HttpResponse, Problem> {
    let received = match receive(&cx, &caller, &path, &mut upload).await {
        Ok(received) => received,
        Err(problem) => {
            upload.drain().await;
            return Err(problem);
        }
    };
    let show = |shown: &Shown| {
        let (ticket, id) = (shown.attachment.ticket, shown.attachment.id);
        let location = Some(format!("/v1/tickets/{ticket}/attachments/{id}"));
        reply::kept(StatusCode::CREATED, None, location, &AttachmentView::new(&cx, shown))
    };
    let once = Once::new(key.claim(caller.grant.holder().id(), &received.digest()), &show);
    let Received { name, file } = received;
    let done = attachment::add(&cx, &caller.grant, path.ticket, file, &name, once).await?;
    reply::send(done.into_answer(show), caller.language)
}

async fn receive(
    cx: &Context,
    caller: &Caller<ChangeTickets>,
    path: &TicketPath,
    upload: &mut Upload,
) -> Result<Received, Problem> {
    attachment::may_add(cx, &caller.grant, &path.ticket).await?;
    upload.receive(attachment::receive(cx).await?).await
}
