//! Taking a ticket in hand.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ChangeTickets;
use chrono::NaiveDate;
use domain::id::UserId;
use domain::text::Note;
use domain::ticket::acknowledge::Acknowledge;
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

/// Take a ticket in hand. Every field may be left out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcknowledgeTicket {
    /// Who in the service has it from now on.
    assignee: Option<Uuid>,
    /// The day on which the service expects to act.
    expected_on: Option<NaiveDate>,
    /// For the service and the dispatcher; the resident does not read it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    note: Option<Note>,
}
input!(AcknowledgeTicket);

impl From<AcknowledgeTicket> for Acknowledge {
    fn from(body: AcknowledgeTicket) -> Self {
        let AcknowledgeTicket { assignee, expected_on, note } = body;
        Self { assignee: assignee.map(UserId), expected_on, note }
    }
}

/// Take a ticket in hand
///
/// For members of the ticket's service, while it is `submitted`. The referrer, and the resident if they left an
/// address, are told by e-mail.
#[utoipa::path(
    operation_id = "ticket_acknowledge",
    tag = "tickets",
    params(TicketPath, ChangeHeaders),
    request_body(content = AcknowledgeTicket, example = json!({"expected_on": "2026-12-01"})),
    responses(
        (status = 200, description = "The ticket, acknowledged", body = TicketView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`ticket_not_submitted`: it is in another state"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/acknowledge")]
pub(crate) async fn acknowledge(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    seen: IfMatch,
    key: Idempotency,
    body: Body<AcknowledgeTicket>,
) -> Result<HttpResponse, Problem> {
    Change::new(caller, path, seen, key)
        .answer(&cx, &body.digest, async |who, on, once| {
            usecases::ticket::acknowledge(&cx, who, on, body.value.into(), once).await
        })
        .await
}
