//! How well the rules have sent.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadRouting;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::language::Language;
use domain::routing::Quality;
use domain::ticket::event::RefusalReason;
use serde::Serialize;
use usecases::Context;
use usecases::routing::Judged;
use utoipa::{IntoParams, ToSchema};

use super::RuleRef;
use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::date::instant;
use crate::request::query::Query;
use crate::view::ServiceRef;

/// Which concerns are looked at.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `quality` takes")]
pub(crate) struct JudgeRules {
    /// Filed then or later; 90 days ago, when left out, or for others than dispatchers the beginning of that month.
    filed_from: Option<DateTime<Utc>>,
    /// Filed earlier; now, when left out, or for others than dispatchers the end of this month. 366 days after
    /// `filed_from` at most.
    filed_before: Option<DateTime<Utc>>,
}

/// Tickets that were sent back for a reason.
#[derive(Serialize, ToSchema)]
struct RefusedFor {
    reason: RefusalReason,
    /// How many tickets.
    #[schema(minimum = 1)]
    count: u64,
}

/// Tickets that are at another service now.
#[derive(Serialize, ToSchema)]
struct ReroutedTo {
    service: ServiceRef,
    /// How many tickets.
    #[schema(minimum = 1)]
    count: u64,
}

/// Where a rule should rather send.
#[derive(Serialize, ToSchema)]
#[schema(as = BetterService)]
struct Better {
    service: ServiceRef,
    /// Why, in words.
    #[schema(examples(
        "12 des 20 saisines envoyées à « Propreté urbaine » finissent à « Voirie » : la règle pourrait les y envoyer"
    ))]
    because: String,
}

/// What became of the tickets that a rule sent to a service.
#[derive(Serialize, ToSchema)]
struct RuleQuality {
    rule: RuleRef,
    service: ServiceRef,
    /// How many tickets it sent.
    #[schema(minimum = 1)]
    sent: u64,
    /// How many the service took in hand. Absent when from one to four, for others than dispatchers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    accepted: Option<u64>,
    /// How many of its tickets were refused, for each reason.
    refused: Vec<RefusedFor>,
    /// How many of its tickets were passed on, for each service that they went to.
    rerouted: Vec<ReroutedTo>,
    /// Absent unless most of at least ten tickets end at one other service.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    better: Option<Better>,
}

/// How well the rules have sent.
#[derive(Serialize, ToSchema)]
pub(crate) struct RoutingQuality {
    /// Concerns that were filed from this moment on are counted.
    filed_from: DateTime<Utc>,
    /// Concerns that were filed before this moment are counted.
    filed_before: DateTime<Utc>,
    /// The rules in the order in which they are tried, each with its services; rules that are no longer in force last.
    items: Vec<RuleQuality>,
}

impl RuleQuality {
    fn new(judged: &Quality, city: &City, language: Language) -> Self {
        let named = |service| ServiceRef::new(city, service, language);
        Self {
            rule: RuleRef::among(&city.rules.rules, &judged.rule, language),
            service: named(&judged.service),
            sent: judged.sent,
            accepted: judged.accepted,
            refused: judged.refused.iter().map(|(reason, count)| RefusedFor { reason: *reason, count: *count }).collect(),
            rerouted: judged
                .rerouted
                .iter()
                .map(|(service, count)| ReroutedTo { service: named(service), count: *count })
                .collect(),
            better: judged.better().map(|(service, count)| {
                let (was, is) = (named(&judged.service).name, named(service).name);
                let sent = judged.sent;
                let because = match language {
                    Language::Fr => format!(
                        "{count} des {sent} saisines envoyées à « {was} » finissent à « {is} » : la règle pourrait les y envoyer"
                    ),
                    Language::En => {
                        format!("{count} of the {sent} tickets sent to “{was}” end at “{is}”: the rule could send them there")
                    }
                };
                Better { service: named(service), because }
            }),
        }
    }
}

/// The rules' quality
///
/// For each rule and each service that it sends to: how many tickets, how many the service took in hand or sent back and
/// why, and how many are at another service now, which is how people say that a rule was wrong; with a suggestion when
/// most end elsewhere. For others than dispatchers, counts are shown as in figures: none from one to four, the others as the
/// nearest multiple of five; and `filed_from` and `filed_before` begin a month on the city's clocks (`too_fine`).
#[utoipa::path(
    operation_id = "routing_quality",
    tag = "routing",
    params(JudgeRules),
    responses((status = 200, description = "How well the rules have sent", body = RoutingQuality)),
    security(("bearer" = []))
)]
#[get("/v1/routing/quality")]
pub(crate) async fn quality(
    caller: Caller<ReadRouting>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let from = query.one("filed_from", "2026-03-10T09:00:00Z", instant);
    let before = query.one("filed_before", "2026-03-10T09:00:00Z", instant);
    query.finish()?;
    let Judged { from, before, mut rules } = usecases::routing::quality(&cx, &caller.grant, from, before).await?;
    let loaded = cx.city()?;
    let place = |judged: &Quality| {
        let place = loaded.city.rules.rules.iter().position(|rule| rule.code == judged.rule);
        place.unwrap_or(usize::MAX)
    };
    rules.sort_by_key(place);
    let items = rules.iter().map(|judged| RuleQuality::new(judged, &loaded.city, caller.language)).collect();
    Ok(reply::read(None, caller.language, &RoutingQuality { filed_from: from, filed_before: before, items }))
}
