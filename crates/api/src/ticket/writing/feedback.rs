//! What residents say of how a ticket ended.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadTickets;
use chrono::{DateTime, Utc};
use domain::ticket::feedback::{Answer, Unsolved};
use serde::Serialize;
use usecases::Context;
use usecases::ticket;
use usecases::tracking::Given;
use utoipa::ToSchema;
use uuid::Uuid;

use super::ListWritings;
use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::query::Query;
use crate::ticket::TicketPath;

/// A resident's answer to the question whether it is solved.
#[derive(Serialize, ToSchema)]
#[schema(as = FeedbackAnswer)]
struct FeedbackView {
    /// Its id.
    id: Uuid,
    /// When.
    at: DateTime<Utc>,
    /// Whether it is solved, as the resident sees it.
    solved: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<Unsolved>,
    /// What they added.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    text: Option<String>,
    /// Whether they had the ticket reopened.
    reopened: bool,
}

impl FeedbackView {
    fn new(given: &Given) -> Self {
        let (solved, reason, reopened) = match given.answer {
            Answer::Solved { .. } => (true, None, false),
            Answer::NotSolved { reason, reopen, .. } => (false, Some(reason), reopen),
        };
        let text = given.answer.text().map(ToString::to_string);
        Self { id: given.id.0, at: given.at, solved, reason, text, reopened }
    }
}

/// A page of residents' answers.
#[derive(Serialize, ToSchema)]
pub(crate) struct FeedbackPage {
    /// The answers, the first one first.
    items: Vec<FeedbackView>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List what residents say of how a ticket ended
///
/// The first answer first; of each resident, the last one counts. For the members of the ticket's service, dispatchers and
/// the referrer. Who answered is not told: several residents may follow one ticket.
#[utoipa::path(
    operation_id = "feedback_list",
    tag = "tickets",
    params(TicketPath, ListWritings),
    responses(
        (status = 200, description = "A page of answers", body = FeedbackPage, headers(("Link" = String, description = "The next page, rel=\"next\""))),
        (status = 403, description = "`missing_right`, `action_not_yours`, `second_factor_required`"),
    ),
    security(("bearer" = []))
)]
#[get("/v1/tickets/{ticket}/feedback")]
pub(crate) async fn list(
    caller: Caller<ReadTickets>,
    cx: Data<Context>,
    path: TicketPath,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let (limit, after) = query.page();
    query.finish()?;
    let page = ticket::feedback(&cx, &caller.grant, &path.ticket, after.unwrap_or_default(), limit).await?;
    let answers = page.items.iter().map(FeedbackView::new).collect();
    Ok(reply::page::<FeedbackView>(&request, caller.language, answers, page.next.as_ref()))
}
