//! Waiting for something.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ChangeTickets;
use chrono::NaiveDate;
use domain::text::Note;
use domain::ticket::event::HoldReason;
use domain::ticket::hold::Hold;
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

/// Wait for something.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldTicket {
    /// For what. `other` needs a note.
    reason: HoldReason,
    /// The day on which the ticket resumes by itself.
    resume_on: NaiveDate,
    /// For the service and the dispatcher; the resident does not read it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    note: Option<Note>,
}
input!(HoldTicket);

impl From<HoldTicket> for Hold {
    fn from(body: HoldTicket) -> Self {
        let HoldTicket { reason, resume_on, note } = body;
        Self { reason, resume_on, note }
    }
}

/// Wait for something
///
/// For members of the ticket's service, while it is `acknowledged`, `scheduled` or `in_progress`. The resolution clock
/// stands still until the ticket resumes: by itself on `resume_on`, from tomorrow to two years from now.
#[utoipa::path(
    operation_id = "ticket_hold",
    tag = "tickets",
    params(TicketPath, ChangeHeaders),
    request_body(content = HoldTicket, example = json!({"reason": "works_planned", "resume_on": "2026-12-15"})),
    responses(
        (status = 200, description = "The ticket, on hold", body = TicketView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`ticket_not_under_way`: it is neither acknowledged, scheduled nor in progress"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/hold")]
pub(crate) async fn hold(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    seen: IfMatch,
    key: Idempotency,
    body: Body<HoldTicket>,
) -> Result<HttpResponse, Problem> {
    Change::new(caller, path, seen, key)
        .answer(&cx, &body.digest, async |who, on, once| {
            usecases::ticket::hold(&cx, who, on, body.value.into(), once).await
        })
        .await
}
