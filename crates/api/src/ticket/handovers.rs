//! A ticket's handovers.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadTickets;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::language::Language;
use domain::ticket::handover::Answer;
use serde::Serialize;
use usecases::Context;
use usecases::ticket::NamedHandover as Named;
use utoipa::ToSchema;

use super::TicketPath;
use super::timeline::ListEvents;
use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::caller::Caller;
use crate::request::query::Query;
use crate::view::ServiceRef;
use domain::ticket::ActorView;

/// One passing of a ticket to a service.
#[derive(Serialize, ToSchema)]
#[schema(as = Handover)]
pub(crate) struct HandoverView {
    /// Counts the handovers of the ticket.
    #[schema(minimum = 1)]
    number: i32,
    service: ServiceRef,
    /// When the ticket was passed to the service.
    sent_at: DateTime<Utc>,
    /// When the service first opened it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    received_at: Option<DateTime<Utc>>,
    /// What the service answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    answer: Option<Answer>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    answered_at: Option<DateTime<Utc>>,
    /// Who answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    answered_by: Option<ActorView>,
    /// After how much working time of the service, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0)]
    answered_after: Option<i64>,
    /// When the ticket left the service: passed on, or ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    ended_at: Option<DateTime<Utc>>,
}

/// A page of handovers.
#[derive(Serialize, ToSchema)]
pub(crate) struct HandoverPage {
    /// The handovers, the first one first.
    items: Vec<HandoverView>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

fn view(named: Named, city: &City, language: Language) -> HandoverView {
    let Named { handover, name } = named;
    HandoverView {
        number: handover.number,
        service: ServiceRef::new(city, &handover.service, language),
        sent_at: handover.sent_at,
        received_at: handover.received_at,
        answer: handover.answer,
        answered_at: handover.answered_at,
        answered_by: handover.answered_by.as_ref().map(|by| ActorView::new(by, name)),
        answered_after: handover.answered_after,
        ended_at: handover.ended_at,
    }
}

/// Read a ticket's handovers
///
/// Each passing of the ticket to a service, the first one first: when it was sent, received, and accepted or refused,
/// by whom and after how much working time. Who sent it is told by the timeline. A ticket that has not ended has exactly one that has
/// not.
#[utoipa::path(
    operation_id = "ticket_handovers",
    tag = "tickets",
    params(TicketPath, ListEvents),
    responses((status = 200, description = "A page of handovers", body = HandoverPage, headers(("Link" = String, description = "The next page, rel=\"next\"")))),
    security(("bearer" = []))
)]
#[get("/v1/tickets/{ticket}/handovers")]
pub(crate) async fn handovers(
    caller: Caller<ReadTickets>,
    cx: Data<Context>,
    path: TicketPath,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let (limit, after) = query.page();
    query.finish()?;
    let found = usecases::ticket::handovers(&cx, &caller.grant, &path.ticket, after.unwrap_or(0), limit).await?;
    let page = found.ok_or_else(|| Problem::new(Code::NotFound))?;
    let loaded = cx.city()?;
    let handovers = page.items.into_iter().map(|handover| view(handover, &loaded.city, caller.language)).collect();
    Ok(reply::page::<HandoverView>(&request, caller.language, handovers, page.next.as_ref()))
}
