//! Sending a ticket back to the dispatcher.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ChangeTickets;
use domain::id::ServiceCode;
use domain::text::Note;
use domain::ticket::event::RefusalReason;
use domain::ticket::refuse::Refuse;
use serde::Deserialize;
use usecases::Context;
use utoipa::ToSchema;

use super::{Change, ChangeHeaders, TicketPath};
use crate::problem::Problem;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::conditional::IfMatch;
use crate::request::idempotency::Idempotency;
use crate::view::TicketView;

/// Send a ticket back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefuseTicket {
    /// Why. `other` needs a note.
    reason: RefusalReason,
    /// The code of the service that is competent instead.
    #[schema(value_type = Option<String>, pattern = "^[a-z][a-z0-9_-]{0,59}$")]
    service: Option<ServiceCode>,
    /// For the dispatcher; the resident does not read it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    note: Option<Note>,
}
input!(RefuseTicket);

/// Send a ticket back
///
/// For members of the ticket's service, while it is `submitted` or `acknowledged`. The dispatcher is told, and decides
/// what becomes of it; the referrer is told too.
#[utoipa::path(
    operation_id = "ticket_refuse",
    tag = "tickets",
    params(TicketPath, ChangeHeaders),
    request_body(content = RefuseTicket, example = json!({"reason": "not_competent", "service": "voirie", "note": "Sur la chaussée, pas sur le trottoir"})),
    responses(
        (status = 200, description = "The ticket, refused", body = TicketView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`ticket_not_refusable`: it is neither submitted nor acknowledged"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/refuse")]
pub(crate) async fn refuse(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    seen: IfMatch,
    key: Idempotency,
    body: Body<RefuseTicket>,
) -> Result<HttpResponse, Problem> {
    let RefuseTicket { reason, service, note } = body.value;
    let cmd = Refuse { reason, service, note };
    Change::new(caller, path, seen, key)
        .answer(&cx, &body.digest, async |who, on, once| usecases::ticket::refuse(&cx, who, on, cmd, once).await)
        .await
}
