//! Opening tickets of the same concern at other services.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ChangeTickets;
use domain::id::ServiceCode;
use domain::text::Note;
use domain::ticket::split::Split;
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

/// Open tickets of the same concern at other services.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SplitTicket {
    /// The codes of the services that each get a ticket.
    #[schema(min_items = 1, max_items = 5, examples(json!(["voirie"])))]
    services: Vec<ServiceCode>,
    /// Why; the new services read it.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    note: Note,
}
input!(SplitTicket);

/// Open tickets of the same concern at other services
///
/// For dispatchers, while it is open. Each service gets a ticket of its own, with a life of its own: ending one ends no
/// other. The event on this ticket's timeline names them. Of a restricted ticket, no partner gets one without an agreement (422,
/// `not_entitled` in `errors`).
#[utoipa::path(
    operation_id = "ticket_split",
    tag = "tickets",
    params(TicketPath, ChangeHeaders),
    request_body(content = SplitTicket, example = json!({"services": ["voirie"], "note": "Le trottoir est aussi abîmé"})),
    responses(
        (status = 200, description = "The ticket, as it was", body = TicketView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`ticket_ended`: it is closed or cancelled"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/split")]
pub(crate) async fn split(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    seen: IfMatch,
    key: Idempotency,
    body: Body<SplitTicket>,
) -> Result<HttpResponse, Problem> {
    let SplitTicket { services, note } = body.value;
    let cmd = Split { services, note };
    Change::new(caller, path, seen, key)
        .answer(&cx, &body.digest, async |who, on, once| usecases::ticket::split(&cx, who, on, cmd, once).await)
        .await
}
