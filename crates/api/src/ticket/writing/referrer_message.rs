//! What the service and the referrer write to one another.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get, post};
use auth::Holder as _;
use auth::permission::{ChangeTickets, ReadTickets};
use chrono::{DateTime, Utc};
use domain::text::Message;
use domain::ticket::writing::ReferrerMessage;
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

/// Write to the referrer, or as the referrer to the service.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteToReferrer {
    /// What the other side is to read.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    text: Message,
}
input!(WriteToReferrer);

/// A message between the service and the referrer.
#[derive(Serialize, ToSchema)]
#[schema(as = ReferrerMessage)]
pub(crate) struct ReferrerMessageView {
    /// Its id.
    id: Uuid,
    /// When it was written.
    at: DateTime<Utc>,
    /// `part` says which side wrote it.
    by: ActorView,
    /// What it says, as it was kept.
    text: String,
}

impl ReferrerMessageView {
    fn new(written: &Written<ReferrerMessage>) -> Self {
        let ReferrerMessage { id, at, by, text } = &written.writing;
        Self { id: id.0, at: *at, by: ActorView::new(by, written.name.clone()), text: text.to_string() }
    }
}

/// A page of messages between the service and the referrer.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReferrerMessagePage {
    /// The messages, the first one first.
    items: Vec<ReferrerMessageView>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Write to the referrer, or to the service
///
/// A conversation between the ticket's service, or a dispatcher, and the referrer: a question (“which floor?”) and its
/// answer. Whoever of them writes, the other side is told by e-mail, which does not repeat the text. The resident reads
/// none of it.
#[utoipa::path(
    operation_id = "referrer_message_write",
    tag = "tickets",
    params(TicketPath, IdempotencyHeader),
    request_body(content = WriteToReferrer, example = json!({"text": "Le matelas est-il dans la cour ou sur le trottoir ?"})),
    responses(
        (status = 201, description = "The message", body = ReferrerMessageView),
        (status = 403, description = "`missing_right`, `action_not_yours`, `second_factor_required`"),
        (status = 409, description = "`hidden_from_referrer`"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/referrer_messages")]
pub(crate) async fn write(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    key: Idempotency,
    body: Body<WriteToReferrer>,
) -> Result<HttpResponse, Problem> {
    let Caller { grant, language } = caller;
    let show = |written: &Written<ReferrerMessage>| {
        reply::kept(StatusCode::CREATED, None, None, &ReferrerMessageView::new(written))
    };
    let once = Once::new(key.claim(grant.holder().id(), &body.digest), &show);
    let done = ticket::write_to_referrer(&cx, &grant, &path.ticket, body.value.text, once).await?;
    reply::send(done.into_answer(show), language)
}

/// List what the service and the referrer wrote to one another
///
/// The first message first. For the members of the ticket's service, dispatchers and the referrer.
#[utoipa::path(
    operation_id = "referrer_message_list",
    tag = "tickets",
    params(TicketPath, ListWritings),
    responses(
        (status = 200, description = "A page of messages", body = ReferrerMessagePage, headers(("Link" = String, description = "The next page, rel=\"next\""))),
        (status = 403, description = "`missing_right`, `action_not_yours`, `second_factor_required`"),
    ),
    security(("bearer" = []))
)]
#[get("/v1/tickets/{ticket}/referrer_messages")]
pub(crate) async fn list(
    caller: Caller<ReadTickets>,
    cx: Data<Context>,
    path: TicketPath,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let (limit, after) = query.page();
    query.finish()?;
    let page = ticket::referrer_messages(&cx, &caller.grant, &path.ticket, after.unwrap_or_default(), limit).await?;
    let messages = page.items.iter().map(ReferrerMessageView::new).collect();
    Ok(reply::page::<ReferrerMessageView>(&request, caller.language, messages, page.next.as_ref()))
}
