//! Who followed the links to a ticket.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadTickets;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::language::Language;
use serde::Serialize;
use usecases::Context;
use usecases::ticket::partner::{self, Opening};
use utoipa::ToSchema;
use uuid::Uuid;

use super::TicketPath;
use super::timeline::ListEvents;
use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::query::Query;
use crate::view::ServiceRef;

/// Something that was done with a partner's link.
#[derive(Serialize, ToSchema)]
#[schema(as = PartnerOpening)]
pub(crate) struct OpeningView {
    /// When.
    at: DateTime<Utc>,
    /// The partner that the link was sent to.
    service: ServiceRef,
    /// The handover that it was sent for.
    #[schema(minimum = 1)]
    handover: i32,
    /// `opened`, `photo` (one was opened), `expired` or `over` (it led nowhere any more), `renew` (another link was asked
    /// for), `message`, or the action that was done.
    #[schema(examples("opened"))]
    what: String,
    /// Where from; an IPv6 address is cut to its /64.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("192.0.2.7"))]
    address: Option<String>,
}

/// A page of openings.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpeningPage {
    /// The openings, the first one first.
    items: Vec<OpeningView>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

fn view(opening: Opening, city: &City, language: Language) -> OpeningView {
    let Opening { at, what, address, handover, service, .. } = opening;
    OpeningView { at, service: ServiceRef::new(city, &service, language), handover, what, address }
}

/// Read who followed the links to a ticket
///
/// For dispatchers. Each time that the link of a partner without accounts was followed, be it that it led nowhere any more,
/// or that something was done through it, the first one first. Mail scanners follow links too: an opening is not a receipt.
/// Kept for a year.
#[utoipa::path(
    operation_id = "ticket_openings",
    tag = "tickets",
    params(TicketPath, ListEvents),
    responses(
        (status = 200, description = "A page of openings", body = OpeningPage, headers(("Link" = String, description = "The next page, rel=\"next\""))),
        (status = 403, description = "`missing_right`, `action_not_yours`, `second_factor_required`"),
    ),
    security(("bearer" = []))
)]
#[get("/v1/tickets/{ticket}/openings")]
pub(crate) async fn openings(
    caller: Caller<ReadTickets>,
    cx: Data<Context>,
    path: TicketPath,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let (limit, after) = query.page();
    query.finish()?;
    let page = partner::openings(&cx, &caller.grant, &path.ticket, after.unwrap_or(Uuid::nil()), limit).await?;
    let loaded = cx.city()?;
    let openings = page.items.into_iter().map(|opening| view(opening, &loaded.city, caller.language)).collect();
    Ok(reply::page::<OpeningView>(&request, caller.language, openings, page.next.as_ref()))
}
