//! Counting tickets, for the tabs of a work list.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadTickets;
use domain::ticket::State;
use serde::Serialize;
use usecases::Context;
use usecases::ticket::Count;
use utoipa::ToSchema;

use super::filter::{self, FilterTickets, SearchTickets};
use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::query::Query;

/// How many tickets are in a state.
#[derive(Serialize, ToSchema)]
struct StateCount {
    state: State,
    /// How many, up to 1000.
    #[schema(minimum = 0, maximum = 1000)]
    count: u32,
    /// Whether there are more.
    more: bool,
}

impl From<Count> for StateCount {
    fn from(Count { state, count, more }: Count) -> Self {
        Self { state, count, more }
    }
}

/// How many tickets there are.
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketCounts {
    /// For each state, in the order of a ticket's life.
    items: Vec<StateCount>,
}

/// Count tickets
///
/// How many tickets of the reader's list are in each state, for the tabs of a work list: the same parameters narrow it.
/// Up to 1000 of a state are counted, so that counting never reads all of them.
#[utoipa::path(
    operation_id = "ticket_counts",
    tag = "tickets",
    params(SearchTickets, FilterTickets),
    responses((status = 200, description = "How many there are in each state", body = TicketCounts)),
    security(("bearer" = []))
)]
#[get("/v1/tickets/counts")]
pub(crate) async fn counts(
    caller: Caller<ReadTickets>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let filter = filter::filter(&mut query, caller.grant.caller(), &*cx.city()?);
    query.finish()?;
    let counts = usecases::ticket::count(&cx, &caller.grant, filter).await?;
    let items = counts.into_iter().map(StateCount::from).collect();
    Ok(reply::read(None, caller.language, &TicketCounts { items }))
}
