//! The same for many tickets.

use crate::openapi::Routes;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::Holder as _;
use auth::permission::ChangeTickets;
use domain::language::Language;
use domain::ticket::{State, Ticket};
use serde::{Deserialize, Serialize};
use usecases::Context;
use usecases::once::Once;
use usecases::ticket::{self, Command, Denied, Named, On, Results};
use utoipa::ToSchema;
use uuid::Uuid;

use super::acknowledge::AcknowledgeTicket;
use super::assign::AssignTicket;
use super::hold::HoldTicket;
use super::prioritise::PrioritiseTicket;
use super::reroute::RerouteTicket;
use crate::problem::{Problem, ProblemBody};
use crate::reply;
use crate::request::body::{Body, Input, input};
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};

pub(super) fn routes(config: &mut impl Routes) {
    config.service(acknowledge).service(assign).service(reroute).service(prioritise).service(hold);
}

/// A ticket, and the version of it that you have read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BulkItem {
    /// Its id or its reference.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", example = "AMI-26-000001")]
    ticket: String,
    /// The version that you have read: what `If-Match` is for one ticket.
    #[schema(minimum = 1)]
    version: i64,
}

/// The same for many tickets.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bulk<T: ToSchema> {
    /// Which.
    #[schema(min_items = 1, max_items = 200)]
    tickets: Vec<BulkItem>,
    /// What: the body of the same action on one ticket.
    #[schema(inline)]
    command: T,
    /// Whether nothing is done when it is refused for one of them. Otherwise each ticket goes its own way.
    #[serde(default)]
    all_or_none: bool,
}

input!(Bulk<AcknowledgeTicket>);
input!(Bulk<AssignTicket>);
input!(Bulk<RerouteTicket>);
input!(Bulk<PrioritiseTicket>);
input!(Bulk<HoldTicket>);

/// What became of one ticket.
#[derive(Serialize, ToSchema)]
struct BulkResult {
    /// As it was asked for.
    ticket: String,
    /// Whether it was done.
    changed: bool,
    /// Its id, once changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<Uuid>,
    /// What to say on the phone, once changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reference: Option<String>,
    /// Its state, once changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    state: Option<State>,
    /// Its version now: after the change, or when another was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    version: Option<i64>,
    /// Why it was not changed: what the action on this ticket alone would have been answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    problem: Option<ProblemBody>,
}

/// What became of each ticket.
#[derive(Serialize, ToSchema)]
pub(crate) struct BulkResults {
    /// In the order in which they were asked for.
    results: Vec<BulkResult>,
    /// How many were changed.
    #[schema(minimum = 0)]
    changed: usize,
}

fn result(name: &str, result: &Result<Ticket, Denied>, action: &str, language: Language) -> BulkResult {
    let refused = BulkResult {
        ticket: name.to_owned(),
        changed: false,
        id: None,
        reference: None,
        state: None,
        version: None,
        problem: None,
    };
    match result {
        Ok(ticket) => BulkResult {
            changed: true,
            id: Some(ticket.id.0),
            reference: Some(ticket.reference.clone()),
            state: Some(ticket.state),
            version: Some(ticket.version),
            ..refused
        },
        Err(denied) => {
            let version = if let Denied::Stale(current) = denied { Some(*current) } else { None };
            let problem = Problem::from(denied.clone()).body(&format!("/v1/tickets/{name}/{action}"), language);
            BulkResult { version, problem: Some(problem), ..refused }
        }
    }
}

async fn answer<T: ToSchema>(
    caller: Caller<ChangeTickets>,
    cx: &Context,
    key: Idempotency,
    body: Body<Bulk<T>>,
    (action, command): (&str, fn(T) -> Command),
) -> Result<HttpResponse, Problem>
where
    Bulk<T>: Input,
{
    let Caller { grant, language } = caller;
    let Bulk { tickets, command: cmd, all_or_none } = body.value;
    // The schema has checked their form; a name that is none names nothing.
    let named = |name: &str| super::named(name).unwrap_or_else(|| Named::Reference(String::new()));
    let on = tickets.iter().map(|item| On { ticket: named(&item.ticket), seen: vec![item.version] }).collect();
    let show = |results: &Results| {
        let each = tickets.iter().zip(results).map(|(item, each)| result(&item.ticket, each, action, language));
        let changed = results.iter().filter(|result| result.is_ok()).count();
        reply::kept(StatusCode::OK, None, None, &BulkResults { results: each.collect(), changed })
    };
    let once = Once::new(key.claim(grant.holder().id(), &body.digest), &show);
    let cmd = ticket::Bulk { on, command: command(cmd), all_or_none };
    let done = ticket::bulk(cx, &grant, cmd, once).await?;
    reply::send(done.into_answer(show), language)
}

/// Take many tickets in hand
///
/// As `acknowledge` does with one, for at most 200 in one transaction, each within its own rules. `all_or_none` decides
/// whether one that is refused keeps the others back (409, `errors` tells of each) or is told among the results.
#[utoipa::path(
    operation_id = "ticket_acknowledge_bulk",
    tag = "tickets",
    params(IdempotencyHeader),
    request_body(content = Bulk<AcknowledgeTicket>, example = json!({"tickets": [{"ticket": "AMI-26-000001", "version": 1}], "command": {"expected_on": "2026-12-15"}})),
    responses((status = 200, description = "What became of each", body = BulkResults), (status = 409, description = "`bulk_refused`")),
    security(("bearer" = []))
)]
#[post("/v1/tickets/bulk/acknowledge")]
async fn acknowledge(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    key: Idempotency,
    body: Body<Bulk<AcknowledgeTicket>>,
) -> Result<HttpResponse, Problem> {
    answer(caller, &cx, key, body, ("acknowledge", |cmd| Command::Acknowledge(cmd.into()))).await
}

/// Give many tickets to somebody
///
/// As `assign` does with one, for at most 200 in one transaction, each within its own rules. `all_or_none` decides whether
/// one that is refused keeps the others back (409, `errors` tells of each) or is told among the results.
#[utoipa::path(
    operation_id = "ticket_assign_bulk",
    tag = "tickets",
    params(IdempotencyHeader),
    request_body(content = Bulk<AssignTicket>, example = json!({"tickets": [{"ticket": "AMI-26-000001", "version": 2}], "command": {"note": "Équipe du matin"}})),
    responses((status = 200, description = "What became of each", body = BulkResults), (status = 409, description = "`bulk_refused`")),
    security(("bearer" = []))
)]
#[post("/v1/tickets/bulk/assign")]
async fn assign(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    key: Idempotency,
    body: Body<Bulk<AssignTicket>>,
) -> Result<HttpResponse, Problem> {
    answer(caller, &cx, key, body, ("assign", |cmd| Command::Assign(cmd.into()))).await
}

/// Pass many tickets on
///
/// As `reroute` does with one, for at most 200 in one transaction, each within its own rules. `all_or_none` decides
/// whether one that is refused keeps the others back (409, `errors` tells of each) or is told among the results.
#[utoipa::path(
    operation_id = "ticket_reroute_bulk",
    tag = "tickets",
    params(IdempotencyHeader),
    request_body(content = Bulk<RerouteTicket>, example = json!({"tickets": [{"ticket": "AMI-26-000001", "version": 2}], "command": {"service": "voirie", "note": "Voirie départementale."}, "all_or_none": true})),
    responses((status = 200, description = "What became of each", body = BulkResults), (status = 409, description = "`bulk_refused`")),
    security(("bearer" = []))
)]
#[post("/v1/tickets/bulk/reroute")]
async fn reroute(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    key: Idempotency,
    body: Body<Bulk<RerouteTicket>>,
) -> Result<HttpResponse, Problem> {
    answer(caller, &cx, key, body, ("reroute", |cmd| Command::Reroute(cmd.into()))).await
}

/// Make many tickets more, or less, pressing
///
/// As `prioritise` does with one, for at most 200 in one transaction, each within its own rules. `all_or_none` decides
/// whether one that is refused keeps the others back (409, `errors` tells of each) or is told among the results.
#[utoipa::path(
    operation_id = "ticket_prioritise_bulk",
    tag = "tickets",
    params(IdempotencyHeader),
    request_body(content = Bulk<PrioritiseTicket>, example = json!({"tickets": [{"ticket": "AMI-26-000001", "version": 2}], "command": {"priority": "high"}})),
    responses((status = 200, description = "What became of each", body = BulkResults), (status = 409, description = "`bulk_refused`")),
    security(("bearer" = []))
)]
#[post("/v1/tickets/bulk/prioritise")]
async fn prioritise(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    key: Idempotency,
    body: Body<Bulk<PrioritiseTicket>>,
) -> Result<HttpResponse, Problem> {
    answer(caller, &cx, key, body, ("prioritise", |cmd| Command::Prioritise(cmd.into()))).await
}

/// Let many tickets wait
///
/// As `hold` does with one, for at most 200 in one transaction, each within its own rules. `all_or_none` decides whether
/// one that is refused keeps the others back (409, `errors` tells of each) or is told among the results.
#[utoipa::path(
    operation_id = "ticket_hold_bulk",
    tag = "tickets",
    params(IdempotencyHeader),
    request_body(content = Bulk<HoldTicket>, example = json!({"tickets": [{"ticket": "AMI-26-000001", "version": 3}], "command": {"reason": "weather", "resume_on": "2026-12-15"}})),
    responses((status = 200, description = "What became of each", body = BulkResults), (status = 409, description = "`bulk_refused`")),
    security(("bearer" = []))
)]
#[post("/v1/tickets/bulk/hold")]
async fn hold(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    key: Idempotency,
    body: Body<Bulk<HoldTicket>>,
) -> Result<HttpResponse, Problem> {
    answer(caller, &cx, key, body, ("hold", |cmd| Command::Hold(cmd.into()))).await
}
