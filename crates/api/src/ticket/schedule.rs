//! Setting a day.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ChangeTickets;
use chrono::NaiveDate;
use domain::text::Note;
use domain::ticket::schedule::Schedule;
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

/// Set a day.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleTicket {
    /// The day on which the service will act.
    scheduled_for: NaiveDate,
    /// For the service and the dispatcher; the resident does not read it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    note: Option<Note>,
}
input!(ScheduleTicket);

/// Set a day
///
/// For members of the ticket's service, while it is `acknowledged`, `in_progress` or `on_hold`. The day is today or later;
/// the referrer is told.
#[utoipa::path(
    operation_id = "ticket_schedule",
    tag = "tickets",
    params(TicketPath, ChangeHeaders),
    request_body(content = ScheduleTicket, example = json!({"scheduled_for": "2026-12-01"})),
    responses(
        (status = 200, description = "The ticket, scheduled", body = TicketView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`ticket_not_schedulable`: it is neither acknowledged, in progress nor on hold"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/schedule")]
pub(crate) async fn schedule(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    seen: IfMatch,
    key: Idempotency,
    body: Body<ScheduleTicket>,
) -> Result<HttpResponse, Problem> {
    let ScheduleTicket { scheduled_for, note } = body.value;
    let cmd = Schedule { scheduled_for, note };
    Change::new(caller, path, seen, key)
        .answer(&cx, &body.digest, async |who, on, once| usecases::ticket::schedule(&cx, who, on, cmd, once).await)
        .await
}
