//! What a partner can do with its ticket.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use chrono::{DateTime, NaiveDate, Utc};
use domain::city::catalogue::ClosureReason;
use domain::id::{PartnerLinkId, ServiceCode};
use domain::text::{BodyTold, MessageToResident, Note};
use domain::ticket::acknowledge::Acknowledge;
use domain::ticket::event::RefusalReason;
use domain::ticket::refuse::Refuse;
use domain::ticket::resolve::Resolve;
use domain::ticket::schedule::Schedule;
use domain::ticket::start::Start;
use domain::ticket::{Action, State, Ticket};
use serde::{Deserialize, Serialize};
use usecases::once::Once;
use usecases::ticket::partner::{self, Act, Door, Shut, knock, shown};
use usecases::{Context, Origin};
use utoipa::ToSchema;

use super::sent::Sent;
use super::view::{PartnerTicket, actions};
use super::{LinkPath, page};
use crate::problem::{Problem, preferred_language};
use crate::reply;
use crate::request::body::{Body, Input, Nothing, input};
use crate::request::caller::Visitor;
use crate::ticket::ChangeHeaders;

/// Take a ticket in hand.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartnerAcknowledge {
    /// The day on which the partner expects to act.
    expected_on: Option<NaiveDate>,
    /// For the dispatcher; the resident does not read it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    note: Option<Note>,
}
input!(PartnerAcknowledge);

/// Send a ticket back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartnerRefuse {
    /// Why. `other` needs a note.
    reason: RefusalReason,
    /// The code of the service that is competent instead.
    #[schema(value_type = Option<String>, pattern = "^[a-z][a-z0-9_-]{0,59}$")]
    service: Option<ServiceCode>,
    /// For the dispatcher; the resident does not read it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    note: Option<Note>,
}
input!(PartnerRefuse);

/// Set a day.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartnerSchedule {
    /// The day: today or later.
    scheduled_for: NaiveDate,
    /// For the dispatcher; the resident does not read it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    note: Option<Note>,
}
input!(PartnerSchedule);

/// Say that a ticket is settled.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartnerResolve {
    /// How.
    closure_reason: ClosureReason,
    /// The competent body that was told (CRPA L114-2): when the reason is `not_competent`.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 120)]
    body_told: Option<BodyTold>,
    /// What the resident reads.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    message_to_resident: MessageToResident,
    /// For the dispatcher; the resident does not read it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2000)]
    note: Option<Note>,
}
input!(PartnerResolve);

/// How the ticket stands after what was done.
#[derive(Serialize, ToSchema)]
pub(crate) struct PartnerDone {
    /// What people say on the telephone.
    #[schema(examples("AMI-26-004217"))]
    reference: String,
    /// Rises by one with each change; also the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
    state: State,
    /// When it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    received_at: Option<DateTime<Utc>>,
    /// When it was taken on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    acknowledged_at: Option<DateTime<Utc>>,
    /// The day for which it is expected to be settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expected_on: Option<NaiveDate>,
    /// What the partner can do now; nothing once it has refused the ticket or settled it: its link is dead.
    actions: Vec<Action>,
}

impl PartnerDone {
    fn new(ticket: &Ticket, now: DateTime<Utc>) -> Self {
        Self {
            reference: ticket.reference.clone(),
            version: ticket.version,
            state: ticket.state,
            received_at: ticket.received_at,
            acknowledged_at: ticket.acknowledged_at,
            expected_on: ticket.scheduled_for,
            actions: actions(ticket, now),
        }
    }
}

/// A request to do something through a link.
pub(super) struct Asked<'a> {
    pub(super) request: &'a HttpRequest,
    pub(super) cx: &'a Context,
    pub(super) path: &'a LinkPath,
    pub(super) from: &'a Origin,
    /// The action, as its route ends.
    pub(super) action: &'static str,
}

impl Asked<'_> {
    /// Does it, and answers a program with JSON, a person with a page: the ticket's, once something was done or with what
    /// is wrong.
    pub(super) async fn answer<T>(
        &self,
        sent: Sent<T>,
        work: impl AsyncFnOnce(&Door, Sent<T>) -> Result<HttpResponse, Problem>,
    ) -> Result<HttpResponse, Problem> {
        let form = sent.form.clone();
        let outcome = match knock(self.cx, &self.path.token, self.from).await {
            Ok(door) => work(&door, sent).await,
            Err(shut) => match self.before(&shut, sent).await? {
                Some(answer) => Ok(answer),
                None => return self.shut(shut, form.is_some()),
            },
        };
        match (outcome, form) {
            (outcome, None) => outcome,
            (Ok(_), Some(_)) => {
                let to = format!("{}?done={}", self.path.page(), self.action);
                Ok(HttpResponse::SeeOther().insert_header((LOCATION, to)).finish())
            }
            (Err(problem), Some(typed)) => self.again(&problem, typed).await,
        }
    }

    /// What the same request was answered the first time, where that has ended the link.
    async fn before<T>(&self, shut: &Shut, sent: Sent<T>) -> Result<Option<HttpResponse>, Problem> {
        let (Shut::Answered | Shut::Gone, Ok(Body { digest, .. }), Ok(key)) = (shut, sent.body, sent.key) else {
            return Ok(None);
        };
        let claim = |link: PartnerLinkId| key.claim(link.0, &digest);
        let answer = partner::answered_before(self.cx, &self.path.token, claim).await?;
        answer.map(|answer| reply::send(answer, preferred_language(self.request))).transpose()
    }

    fn shut(&self, shut: Shut, form: bool) -> Result<HttpResponse, Problem> {
        if form { page::shut(self.request, self.path, shut) } else { Err(shut.into()) }
    }

    /// The page again, as the ticket is now, with what was typed and what is wrong with it.
    async fn again(&self, problem: &Problem, typed: BTreeMap<String, String>) -> Result<HttpResponse, Problem> {
        let door = match knock(self.cx, &self.path.token, self.from).await {
            Ok(door) => door,
            Err(shut) => return self.shut(shut, true),
        };
        let (shown, loaded) = (shown(self.cx, &door).await?, self.cx.city()?);
        let language = preferred_language(self.request);
        let ticket = PartnerTicket::new(&door, shown, &loaded.city, language, &self.path.page(), self.cx.now());
        let notice = page::Notice::wrong(problem, language, self.action, typed);
        page::ticket(self.cx, &loaded.city, language, self.path, &ticket, &notice)
    }

    async fn act<T: Input>(&self, sent: Sent<T>, command: impl FnOnce(T) -> Act) -> Result<HttpResponse, Problem> {
        let language = preferred_language(self.request);
        self.answer(sent, async |door, sent| {
            let (Body { value, digest }, seen) = (sent.body?, sent.seen?);
            let show = |ticket: &Ticket| {
                reply::kept(StatusCode::OK, Some(ticket.version), None, &PartnerDone::new(ticket, self.cx.now()))
            };
            let once = Once::new(sent.key?.claim(door.id().0, &digest), &show);
            let done = partner::act(self.cx, door, &seen, command(value), once).await?;
            reply::send(done.into_answer(show), language)
        })
        .await
    }
}

/// Writes the route of an action.
macro_rules! action {
    (
        $(#[doc = $doc:literal])*
        $name:ident($body:ident = $example:tt) at $route:literal as $id:literal or $refused:literal: $command:expr
    ) => {
        $(#[doc = $doc])*
        #[utoipa::path(
            operation_id = $id,
            tag = "partners",
            params(LinkPath, ChangeHeaders),
            request_body(content = $body, example = json!($example)),
            responses(
                (status = 200, description = "How the ticket stands", body = PartnerDone, headers(("ETag" = String, description = "The new version"))),
                (status = 303, description = "To the page, when its form was sent", headers(("Location" = String, description = "The page"))),
                (status = 409, description = $refused),
                (status = 410, description = "`partner_link_expired`, `partner_link_over`"),
            ),
            security(())
        )]
        #[post($route)]
        pub(crate) async fn $name(
            request: HttpRequest,
            Visitor(from): Visitor,
            cx: Data<Context>,
            path: LinkPath,
            sent: Sent<$body>,
        ) -> Result<HttpResponse, Problem> {
            let action = stringify!($name);
            Asked { request: &request, cx: &cx, path: &path, from: &from, action }.act(sent, $command).await
        }
    };
}

action! {
    /// Say that a partner has its ticket
    ///
    /// Once, while it is `submitted`; whatever else is done first says so too.
    receive(Nothing = {}) at "/v1/partners/{token}/receive" as "partner_receive" or "`ticket_not_submitted`; `already_received`: it was opened before": |_| Act::Receive
}

action! {
    /// Take a ticket in hand, as its partner
    ///
    /// While it is `submitted`. The referrer, and the resident if they left an address, are told by e-mail.
    acknowledge(PartnerAcknowledge = {"expected_on": "2026-12-01"})
        at "/v1/partners/{token}/acknowledge" as "partner_acknowledge" or "`ticket_not_submitted`: it is in another state":
        |PartnerAcknowledge { expected_on, note }| Act::Acknowledge(Acknowledge { assignee: None, expected_on, note })
}

action! {
    /// Send a ticket back, as its partner
    ///
    /// While it is `submitted` or `acknowledged`. The dispatcher is told, and decides what becomes of it; the link is dead.
    refuse(PartnerRefuse = {"reason": "not_competent", "service": "voirie", "note": "Sur la voie publique, hors de la résidence"})
        at "/v1/partners/{token}/refuse" as "partner_refuse" or "`ticket_not_refusable`: it is neither submitted nor acknowledged":
        |PartnerRefuse { reason, service, note }| Act::Refuse(Refuse { reason, service, note })
}

action! {
    /// Set the day on which a partner will act
    ///
    /// While it is `acknowledged`, `in_progress` or `on_hold`.
    schedule(PartnerSchedule = {"scheduled_for": "2026-12-01"})
        at "/v1/partners/{token}/schedule" as "partner_schedule" or "`ticket_not_schedulable`: it is neither acknowledged, in progress nor on hold":
        |PartnerSchedule { scheduled_for, note }| Act::Schedule(Schedule { scheduled_for, note })
}

action! {
    /// Set to work, as a ticket's partner
    ///
    /// While it is `acknowledged`, `scheduled` or `on_hold`.
    start(Nothing = {}) at "/v1/partners/{token}/start" as "partner_start" or "`ticket_not_startable`: it is neither acknowledged, scheduled nor on hold": |_| Act::Start(Start::default())
}

action! {
    /// Say that a ticket is settled, as its partner
    ///
    /// While it is `acknowledged`, `scheduled`, `in_progress` or `on_hold`. The referrer, and the resident if they left an
    /// address, are told by e-mail; the link is dead. Not as `duplicate`: a dispatcher merges it; while it is
    /// `submitted` or `acknowledged`, that is a reason to refuse it.
    resolve(PartnerResolve = {"closure_reason": "work_done", "message_to_resident": "La porte du hall est réparée."})
        at "/v1/partners/{token}/resolve" as "partner_resolve" or "`ticket_not_resolvable`: nobody has it in hand, or it is settled already":
        |PartnerResolve { closure_reason, body_told, message_to_resident, note }| {
            Act::Resolve(Resolve { closure_reason, body_told, message_to_resident, note })
        }
}
