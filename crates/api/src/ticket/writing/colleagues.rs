//! Who reads a ticket's notes.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use auth::permission::ReadTickets;
use serde::Serialize;
use usecases::Context;
use usecases::ticket;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::ticket::TicketPath;

/// Somebody who reads the ticket's notes.
#[derive(Serialize, ToSchema)]
#[schema(as = Colleague)]
struct ColleagueView {
    /// Their account's id.
    id: Uuid,
    /// How they are called.
    name: String,
    /// Whether they work in the ticket's service, which can assign it to them.
    of_service: bool,
}

/// Who reads the ticket's notes.
#[derive(Serialize, ToSchema)]
pub(crate) struct ColleagueList {
    /// In the order of their names, 500 at most.
    items: Vec<ColleagueView>,
    /// Null: there is no further page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List who can be mentioned, or assigned
///
/// Who works in the ticket's service, and the dispatchers. For themselves.
#[utoipa::path(
    operation_id = "ticket_colleagues",
    tag = "tickets",
    params(TicketPath),
    responses(
        (status = 200, description = "The colleagues", body = ColleagueList),
        (status = 403, description = "`missing_right`, `action_not_yours`, `second_factor_required`"),
    ),
    security(("bearer" = []))
)]
#[get("/v1/tickets/{ticket}/colleagues")]
pub(crate) async fn colleagues(
    caller: Caller<ReadTickets>,
    cx: Data<Context>,
    path: TicketPath,
) -> Result<HttpResponse, Problem> {
    let (ticket, colleagues) = ticket::colleagues(&cx, &caller.grant, &path.ticket).await?;
    let items = colleagues.into_iter().map(|colleague| ColleagueView {
        id: colleague.person.user.0,
        of_service: colleague.person.services.contains(&ticket.service),
        name: colleague.name,
    });
    Ok(reply::read(None, caller.language, &ColleagueList { items: items.collect(), next_cursor: None }))
}
