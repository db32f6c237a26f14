//! Following a concern through the resident's link.

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CONTENT_LANGUAGE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Europe::Paris;
use domain::city::City;
use domain::city::catalogue::{Audience, ClosureReason};
use domain::language::Language;
use domain::ticket::{State, Ticket};
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;
use usecases::Context;
use usecases::tracking::{Told as ToldResident, Tracked};
use utoipa::{IntoParams, ToSchema};

use crate::outermost::Told;
use crate::page;
use crate::problem::{Code, Problem, ProblemBody, preferred_language};

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
    at: DateTime<Utc>,
    text: String,
}

/// How a ticket ended, for its resident.
#[derive(Serialize, ToSchema)]
struct PublicOutcome {
    reason: ClosureReason,
    /// The reason in a sentence.
    #[schema(examples("L’intervention a été faite."))]
    label: &'static str,
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
    /// The day on which the service expects to act.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expected_on: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    outcome: Option<PublicOutcome>,
    /// What the service wrote to the resident, the first message first.
    messages: Vec<PublicMessage>,
}

/// A concern, for its resident.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tracking {
    language: Language,
    /// What it is about.
    category: String,
    filed_at: DateTime<Utc>,
    tickets: Vec<TrackedTicket>,
}

const fn state_label(state: State, language: Language) -> &'static str {
    let (fr, en) = match state {
        State::Submitted => ("Transmise au service, qui va l’examiner.", "Sent to the service, which will look at it."),
        State::Acknowledged => ("Prise en charge par le service.", "The service has taken it in hand."),
        State::Scheduled => ("Une intervention est programmée.", "Work is scheduled."),
        State::InProgress => ("Le service y travaille.", "The service is at work."),
        State::OnHold => ("En attente.", "On hold."),
        State::Refused => ("En cours de réorientation vers le bon service.", "On its way to the right service."),
        State::Resolved => ("Traitée par le service.", "The service has dealt with it."),
        State::Closed => ("Clôturée.", "Closed."),
        State::Cancelled => ("Annulée.", "Cancelled."),
    };
    match language {
        Language::Fr => fr,
        Language::En => en,
    }
}

fn ticket(ticket: &Ticket, told: &[ToldResident], city: &City, language: Language) -> TrackedTicket {
    let service = city.service(&ticket.service);
    let outcome = |reason: ClosureReason| PublicOutcome { reason, label: reason.label(Audience::Resident, language) };
    let message = |told: &ToldResident| PublicMessage { at: told.at, text: told.text.to_string() };
    TrackedTicket {
        reference: ticket.reference.clone(),
        service: service.map_or(ticket.service.as_str(), |s| s.name.in_language(language)).to_owned(),
        phone: service.and_then(|service| service.phone.clone()),
        state: ticket.state,
        state_label: state_label(ticket.state, language),
        expected_on: ticket.scheduled_for,
        outcome: ticket.closure_reason.map(outcome),
        messages: told.iter().map(message).collect(),
    }
}

impl Tracking {
    fn new(tracked: &Tracked, city: &City) -> Self {
        let language = tracked.language;
        let category = city.category(&tracked.category);
        let label = category.map_or(tracked.category.as_str(), |category| category.label.in_language(language));
        Self {
            language,
            category: label.to_owned(),
            filed_at: tracked.filed_at,
            tickets: tracked.tickets.iter().map(|(t, told)| ticket(t, told, city, language)).collect(),
        }
    }

    fn page(&self, city: &City) -> Result<HttpResponse, Problem> {
        let day = |at: DateTime<Utc>| at.with_timezone(&Paris).format("%d/%m/%Y").to_string();
        let tickets: Vec<_> = self
            .tickets
            .iter()
            .map(|ticket| {
                let messages = ticket.messages.iter().map(|m| context! { day => day(m.at), text => m.text.as_str() });
                context! {
                    messages => messages.collect::<Vec<_>>(),
                    expected_on => ticket.expected_on.map(|day| day.format("%d/%m/%Y").to_string()),
                    outcome => ticket.outcome.as_ref().map(|outcome| outcome.label),
                    ..Value::from(Serde(ticket))
                }
            })
            .collect();
        let html = page::render(
            "tracking.html",
            context! {
                language => self.language.tag(),
                city => city.settings.name.as_str(),
                sender => Serde(&city.settings.sender),
                category => self.category.as_str(),
                filed_on => day(self.filed_at),
                tickets => tickets,
            },
        );
        let html = html.map_err(|error| {
            tracing::error!(%error, "a page could not be rendered");
            Problem::new(Code::Internal)
        })?;
        Ok(page::answer(html))
    }
}

/// Whether the request would rather have JSON than a page.
fn wants_json(request: &HttpRequest) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("text/html")
}

/// A link that leads nowhere, told to a person.
fn lost(request: &HttpRequest) -> Result<HttpResponse, Problem> {
    if wants_json(request) {
        return Err(Problem::new(Code::NotFound));
    }
    let html = page::render("lost.html", context! { language => preferred_language(request).tag() });
    let mut response = page::answer(html.map_err(|error| {
        tracing::error!(%error, "a page could not be rendered");
        Problem::new(Code::Internal)
    })?);
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.extensions_mut().insert(Told);
    Ok(response)
}

/// Follow a concern through the resident's link
///
/// The state, the messages to the resident and the outcome of each ticket, in the resident's language: as JSON when
/// `Accept` asks for it, else as a page. The token is the whole authorization.
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
    let token = request.match_info().get("token").unwrap_or_default();
    let Some(tracked) = usecases::tracking::read(&cx, token).await? else { return lost(&request) };
    let loaded = cx.city()?;
    let tracking = Tracking::new(&tracked, &loaded.city);
    if wants_json(&request) {
        let language = tracking.language.tag();
        return Ok(HttpResponse::Ok().insert_header((CONTENT_LANGUAGE, language)).json(&tracking));
    }
    tracking.page(&loaded.city)
}
