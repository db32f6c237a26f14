//! Notes among colleagues.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use auth::Holder as _;
use auth::permission::{ChangeTickets, ReadTickets};
use chrono::{DateTime, Utc};
use domain::id::UserId;
use domain::text;
use domain::ticket::writing::Note;
use serde::{Deserialize, Serialize};
use usecases::Context;
use usecases::once::Once;
use usecases::ticket::{self, Written};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ListWritings;
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};
use crate::request::query::Query;
use crate::ticket::TicketPath;
use domain::ticket::ActorView;

/// Write a note.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddNote {
    /// What colleagues are to know.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    text: text::Note,
    /// Colleagues who are told of it by e-mail: see `GET /v1/tickets/{ticket}/colleagues`.
    #[serde(default)]
    #[schema(max_items = 20)]
    mentions: Vec<Uuid>,
}
input!(AddNote);

/// A note.
#[derive(Serialize, ToSchema)]
#[schema(as = Note)]
pub(crate) struct NoteView {
    /// Its id.
    id: Uuid,
    /// When it was written.
    at: DateTime<Utc>,
    by: ActorView,
    /// What it says, as it was kept.
    text: String,
    /// Who was told of it.
    mentions: Vec<Uuid>,
}

impl NoteView {
    fn new(written: &Written<Note>) -> Self {
        let Note { id, at, by, text, mentions } = &written.writing;
        let by = ActorView::new(by, written.name.clone());
        Self { id: id.0, at: *at, by, text: text.to_string(), mentions: mentions.iter().map(|user| user.0).collect() }
    }
}

/// A page of notes.
#[derive(Serialize, ToSchema)]
pub(crate) struct NotePage {
    /// The notes, the first one first.
    items: Vec<NoteView>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Write a note
///
/// For the members of the ticket's service and dispatchers, who alone read it, whatever the ticket's state; for the
/// referrer and the resident there are messages. A note does not change the ticket and is never changed itself.
#[utoipa::path(
    operation_id = "note_add",
    tag = "tickets",
    params(TicketPath, IdempotencyHeader),
    request_body(content = AddNote, example = json!({"text": "Le bailleur rappelle demain : voir avec lui avant d’intervenir."})),
    responses(
        (status = 201, description = "The note", body = NoteView),
        (status = 403, description = "`missing_right`, `action_not_yours`, `second_factor_required`"),
        (status = 422, description = "Somebody who is mentioned does not read the ticket's notes: `errors` names each"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/notes")]
pub(crate) async fn add(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    key: Idempotency,
    body: Body<AddNote>,
) -> Result<HttpResponse, Problem> {
    let Caller { grant, language } = caller;
    let AddNote { text, mentions } = body.value;
    let cmd = ticket::AddNote { text, mentions: mentions.into_iter().map(UserId).collect() };
    let show = |written: &Written<Note>| reply::kept(StatusCode::CREATED, None, None, &NoteView::new(written));
    let claim = key.claim(grant.holder().id(), &body.digest);
    let done = ticket::add_note(&cx, &grant, &path.ticket, cmd, Once::new(claim, &show)).await?;
    reply::send(done.into_answer(show), language)
}

/// List a ticket's notes
///
/// The first one first. For the members of the ticket's service and dispatchers.
#[utoipa::path(
    operation_id = "note_list",
    tag = "tickets",
    params(TicketPath, ListWritings),
    responses(
        (status = 200, description = "A page of notes", body = NotePage, headers(("Link" = String, description = "The next page, rel=\"next\""))),
        (status = 403, description = "`missing_right`, `action_not_yours`, `second_factor_required`"),
    ),
    security(("bearer" = []))
)]
#[get("/v1/tickets/{ticket}/notes")]
pub(crate) async fn list(
    caller: Caller<ReadTickets>,
    cx: Data<Context>,
    path: TicketPath,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let (limit, after) = query.page();
    query.finish()?;
    let page = ticket::notes(&cx, &caller.grant, &path.ticket, after.unwrap_or_default(), limit).await?;
    let notes = page.items.iter().map(NoteView::new).collect();
    Ok(reply::page::<NoteView>(&request, caller.language, notes, page.next.as_ref()))
}
