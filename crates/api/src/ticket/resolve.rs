//! Saying that a ticket is settled.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ChangeTickets;
use domain::city::catalogue::ClosureReason;
use domain::text::{BodyTold, MessageToResident, Note};
use domain::ticket::resolve::Resolve;
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

/// Say that a ticket is settled.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveTicket {
    /// How.
    closure_reason: ClosureReason,
    /// The competent body that was told (CRPA L114-2): when the reason is `not_competent`.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 120)]
    body_told: Option<BodyTold>,
    /// What the resident reads.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    message_to_resident: MessageToResident,
    /// For the service and the dispatcher; the resident does not read it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    note: Option<Note>,
}
input!(ResolveTicket);

/// Say that a ticket is settled
///
/// For members of the ticket's service, while it is `acknowledged`, `scheduled`, `in_progress` or `on_hold`. The
/// referrer, and the resident if they left an address, are told by e-mail. Not as `duplicate`: a dispatcher merges it;
/// while it is `submitted` or `acknowledged`, the service may refuse it for that reason.
#[utoipa::path(
    operation_id = "ticket_resolve",
    tag = "tickets",
    params(TicketPath, ChangeHeaders),
    request_body(content = ResolveTicket, example = json!({"closure_reason": "work_done", "message_to_resident": "Le dépôt a été enlevé ce matin."})),
    responses(
        (status = 200, description = "The ticket, resolved", body = TicketView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`ticket_not_resolvable`: nobody has it in hand, or it is settled already"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/resolve")]
pub(crate) async fn resolve(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    seen: IfMatch,
    key: Idempotency,
    body: Body<ResolveTicket>,
) -> Result<HttpResponse, Problem> {
    let ResolveTicket { closure_reason, body_told, message_to_resident, note } = body.value;
    let cmd = Resolve { closure_reason, body_told, message_to_resident, note };
    Change::new(caller, path, seen, key)
        .answer(&cx, &body.digest, async |who, on, once| usecases::ticket::resolve(&cx, who, on, cmd, once).await)
        .await
}
