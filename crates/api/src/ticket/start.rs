//! Setting to work.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ChangeTickets;
use domain::text::Note;
use domain::ticket::start::Start;
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

/// Set to work.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartTicket {
    /// For the service and the dispatcher; the resident does not read it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    note: Option<Note>,
}
input!(StartTicket);

/// Set to work
///
/// For members of the ticket's service, while it is `acknowledged`, `scheduled` or `on_hold`.
#[utoipa::path(
    operation_id = "ticket_start",
    tag = "tickets",
    params(TicketPath, ChangeHeaders),
    request_body(content = StartTicket, example = json!({"note": "Équipe sur place"})),
    responses(
        (status = 200, description = "The ticket, in progress", body = TicketView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`ticket_not_startable`: it is neither acknowledged, scheduled nor on hold"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/start")]
pub(crate) async fn start(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    seen: IfMatch,
    key: Idempotency,
    body: Body<StartTicket>,
) -> Result<HttpResponse, Problem> {
    let cmd = Start { note: body.value.note };
    Change::new(caller, path, seen, key)
        .answer(&cx, &body.digest, async |who, on, once| usecases::ticket::start(&cx, who, on, cmd, once).await)
        .await
}
