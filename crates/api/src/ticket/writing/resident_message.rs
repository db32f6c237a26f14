//! Messages to the resident.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use auth::Holder as _;
use auth::permission::{ChangeTickets, ReadTickets};
use chrono::{DateTime, Utc};
use domain::id::WritingId;
use domain::text::MessageToResident;
use domain::ticket::writing::ResidentMessage;
use serde::{Deserialize, Serialize};
use usecases::Context;
use usecases::once::Once;
use usecases::ticket::{self, Written};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::ListWritings;
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, Nothing, input};
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};
use crate::request::path::{Id, id_path};
use crate::request::query::Query;
use crate::ticket::TicketPath;
use domain::ticket::ActorView;

/// Write to the resident.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteToResident {
    /// What the resident is to read.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    text: MessageToResident,
}
input!(WriteToResident);

/// A message to the resident.
#[derive(Serialize, ToSchema)]
#[schema(as = ResidentMessage)]
pub(crate) struct ResidentMessageView {
    /// Its id.
    id: Uuid,
    /// When it was written.
    at: DateTime<Utc>,
    by: ActorView,
    /// What it says, as it was kept.
    text: String,
    /// When it leaves, or left: until then it can be taken back.
    leaves_at: DateTime<Utc>,
    /// When it was taken back: the resident never reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    taken_back_at: Option<DateTime<Utc>>,
}

impl ResidentMessageView {
    fn new(written: &Written<ResidentMessage>) -> Self {
        let ResidentMessage { id, at, by, text, leaves_at, taken_back_at } = &written.writing;
        Self {
            id: id.0,
            at: *at,
            by: ActorView::new(by, written.name.clone()),
            text: text.to_string(),
            leaves_at: *leaves_at,
            taken_back_at: *taken_back_at,
        }
    }
}

/// A page of messages to the resident.
#[derive(Serialize, ToSchema)]
pub(crate) struct ResidentMessagePage {
    /// The messages, the first one first.
    items: Vec<ResidentMessageView>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A message to the resident, in a path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents the parameter")]
pub(crate) struct MessagePath {
    /// The message's id.
    message: Uuid,
}
id_path!(MessagePath, "message");

/// Write to the resident
///
/// For the members of the ticket's service and dispatchers. The message leaves after twenty minutes, and can be taken
/// back until then: the resident then gets an e-mail with the link to their page, where the message stands. How the
/// ticket ended is told with `resolve`, not here.
#[utoipa::path(
    operation_id = "resident_message_write",
    tag = "tickets",
    params(TicketPath, IdempotencyHeader),
    request_body(content = WriteToResident, example = json!({"text": "Nous passerons jeudi matin ; le portail peut-il rester ouvert ?"})),
    responses(
        (status = 201, description = "The message, waiting to leave", body = ResidentMessageView),
        (status = 403, description = "`missing_right`, `action_not_yours`, `second_factor_required`"),
        (status = 409, description = "`resident_without_address`"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/resident_messages")]
pub(crate) async fn write(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    key: Idempotency,
    body: Body<WriteToResident>,
) -> Result<HttpResponse, Problem> {
    let Caller { grant, language } = caller;
    let show = |written: &Written<ResidentMessage>| {
        reply::kept(StatusCode::CREATED, None, None, &ResidentMessageView::new(written))
    };
    let once = Once::new(key.claim(grant.holder().id(), &body.digest), &show);
    let done = ticket::write_to_resident(&cx, &grant, &path.ticket, body.value.text, once).await?;
    reply::send(done.into_answer(show), language)
}

/// Take a message to the resident back
///
/// Before it leaves, for whoever could have written it. It stays in the list, marked. Taking it back again changes
/// nothing.
#[utoipa::path(
    operation_id = "resident_message_take_back",
    tag = "tickets",
    params(TicketPath, MessagePath, IdempotencyHeader),
    request_body(content = Nothing, example = json!({})),
    responses(
        (status = 200, description = "The message, taken back", body = ResidentMessageView),
        (status = 403, description = "`missing_right`, `action_not_yours`, `second_factor_required`"),
        (status = 409, description = "`message_has_left`"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/resident_messages/{message}/take_back")]
pub(crate) async fn take_back(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    message: Id<MessagePath>,
    key: Idempotency,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let Caller { grant, language } = caller;
    let show = |written: &Written<ResidentMessage>| {
        reply::kept(StatusCode::OK, None, None, &ResidentMessageView::new(written))
    };
    let once = Once::new(key.claim(grant.holder().id(), &body.digest), &show);
    let done = ticket::take_back(&cx, &grant, &path.ticket, WritingId(message.value), once).await?;
    reply::send(done.into_answer(show), language)
}

/// List a ticket's messages to the resident
///
/// The first one first, those that were taken back included. For the members of the ticket's service and dispatchers.
#[utoipa::path(
    operation_id = "resident_message_list",
    tag = "tickets",
    params(TicketPath, ListWritings),
    responses(
        (status = 200, description = "A page of messages", body = ResidentMessagePage, headers(("Link" = String, description = "The next page, rel=\"next\""))),
        (status = 403, description = "`missing_right`, `action_not_yours`, `second_factor_required`"),
    ),
    security(("bearer" = []))
)]
#[get("/v1/tickets/{ticket}/resident_messages")]
pub(crate) async fn list(
    caller: Caller<ReadTickets>,
    cx: Data<Context>,
    path: TicketPath,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let (limit, after) = query.page();
    query.finish()?;
    let page = ticket::resident_messages(&cx, &caller.grant, &path.ticket, after.unwrap_or_default(), limit).await?;
    let messages = page.items.iter().map(ResidentMessageView::new).collect();
    Ok(reply::page::<ResidentMessageView>(&request, caller.language, messages, page.next.as_ref()))
}
