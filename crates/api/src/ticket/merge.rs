//! Ending a ticket as a duplicate.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ChangeTickets;
use domain::text::Note;
use domain::ticket::merge::Merge;
use serde::Deserialize;
use usecases::Context;
use usecases::ticket::{ChangeError, Fault};
use utoipa::ToSchema;

use super::{Change, ChangeHeaders, TicketPath, named};
use crate::problem::Problem;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::conditional::IfMatch;
use crate::request::idempotency::Idempotency;
use crate::view::TicketView;

/// End a ticket as a duplicate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeTicket {
    /// The main ticket: its id or its reference.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", examples("AMI-26-000001"))]
    duplicate_of: String,
    /// For the service and the dispatcher; the resident does not read it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    note: Option<Note>,
}
input!(MergeTicket);

/// End a ticket as a duplicate
///
/// For dispatchers, while it is open. Nothing is moved: both timelines stay as they are; those who follow the duplicate
/// follow the main ticket from then on, and hear its outcome. The main ticket is open, and for the same readers.
#[utoipa::path(
    operation_id = "ticket_merge",
    tag = "tickets",
    params(TicketPath, ChangeHeaders),
    request_body(content = MergeTicket, example = json!({"duplicate_of": "AMI-26-000001"})),
    responses(
        (status = 200, description = "The ticket, closed as a duplicate", body = TicketView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`ticket_ended`: it is closed or cancelled already"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/merge")]
pub(crate) async fn merge(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    seen: IfMatch,
    key: Idempotency,
    body: Body<MergeTicket>,
) -> Result<HttpResponse, Problem> {
    let MergeTicket { duplicate_of, note } = body.value;
    let main = named(&duplicate_of).ok_or_else(|| Problem::from(ChangeError::from(Fault::UnknownMain)))?;
    let cmd = (Merge { note }, main);
    Change::new(caller, path, seen, key)
        .answer(&cx, &body.digest, async |who, on, once| usecases::ticket::merge(&cx, who, on, cmd, once).await)
        .await
}
