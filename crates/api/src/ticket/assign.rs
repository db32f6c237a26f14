//! Saying who has a ticket.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ChangeTickets;
use domain::id::UserId;
use domain::text::Note;
use domain::ticket::assign::Assign;
use serde::Deserialize;
use usecases::Context;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Change, ChangeHeaders, TicketPath};
use crate::problem::Problem;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::conditional::IfMatch;
use crate::request::idempotency::Idempotency;
use crate::view::TicketView;

/// Say who has a ticket.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignTicket {
    /// Who in the service has it from now on; nobody any more, when null or absent.
    assignee: Option<Uuid>,
    /// For the service and the dispatcher; the resident does not read it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    note: Option<Note>,
}
input!(AssignTicket);

impl From<AssignTicket> for Assign {
    fn from(body: AssignTicket) -> Self {
        let AssignTicket { assignee, note } = body;
        Self { assignee: assignee.map(UserId), note }
    }
}

/// Say who has a ticket
///
/// For members of the ticket's service, while it has the ticket and has not settled it.
#[utoipa::path(
    operation_id = "ticket_assign",
    tag = "tickets",
    params(TicketPath, ChangeHeaders),
    request_body(content = AssignTicket, example = json!({"note": "Équipe du matin"})),
    responses(
        (status = 200, description = "The ticket, in those hands", body = TicketView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`ticket_not_assignable`: the service no longer has it to settle"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/assign")]
pub(crate) async fn assign(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    seen: IfMatch,
    key: Idempotency,
    body: Body<AssignTicket>,
) -> Result<HttpResponse, Problem> {
    Change::new(caller, path, seen, key)
        .answer(&cx, &body.digest, async |who, on, once| {
            usecases::ticket::assign(&cx, who, on, body.value.into(), once).await
        })
        .await
}
