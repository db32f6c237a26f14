//! Opening a ticket for the first time.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ChangeTickets;
use domain::ticket::receive::Receive;
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

/// Open a ticket for the first time: nothing needs to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReceiveTicket {}
input!(ReceiveTicket);

/// Open a ticket for the first time
///
/// For members of the ticket's service, while it is `submitted`: `received_at` is set, once. When a member of the
/// service reads the ticket, this happens by itself; a program says it.
#[utoipa::path(
    operation_id = "ticket_receive",
    tag = "tickets",
    params(TicketPath, ChangeHeaders),
    request_body(content = ReceiveTicket, example = json!({})),
    responses(
        (status = 200, description = "The ticket, received", body = TicketView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`ticket_not_submitted`; `already_received`: its service has opened it before"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/receive")]
pub(crate) async fn receive(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    seen: IfMatch,
    key: Idempotency,
    body: Body<ReceiveTicket>,
) -> Result<HttpResponse, Problem> {
    let cmd = Receive;
    Change::new(caller, path, seen, key)
        .answer(&cx, &body.digest, async |who, on, once| usecases::ticket::receive(&cx, who, on, cmd, once).await)
        .await
}
