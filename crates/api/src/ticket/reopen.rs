//! Taking back that a ticket is settled.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ChangeTickets;
use domain::text::Note;
use domain::ticket::reopen::Reopen;
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

/// Take back that a ticket is settled.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReopenTicket {
    /// Why.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    note: Note,
}
input!(ReopenTicket);

/// Take back that a ticket is settled
///
/// For the referrer and dispatchers, while it is `resolved`, or `closed` for 30 days at most. The service has it again,
/// and its clocks begin anew. The dispatcher's desk has it instead, if it was closed after the service had refused it, or if that
/// may not have it any more, or no longer exists.
#[utoipa::path(
    operation_id = "ticket_reopen",
    tag = "tickets",
    params(TicketPath, ChangeHeaders),
    request_body(content = ReopenTicket, example = json!({"note": "Le dépôt est revenu le lendemain"})),
    responses(
        (status = 200, description = "The ticket, submitted again", body = TicketView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`ticket_not_reopenable`: it is neither resolved nor closed; `reopen_window_over`: it was closed more than 30 days ago; `ticket_merged`: it was closed as a duplicate"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/reopen")]
pub(crate) async fn reopen(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    seen: IfMatch,
    key: Idempotency,
    body: Body<ReopenTicket>,
) -> Result<HttpResponse, Problem> {
    let cmd = Reopen { note: body.value.note };
    Change::new(caller, path, seen, key)
        .answer(&cx, &body.digest, async |who, on, once| usecases::ticket::reopen(&cx, who, on, cmd, once).await)
        .await
}
