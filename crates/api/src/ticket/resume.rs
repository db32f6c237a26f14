//! Going on after waiting.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ChangeTickets;
use domain::text::Note;
use domain::ticket::resume::Resume;
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

/// Go on after waiting.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResumeTicket {
    /// For the service and the dispatcher; the resident does not read it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    note: Option<Note>,
}
input!(ResumeTicket);

/// Go on after waiting
///
/// For members of the ticket's service, while it is `on_hold`. Its resolution clock goes on. On `resume_on` this happens by
/// itself.
#[utoipa::path(
    operation_id = "ticket_resume",
    tag = "tickets",
    params(TicketPath, ChangeHeaders),
    request_body(content = ResumeTicket, example = json!({"note": "Pièce reçue"})),
    responses(
        (status = 200, description = "The ticket, in progress", body = TicketView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`ticket_not_on_hold`: it is in another state"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/resume")]
pub(crate) async fn resume(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    seen: IfMatch,
    key: Idempotency,
    body: Body<ResumeTicket>,
) -> Result<HttpResponse, Problem> {
    let cmd = Resume { note: body.value.note };
    Change::new(caller, path, seen, key)
        .answer(&cx, &body.digest, async |who, on, once| usecases::ticket::resume(&cx, who, on, cmd, once).await)
        .await
}
