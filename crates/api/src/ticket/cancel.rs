//! Calling a ticket off.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ChangeTickets;
use domain::text::{MessageToResident, Note};
use domain::ticket::cancel::Cancel;
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

/// Call a ticket off.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelTicket {
    /// Why.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    note: Note,
    /// Why, as the resident reads it; of a request that came over Open311, as everybody does.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    message_to_resident: Option<MessageToResident>,
}
input!(CancelTicket);

/// Call a ticket off
///
/// For its referrer while it is `submitted`, and for dispatchers while it is `submitted`, `acknowledged` or `refused`. The
/// service and the referrer are told, and the resident if they left an address.
#[utoipa::path(
    operation_id = "ticket_cancel",
    tag = "tickets",
    params(TicketPath, ChangeHeaders),
    request_body(content = CancelTicket, example = json!({"note": "Saisie deux fois par erreur"})),
    responses(
        (status = 200, description = "The ticket, cancelled", body = TicketView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`ticket_not_cancellable`: its service has begun to work on it, or it has ended"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/cancel")]
pub(crate) async fn cancel(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    seen: IfMatch,
    key: Idempotency,
    body: Body<CancelTicket>,
) -> Result<HttpResponse, Problem> {
    let CancelTicket { note, message_to_resident } = body.value;
    let cmd = Cancel { note, message_to_resident };
    Change::new(caller, path, seen, key)
        .answer(&cx, &body.digest, async |who, on, once| usecases::ticket::cancel(&cx, who, on, cmd, once).await)
        .await
}
