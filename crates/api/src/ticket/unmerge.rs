//! Taking back that a ticket is a duplicate.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ChangeTickets;
use domain::text::Note;
use domain::ticket::merge::Unmerge;
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

/// Take back that a ticket is a duplicate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnmergeTicket {
    /// Why.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    note: Note,
}
input!(UnmergeTicket);

/// Take back that a ticket is a duplicate
///
/// For dispatchers, while it is `closed` as a duplicate of another. It goes back to its service, and its clocks begin anew;
/// to the dispatcher's desk, if the service may not have it any more, or no longer exists.
#[utoipa::path(
    operation_id = "ticket_unmerge",
    tag = "tickets",
    params(TicketPath, ChangeHeaders),
    request_body(content = UnmergeTicket, example = json!({"note": "Ce n’est pas le même mur"})),
    responses(
        (status = 200, description = "The ticket, submitted again", body = TicketView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`ticket_not_merged`: it was not closed as a duplicate"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/unmerge")]
pub(crate) async fn unmerge(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    seen: IfMatch,
    key: Idempotency,
    body: Body<UnmergeTicket>,
) -> Result<HttpResponse, Problem> {
    let cmd = Unmerge { note: body.value.note };
    Change::new(caller, path, seen, key)
        .answer(&cx, &body.digest, async |who, on, once| usecases::ticket::unmerge(&cx, who, on, cmd, once).await)
        .await
}
