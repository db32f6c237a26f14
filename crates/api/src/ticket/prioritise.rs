//! Saying how pressing a ticket is.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ChangeTickets;
use domain::text::Note;
use domain::ticket::Priority;
use domain::ticket::prioritise::Prioritise;
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

/// Say how pressing a ticket is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrioritiseTicket {
    /// How pressing.
    priority: Priority,
    /// For the service and the dispatcher; the resident does not read it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    note: Option<Note>,
}
input!(PrioritiseTicket);

impl From<PrioritiseTicket> for Prioritise {
    fn from(body: PrioritiseTicket) -> Self {
        let PrioritiseTicket { priority, note } = body;
        Self { priority, note }
    }
}

/// Say how pressing a ticket is
///
/// For members of the ticket's service and dispatchers, while it is open.
#[utoipa::path(
    operation_id = "ticket_prioritise",
    tag = "tickets",
    params(TicketPath, ChangeHeaders),
    request_body(content = PrioritiseTicket, example = json!({"priority": "high"})),
    responses(
        (status = 200, description = "The ticket, with that priority", body = TicketView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`ticket_ended`: it is closed or cancelled"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/prioritise")]
pub(crate) async fn prioritise(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    seen: IfMatch,
    key: Idempotency,
    body: Body<PrioritiseTicket>,
) -> Result<HttpResponse, Problem> {
    Change::new(caller, path, seen, key)
        .answer(&cx, &body.digest, async |who, on, once| {
            usecases::ticket::prioritise(&cx, who, on, body.value.into(), once).await
        })
        .await
}
