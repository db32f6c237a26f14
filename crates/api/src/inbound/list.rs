//! Listing e-mails that wait for a dispatcher.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::SettleMail;
use chrono::{DateTime, Utc};
use serde::Serialize;
use usecases::Context;
use usecases::inbound::Unplaced;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::query::Query;

/// Which part of the list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
pub(crate) struct ListMail {
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// An e-mail that could not be put with a ticket.
#[derive(Serialize, ToSchema)]
#[schema(as = UnplacedMail)]
struct UnplacedMailView {
    /// Its id.
    id: Uuid,
    /// When it came in.
    received_at: DateTime<Utc>,
    /// Why: `no_token`, `no_ticket`, `unknown_sender`, `too_long`, `too_many`, `nothing_of_their_own`.
    #[schema(examples("unknown_sender"))]
    why: String,
    /// The reference of the ticket that it answers to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("AMI-26-004217"))]
    ticket: Option<String>,
    /// Who says that they wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    from: Option<String>,
    /// The subject.
    subject: String,
    /// What they say, without what they answer to, or all of it, masked, where nothing else is left; of a longer one, its
    /// first 20 000 characters, and that more followed.
    text: String,
    /// The names of its attachments, which are not kept: ask for them again.
    attachments: Vec<String>,
}

impl From<&Unplaced> for UnplacedMailView {
    fn from(mail: &Unplaced) -> Self {
        Self {
            id: mail.id,
            received_at: mail.received_at,
            why: mail.why.clone(),
            ticket: mail.ticket.as_ref().map(|(_, reference)| reference.clone()),
            from: mail.words.from.clone(),
            subject: mail.words.subject.clone(),
            text: mail.words.text.clone(),
            attachments: mail.words.attachments.clone(),
        }
    }
}

/// A page of e-mails that wait for a dispatcher.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnplacedMailPage {
    /// The e-mails, the first one first.
    items: Vec<UnplacedMailView>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List e-mails that belong to no ticket
///
/// For dispatchers: what came in answer to the city's e-mails and could not be put with a ticket, until it is settled.
#[utoipa::path(
    operation_id = "inbound_list",
    tag = "inbound",
    params(ListMail),
    responses((status = 200, description = "A page of e-mails", body = UnplacedMailPage, headers(("Link" = String, description = "The next page, rel=\"next\"")))),
    security(("bearer" = []))
)]
#[get("/v1/inbound")]
pub(crate) async fn list(
    caller: Caller<SettleMail>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let (limit, after) = query.page();
    query.finish()?;
    let page = usecases::inbound::unplaced(&cx, &caller.grant, after.unwrap_or_default(), limit).await?;
    Ok(reply::page(
        &request,
        caller.language,
        page.items.iter().map(UnplacedMailView::from).collect(),
        page.next.as_ref(),
    ))
}
