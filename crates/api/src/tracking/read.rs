//! Following a concern through the resident's link.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_LANGUAGE;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{DateTime, NaiveDate, Utc};
use domain::city::City;
use domain::city::catalogue::{Audience, ClosureReason};
use domain::language::Language;
use domain::ticket::State;
use domain::ticket::feedback::{Answer, Unsolved};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;
use usecases::Context;
use usecases::tracking::{Followed, Given, Told, Tracked};
use utoipa::{IntoParams, ToSchema};

use super::next::{date, day, next};
use super::{lost, token, wants_json};
use crate::page;
use crate::problem::{Problem, ProblemBody};
use crate::view::MailsView;

/// The token of a tracking link.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents the parameter")]
pub(crate) struct TrackingPath {
    /// The token, as it stands in the link.
    #[param(pattern = "^[A-Za-z0-9_-]{1,64}$")]
    token: String,
}

/// A message of a service to the resident.
#[derive(Serialize, ToSchema)]
struct PublicMessage {
    /// When it was written.
    at: DateTime<Utc>,
    /// What it says.
    text: String,
}

/// How a ticket ended, for its resident.
#[derive(Serialize, ToSchema)]
struct PublicOutcome {
    reason: ClosureReason,
    /// The reason in a sentence.
    #[schema(examples("L’intervention a été faite."))]
    label: &'static str,
    /// The competent body that was told, when it is none of the city's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("Département de la Somme"))]
    body_told: Option<String>,
}

/// What a resident said of how their ticket ended.
#[derive(Serialize, ToSchema)]
struct PublicFeedback {
    /// When.
    at: DateTime<Utc>,
    /// Whether it is solved, as the resident sees it.
    solved: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<Unsolved>,
    /// What you added, as it was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    text: Option<String>,
}

impl PublicFeedback {
    fn new(given: &Given) -> Self {
        let (solved, reason) = match given.answer {
            Answer::Solved { .. } => (true, None),
            Answer::NotSolved { reason, .. } => (false, Some(reason)),
        };
        Self { at: given.at, solved, reason, text: given.answer.text().map(ToString::to_string) }
    }
}

/// A ticket, for its resident.
#[derive(Serialize, ToSchema)]
struct TrackedTicket {
    /// What to say on the phone.
    #[schema(examples("AMI-26-004217"))]
    reference: String,
    /// The service that has it.
    service: String,
    /// The service's telephone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    phone: Option<String>,
    state: State,
    /// The state in a sentence.
    state_label: &'static str,
    /// What happens next, and by when, in a sentence.
    #[schema(examples("Le service la prendra en charge d’ici au 11/03/2026."))]
    next: String,
    /// The day on which the service expects to act.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expected_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    outcome: Option<PublicOutcome>,
    /// What the service wrote to the resident, the first message first.
    messages: Vec<PublicMessage>,
    /// Whether you can say if it is solved, and have it taken up again.
    feedback_open: bool,
    /// What you last said of it, since it last ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    feedback: Option<PublicFeedback>,
}

/// A concern, for its resident.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tracking {
    pub(super) language: Language,
    /// What it is about.
    category: String,
    /// When it was filed.
    filed_at: DateTime<Utc>,
    /// What was answered on the spot.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    answer: Option<String>,
    /// Whether mails come.
    mails: MailsView,
    /// What each service does about it.
    tickets: Vec<TrackedTicket>,
}

fn ticket(followed: &Followed, city: &City, language: Language, now: DateTime<Utc>) -> TrackedTicket {
    let ticket = &followed.ticket;
    let service = city.service(&ticket.service);
    let body_told = followed.end.as_ref().and_then(|end| end.body_told.as_ref()).map(ToString::to_string);
    let outcome = |reason: ClosureReason| {
        let body_told = body_told.filter(|_| reason == ClosureReason::NotCompetent);
        PublicOutcome { reason, label: reason.label(Audience::Resident, language), body_told }
    };
    let message = |told: &Told| PublicMessage { at: told.at, text: told.text.to_string() };
    TrackedTicket {
        reference: ticket.reference.clone(),
        service: service.map_or(ticket.service.as_str(), |s| s.name.in_language(language)).to_owned(),
        phone: service.and_then(|service| service.phone.clone()),
        state: ticket.state,
        state_label: ticket.state.to_resident(language),
        next: next(ticket, followed.end.as_ref().is_some_and(|end| end.explained), now, city.zone(), language),
        expected_on: ticket.scheduled_for,
        outcome: ticket.closure_reason.map(outcome),
        messages: followed.told.iter().map(message).collect(),
        feedback_open: ticket.takes_feedback(now).is_ok(),
        feedback: followed.said.as_ref().map(PublicFeedback::new),
    }
}

impl Tracking {
    pub(super) fn new(tracked: &Tracked, city: &City, now: DateTime<Utc>) -> Self {
        let language = tracked.language;
        let category = city.category(&tracked.category);
        let label = category.map_or(tracked.category.as_str(), |category| category.label.in_language(language));
        Self {
            language,
            category: label.to_owned(),
            filed_at: tracked.filed_at,
            answer: tracked.answer.as_ref().map(ToString::to_string),
            mails: tracked.mails.into(),
            tickets: tracked.tickets.iter().map(|followed| ticket(followed, city, language, now)).collect(),
        }
    }
}

/// A form of the page that was refused: why, and what was typed into it, which the page shows again.
pub(super) struct Refused {
    pub(super) words: String,
    pub(super) typed: BTreeMap<String, String>,
}

/// The page of a concern; after a form that was refused, with that form.
pub(super) fn page(
    request: &HttpRequest,
    status: StatusCode,
    tracking: &Tracking,
    city: &City,
    refused: Option<&Refused>,
) -> Result<HttpResponse, Problem> {
    let (language, zone) = (tracking.language, city.zone());
    let tickets = tracking.tickets.iter().map(|ticket| {
        let messages =
            ticket.messages.iter().map(|m| context! { day => day(m.at, zone, language), text => m.text.as_str() });
        let again = refused.filter(|refused| refused.typed.get("ticket") == Some(&ticket.reference));
        context! {
            again => again.map(|refused| &refused.typed),
            messages => messages.collect::<Vec<_>>(),
            expected_on => ticket.expected_on.map(|day| date(day, language)),
            outcome => ticket.outcome.as_ref().map(|outcome| outcome.label),
            body_told => ticket.outcome.as_ref().and_then(|outcome| outcome.body_told.as_deref()),
            said_on => ticket.feedback.as_ref().map(|said| day(said.at, zone, language)),
            ..Value::from(Serde(ticket))
        }
    });
    let values = context! {
        language => language.tag(),
        city => city.settings.name.as_str(),
        sender => Serde(&city.settings.sender),
        category => tracking.category.as_str(),
        filed_on => day(tracking.filed_at, zone, language),
        answer => tracking.answer.as_deref(),
        mails => Serde(tracking.mails),
        reasons => Unsolved::ALL.map(|reason| [reason.code(), reason.label(language)]).to_vec(),
        path => format!("/v1/tracking/{}", token(request)),
        tickets => tickets.collect::<Vec<_>>(),
        error => refused.map(|refused| refused.words.as_str()),
    };
    page::form(status, "tracking.html", values)
}

/// Follow a concern through the resident's link
///
/// The state, what happens next and by when, the messages to the resident and the outcome of each ticket, in the
/// resident's language: as JSON when `Accept` asks for it, else as a page. The token is the whole authorization.
#[utoipa::path(
    operation_id = "tracking_read",
    tag = "tracking",
    params(TrackingPath),
    responses(
        (status = 200, description = "The concern", content((Tracking = "application/json"), (String = "text/html"))),
        (status = 404, description = "The link leads nowhere, or not any more", content(
            (ProblemBody = "application/problem+json"),
            (String = "text/html")
        )),
    ),
    security(())
)]
#[get("/v1/tracking/{token}")]
pub(crate) async fn read(cx: Data<Context>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    show(&cx, &request).await
}

/// The concern, as JSON or as a page.
pub(super) async fn show(cx: &Context, request: &HttpRequest) -> Result<HttpResponse, Problem> {
    let Some(tracked) = usecases::tracking::read(cx, token(request)).await? else { return lost(request) };
    let loaded = cx.city()?;
    let tracking = Tracking::new(&tracked, &loaded.city, cx.now());
    if wants_json(request) {
        let language = tracking.language.tag();
        return Ok(HttpResponse::Ok().insert_header((CONTENT_LANGUAGE, language)).json(&tracking));
    }
    page(request, StatusCode::OK, &tracking, &loaded.city, None)
}
