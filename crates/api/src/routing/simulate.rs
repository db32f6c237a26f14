//! Trying a concern.

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ReadRouting;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::city::question::Reply;
use domain::concern::{Origin, Outcome};
use domain::id::{CategoryCode, RoutingDraftId, ServiceCode};
use domain::language::Language;
use domain::place::Whereabouts;
use domain::routing::{Route, Rule};
use domain::text::Description;
use domain::ticket::Priority;
use domain::time::Target;
use serde::{Deserialize, Serialize};
use usecases::Context;
use usecases::routing::{Tried, Try};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{RuleRef, which};
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::view::{ServiceRef, WhereaboutsView, areas};

/// A concern that is tried, and the rules that it is tried against.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SimulateConcern {
    /// The category's code.
    #[schema(value_type = String, pattern = "^[a-z][a-z0-9_-]{0,59}$", examples("illegal_dumping"))]
    category: CategoryCode,
    /// Where: a point inside the city, an address, or both, as when a concern is filed.
    place: WhereaboutsView<'static>,
    /// How it is heard.
    origin: Origin,
    /// What was answered to the category's questions.
    #[serde(default)]
    answers: BTreeMap<String, Reply>,
    /// How pressing the officer says that it is.
    priority: Option<Priority>,
    /// What the resident said: rules look for words in it, but for those that are masked when it is filed.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    description: Option<Description>,
    /// When it is filed: rules look at the day and the hour. Now, when left out.
    at: Option<DateTime<Utc>>,
    /// A draft to try it against, instead of the rules in force.
    draft: Option<Uuid>,
    /// A published version to try it against, instead of the rules in force.
    #[schema(minimum = 1)]
    version: Option<i32>,
}
input!(SimulateConcern);

/// The rule that takes the concern.
#[derive(Serialize, ToSchema)]
struct TakenBy {
    rule: RuleRef,
    /// Why it matches, in words.
    #[schema(examples("le motif est « Dépôt sauvage »"))]
    because: String,
    /// The services that each would receive a ticket.
    send_to: Vec<ServiceRef>,
    priority: Priority,
    /// How soon it would have to be taken in hand, where the rule says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    acknowledge_within: Option<Target>,
    /// How soon it would have to be settled, where the rule says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    resolve_within: Option<Target>,
    /// The services that would be told without acting.
    watchers: Vec<ServiceRef>,
    /// What the rule tells the services.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    note: Option<String>,
}

/// A rule before the one that takes the concern.
#[derive(Serialize, ToSchema)]
struct PassedBy {
    rule: RuleRef,
    /// The first of its conditions that does not hold, in the rule set (RFC 6901).
    #[schema(examples("/rules/3/when/of/1"))]
    pointer: String,
    /// Why it does not, in words.
    #[schema(examples("le motif est « Nid-de-poule », et non « Dépôt sauvage »"))]
    because: String,
}

/// What would become of the concern.
#[derive(Serialize, ToSchema)]
pub(crate) struct SimulatedConcern {
    /// `signposted` for an emergency or a crime: the resident is given the numbers to call, no rule is asked and no service told.
    #[schema(examples("referred"))]
    outcome: Outcome,
    /// The area of the place in each zoning.
    areas: BTreeMap<String, String>,
    /// Absent when no rule is asked, and when the rules lack a last one that catches all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    taken_by: Option<TakenBy>,
    /// The rules before that one, in order, and why each does not match.
    passed: Vec<PassedBy>,
}

impl SimulatedConcern {
    fn new(tried: &Tried, city: &City, language: Language) -> Self {
        let passed = tried.passed.iter().map(|(rule, pointer, because)| PassedBy {
            rule: RuleRef::new(rule, language),
            pointer: format!("/rules{pointer}"),
            because: because.clone(),
        });
        let taken = tried.taken.as_ref();
        Self {
            outcome: tried.outcome,
            areas: areas(&tried.areas),
            taken_by: taken.map(|(rule, route, because)| TakenBy::new(rule, route, because, city, language)),
            passed: passed.collect(),
        }
    }
}

impl TakenBy {
    fn new(rule: &Rule, route: &Route, because: &str, city: &City, language: Language) -> Self {
        let named = |services: &[ServiceCode]| {
            services.iter().map(|service| ServiceRef::new(city, service, language)).collect::<Vec<_>>()
        };
        Self {
            rule: RuleRef::new(rule, language),
            because: because.to_owned(),
            send_to: named(&route.send_to),
            priority: route.priority,
            acknowledge_within: route.sent.acknowledge_within,
            resolve_within: route.sent.resolve_within,
            watchers: named(&route.sent.watchers),
            note: route.note.as_ref().map(ToString::to_string),
        }
    }
}

/// Try a concern against the rules
///
/// Which rule would take it, where that would send it and why; and for each rule before that one, the first of its
/// conditions that does not hold. Against the rules in force, a draft, or a published version. Nothing is kept.
#[utoipa::path(
    operation_id = "routing_simulate",
    tag = "routing",
    request_body(content = SimulateConcern, example = json!({
        "category": "illegal_dumping", "origin": "patrol", "place": {"lat": 49.9121, "lon": 2.2972},
        "description": "Un canapé sur le trottoir"
    })),
    responses(
        (status = 200, description = "What would become of it", body = SimulatedConcern),
        (status = 422, description = "Well formed, but the category is unknown, the place outside the city, an answer does not fit, or there are no such rules"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/routing/simulate")]
pub(crate) async fn simulate(
    caller: Caller<ReadRouting>,
    cx: Data<Context>,
    body: Body<SimulateConcern>,
) -> Result<HttpResponse, Problem> {
    let SimulateConcern { category, place, origin, answers, priority, description, at, draft, version } = body.value;
    let which = which(draft.map(RoutingDraftId), version)?;
    let point = Whereabouts::try_from(place)?.point;
    let tried = Try { category, point, origin, priority, replies: answers, description, at };
    let tried = usecases::routing::simulate(&cx, &caller.grant, tried, which, caller.language).await?;
    Ok(reply::read(None, caller.language, &SimulatedConcern::new(&tried, &cx.city()?.city, caller.language)))
}
