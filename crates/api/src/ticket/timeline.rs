//! A ticket's timeline.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::Asking;
use auth::permission::ReadTickets;
use chrono::{DateTime, Utc};
use domain::language::Language;
use domain::ticket::ActorView;
use serde::Serialize;
use serde_json::{Map, Value};
use usecases::Context;
use usecases::ticket::Entry;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::TicketPath;
use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::query::Query;
use crate::request::reader::Reader;

/// How a timeline is paged.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
pub(crate) struct ListEvents {
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// One line of a timeline: what happened, by whom, when.
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketEvent {
    /// Its id.
    id: Uuid,
    /// The ticket's version once it had happened.
    #[schema(minimum = 1)]
    version: i64,
    /// What happened: `submitted`, `acknowledged`, `refused`…
    #[serde(rename = "type")]
    #[schema(rename = "type", examples("acknowledged"))]
    event_type: &'static str,
    /// When.
    at: DateTime<Utc>,
    by: ActorView,
    /// What was said: `closure_reason`, `message_to_resident`, `note`, by type of event.
    data: Map<String, Value>,
}

/// A page of a timeline.
#[derive(Serialize, ToSchema)]
pub(crate) struct EventPage {
    /// The events, the first one first.
    items: Vec<TicketEvent>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

fn view(entry: Entry, note: bool) -> TicketEvent {
    let Entry { event, name } = entry;
    let mut data = match serde_json::to_value(&event.fact) {
        Ok(Value::Object(data)) => data,
        Ok(_) | Err(_) => Map::new(),
    };
    data.remove("type");
    if !note {
        data.remove("note");
    }
    TicketEvent {
        id: event.id.0,
        version: event.version,
        event_type: event.fact.code(),
        at: event.at,
        by: ActorView::new(&event.by, name),
        data,
    }
}

/// Read a ticket's timeline
///
/// Exactly one event for each change, the first one first; nothing edits or deletes one. Notes are for the members of
/// the ticket's service and dispatchers; why it was reopened or called off, everybody reads, but what a resident said
/// with it only those and the referrer. Events of attachments are for those who may know of these: of what a resident
/// sent, the same three; the referrer of a restricted ticket does not see those of attachments that others added or
/// took back.
#[utoipa::path(
    operation_id = "ticket_timeline",
    tag = "tickets",
    params(TicketPath, ListEvents),
    responses((status = 200, description = "A page of the timeline", body = EventPage, headers(("Link" = String, description = "The next page, rel=\"next\"")))),
    security(("bearer" = []))
)]
#[get("/v1/tickets/{ticket}/timeline")]
pub(crate) async fn timeline(
    reader: Reader<ReadTickets>,
    cx: Data<Context>,
    path: TicketPath,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let read = async |asking: &Asking<ReadTickets>| {
        let mut query = Query::of(&request);
        let (limit, after) = query.page();
        query.finish()?;
        Ok(usecases::ticket::timeline(
            &cx,
            &usecases::Reader::new(&cx, asking),
            &path.ticket,
            after.unwrap_or(0),
            limit,
        )
        .await?)
    };
    let (caller, found) = reader.find(&cx, read, Option::is_some).await?;
    let (ticket, page) = found.ok_or_else(|| Problem::new(Code::NotFound))?;
    let reader = caller.grant.caller();
    let seen = page.items.into_iter().filter(|entry| reader.sees_event(&entry.event, &ticket));
    let shown = |entry: Entry| {
        let note = reader.reads_note(&entry.event, &ticket);
        view(entry, note)
    };
    let events = seen.map(shown).collect();
    Ok(reply::page::<TicketEvent>(&request, Language::default(), events, page.next.as_ref()))
}
