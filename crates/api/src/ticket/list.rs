//! Listing tickets.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadTickets;
use domain::id::CafeId;
use domain::ticket::State;
use serde::Serialize;
use usecases::Context;
use usecases::ticket::Filter;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::query::Query;
use crate::view::TicketView;

/// What a list of tickets can be narrowed by. A parameter that is repeated means any of its values.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
pub(crate) struct ListTickets {
    /// In one of these states.
    #[param(explode = true)]
    status: Option<Vec<State>>,
    /// At one of these services, by code.
    #[param(explode = true, example = json!(["proprete"]))]
    service: Option<Vec<String>>,
    /// About one of these categories, by code.
    #[param(explode = true, example = json!(["illegal_dumping"]))]
    category: Option<Vec<String>>,
    /// In one of these areas, each as `zoning:area`.
    #[param(explode = true, example = json!(["secteurs:nord"]))]
    area: Option<Vec<String>>,
    /// Heard at one of these cafés.
    #[param(explode = true)]
    cafe: Option<Vec<Uuid>>,
    /// Only those that missed a target, or only those that did not.
    late: Option<bool>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of tickets.
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketPage {
    /// The tickets, the last filed first.
    items: Vec<TicketView>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

fn filter(query: &mut Query) -> Filter {
    Filter {
        states: query.each("status", "a state of a ticket", State::from_code),
        services: query.each("service", "the code of a service", |code| code.parse().ok()),
        categories: query.each("category", "the code of a category", |code| code.parse().ok()),
        areas: query.each("area", "zoning:area", crate::city::area),
        cafes: query.each("cafe", "the id of a café", |id| id.parse().map(CafeId).ok()),
        late: query.one("late", "true / false", |value| value.parse().ok()),
    }
}

/// List tickets
///
/// Those within the reader's reach, the last filed first.
#[utoipa::path(
    operation_id = "ticket_list",
    tag = "tickets",
    params(ListTickets),
    responses((status = 200, description = "A page of tickets", body = TicketPage, headers(("Link" = String, description = "The next page, rel=\"next\"")))),
    security(("bearer" = []))
)]
#[get("/v1/tickets")]
pub(crate) async fn list(
    caller: Caller<ReadTickets>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let filter = filter(&mut query);
    let (limit, after) = query.page();
    query.finish()?;
    let page = usecases::ticket::list(&cx, &caller.grant, &filter, after, limit).await?;
    let (loaded, now) = (cx.city()?, cx.now());
    let view = |ticket| TicketView::new(ticket, &loaded.city, caller.grant.caller(), caller.language, now);
    Ok(reply::page(&request, caller.language, page.items.iter().map(view).collect(), page.next.as_ref()))
}
