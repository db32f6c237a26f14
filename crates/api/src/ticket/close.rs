//! Ending a ticket.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ChangeTickets;
use domain::city::catalogue::ClosureReason;
use domain::text::{BodyTold, MessageToResident, Note};
use domain::ticket::close::Close;
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

/// End a ticket.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloseTicket {
    /// How: for a refused ticket. A resolved one has its reason already.
    closure_reason: Option<ClosureReason>,
    /// The competent body that was told (CRPA L114-2): for a refused ticket whose reason is `not_competent`.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 120)]
    body_told: Option<BodyTold>,
    /// What the resident reads.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    message_to_resident: Option<MessageToResident>,
    /// For the service and the dispatcher; the resident does not read it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    note: Option<Note>,
}
input!(CloseTicket);

/// End a ticket
///
/// For dispatchers, while it is `resolved`, or `refused`: then with a closure reason and, when no service of the city is
/// competent, the body that was told. Not as `duplicate`: it is merged instead. After a refusal, the referrer and the
/// resident are told; of a resolved ticket, the resident is told what is added for them.
#[utoipa::path(
    operation_id = "ticket_close",
    tag = "tickets",
    params(TicketPath, ChangeHeaders),
    request_body(content = CloseTicket, example = json!({"closure_reason": "not_competent", "body_told": "Département de la Somme"})),
    responses(
        (status = 200, description = "The ticket, closed", body = TicketView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`ticket_not_resolved`: it is neither resolved nor refused; `closure_reason_given`: a resolved ticket has its closure reason already"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/close")]
pub(crate) async fn close(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    seen: IfMatch,
    key: Idempotency,
    body: Body<CloseTicket>,
) -> Result<HttpResponse, Problem> {
    let CloseTicket { closure_reason, body_told, message_to_resident, note } = body.value;
    let cmd = Close { closure_reason, body_told, message_to_resident, note };
    Change::new(caller, path, seen, key)
        .answer(&cx, &body.digest, async |who, on, once| usecases::ticket::close(&cx, who, on, cmd, once).await)
        .await
}
