//! `/v1/webhooks`: where programs have their events sent.

mod change;
mod create;
mod delivery;
mod list;
mod ping;
mod read;
mod remove;
mod replay;
mod secret;

use crate::openapi::Routes;
use chrono::{DateTime, Utc};
use domain::feed::{EventType, Filter, sequence};
use domain::id::{AreaCode, WebhookId, ZoningCode};
use serde::Serialize;
use url::Url;
use usecases::webhook::{Because, Webhook};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::problem::{At, Code, FieldError, Problem};
use crate::request::path::{Id, id_path};

pub(crate) fn routes(config: &mut impl Routes) {
    config
        .service(list::list)
        .service(create::create)
        .service(read::read)
        .service(change::change)
        .service(remove::remove)
        .service(secret::rotate)
        .service(ping::ping)
        .service(replay::replay)
        .service(delivery::list)
        .service(delivery::read);
}

/// The webhook that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents the parameter that `Id` reads")]
pub(crate) struct WebhookPath {
    /// The webhook's id.
    webhook: Uuid,
}
id_path!(WebhookPath, "webhook");

impl Id<WebhookPath> {
    const fn webhook(&self) -> WebhookId {
        WebhookId(self.value)
    }
}

/// Where a program has its events sent.
#[derive(Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(crate) struct WebhookView {
    /// Its id.
    id: Uuid,
    /// Where events are sent.
    #[schema(format = "uri", examples("https://hooks.ville.example/continuum"))]
    url: String,
    /// The types of the events that are sent; all, when empty.
    types: Vec<EventType>,
    /// The services whose tickets' events are sent, by code; all, when empty.
    services: Vec<String>,
    /// The categories of the tickets whose events are sent, by code; all, when empty.
    categories: Vec<String>,
    /// The areas whose events are sent, each as `zoning:area`; all, when empty.
    #[schema(examples(json!(["secteurs:nord"])))]
    areas: Vec<String>,
    /// Whether events are sent.
    active: bool,
    /// Since when they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    disabled_at: Option<DateTime<Utc>>,
    /// Why they are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    disabled_because: Option<Because>,
    /// Everything up to the event of this `sequence` was delivered, or not asked for.
    #[schema(pattern = "^[0-9]{20}$", examples("00000000000000004217"))]
    last_sequence: String,
    /// How many attempts have failed in a row.
    failures: u32,
    /// When the first of them was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    failing_since: Option<DateTime<Utc>>,
    /// When the same event is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    next_attempt_at: Option<DateTime<Utc>>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Rises by one with each change; also the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
}

impl From<&Webhook> for WebhookView {
    fn from(one: &Webhook) -> Self {
        let (disabled_at, disabled_because) = one.disabled.unzip();
        Self {
            id: one.id.0,
            url: one.url.to_string(),
            types: one.filter.types.clone(),
            services: one.filter.services.iter().map(ToString::to_string).collect(),
            categories: one.filter.categories.iter().map(ToString::to_string).collect(),
            areas: one.filter.areas.iter().map(|(zoning, area)| format!("{zoning}:{area}")).collect(),
            active: one.disabled.is_none(),
            disabled_at,
            disabled_because,
            last_sequence: sequence(one.position),
            failures: one.failing.map_or(0, |failing| failing.failures),
            failing_since: one.failing.map(|failing| failing.since),
            next_attempt_at: one.attempt_at,
            created_at: one.created_at,
            version: one.version,
        }
    }
}

/// A secret that signs what is sent (Standard Webhooks).
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookSecret {
    /// The secret, as libraries of Standard Webhooks take it. It is shown this once only.
    #[schema(pattern = "^whsec_[A-Za-z0-9+/]{43}=$", examples("whsec_cGFzIGRlIHNlY3JldCBpY2ksIHVuIGV4ZW1wbGUuLi4="))]
    secret: String,
}

fn fault(pointer: &str, code: &'static str, texts: (&'static str, &'static str)) -> Problem {
    Problem::new(Code::InvalidRequest).errors(vec![FieldError::in_body(pointer, code, texts)])
}

/// A URL of a body.
fn url(text: &str) -> Result<Url, Problem> {
    text.parse().map_err(|_| fault("/url", "bad_format", ("Attendu : une URL.", "Expected: a URL.")))
}

/// The areas of a body.
fn areas(texts: &[String]) -> Result<Vec<(ZoningCode, AreaCode)>, Problem> {
    let mut errors = Vec::new();
    let mut areas = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        if let Some(area) = crate::city::area(text) {
            areas.push(area);
        } else {
            let expected = ("Attendu : zoning:area.", "Expected: zoning:area.");
            errors.push(FieldError::new(At::Body(format!("/areas/{place}")), "bad_format", expected));
        }
    }
    if errors.is_empty() { Ok(areas) } else { Err(Problem::new(Code::InvalidRequest).errors(errors)) }
}

/// What is asked for, each of it once.
fn filter(mut filter: Filter) -> Filter {
    filter.types.sort_unstable();
    filter.types.dedup();
    filter.services.sort_unstable();
    filter.services.dedup();
    filter.categories.sort_unstable();
    filter.categories.dedup();
    filter.areas.sort_unstable();
    filter.areas.dedup();
    filter
}
