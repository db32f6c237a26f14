//! Looking for tickets that a concern may be a duplicate of.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::FileConcerns;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::id::CategoryCode;
use domain::language::Language;
use domain::place::Whereabouts;
use domain::text::Description;
use domain::ticket::State;
use serde::{Deserialize, Serialize};
use usecases::Context;
use usecases::concern::{Candidate, Like};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::view::{ServiceRef, WhereaboutsView};

/// A concern that is about to be filed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindDuplicates {
    /// The category's code.
    #[schema(value_type = String, pattern = "^[a-z][a-z0-9_-]{0,59}$", examples("illegal_dumping"))]
    category: CategoryCode,
    /// What the resident said: the proposals are ranked by it too.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4000)]
    description: Option<Description>,
    /// Where: a point inside the city, an address, or both, as when a concern is filed. With an address alone nothing is
    /// proposed.
    place: WhereaboutsView<'static>,
}
input!(FindDuplicates);

/// An open ticket that may be about the same thing.
#[derive(Serialize, ToSchema)]
pub(crate) struct PossibleDuplicate {
    /// The ticket's id.
    id: Uuid,
    /// What people say on the phone.
    #[schema(examples("AMI-26-004217"))]
    reference: String,
    /// The category's code: the same.
    #[schema(examples("illegal_dumping"))]
    category: String,
    state: State,
    service: ServiceRef,
    /// When its concern was filed.
    filed_at: DateTime<Utc>,
    /// How far away it is, metres: 50 at most.
    #[schema(minimum = 0, maximum = 50)]
    distance_m: f64,
    /// How much what was said is alike, 0 to 1; absent when nothing was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    similarity: Option<f64>,
    /// How likely it is about the same thing, 0 to 1: what was said, where and when, in that order.
    #[schema(minimum = 0, maximum = 1)]
    score: f64,
}

/// The proposals.
#[derive(Serialize, ToSchema)]
pub(crate) struct PossibleDuplicates {
    /// Five at most, the best first.
    items: Vec<PossibleDuplicate>,
}

impl PossibleDuplicate {
    pub(super) fn all(candidates: &[Candidate], category: &str, city: &City, language: Language) -> Vec<Self> {
        let view = |candidate: &Candidate| Self {
            id: candidate.ticket.0,
            reference: candidate.reference.clone(),
            category: category.to_owned(),
            state: candidate.state,
            service: ServiceRef::new(city, &candidate.service, language),
            filed_at: candidate.filed_at,
            distance_m: rounded(candidate.metres, 10.0),
            similarity: candidate.likeness.map(|likeness| rounded(likeness, 1000.0)),
            score: rounded(candidate.score, 1000.0),
        };
        candidates.iter().map(view).collect()
    }
}

fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

/// Look for tickets that a concern may be a duplicate of
///
/// Open tickets of the same category within 50 metres that were filed in the last 30 days, that you may know of and that
/// your concern can be attached to (of restricted ones, those that you filed yourself), the best first. With an address alone the list is empty: how far another ticket is can only be told of a point. Nothing is
/// kept: ask before you file, then file with `attach_to`.
#[utoipa::path(
    operation_id = "concern_duplicates",
    tag = "concerns",
    request_body(content = FindDuplicates, example = json!({
        "category": "illegal_dumping",
        "description": "Des sacs et un vieux matelas contre le mur",
        "place": {"lat": 49.9122, "lon": 2.2971}
    })),
    responses(
        (status = 200, description = "The proposals", body = PossibleDuplicates),
        (status = 422, description = "Well formed, but the category is unknown, or the place outside the city")
    ),
    security(("bearer" = []))
)]
#[post("/v1/concerns/duplicates")]
pub(crate) async fn duplicates(
    caller: Caller<FileConcerns>,
    cx: Data<Context>,
    body: Body<FindDuplicates>,
) -> Result<HttpResponse, Problem> {
    let FindDuplicates { category, description, place } = body.value;
    let point = Whereabouts::try_from(place)?.point;
    let like = Like { category: category.clone(), description, point };
    let candidates = usecases::concern::duplicates(&cx, &caller.grant, like).await?;
    let loaded = cx.city()?;
    let items = PossibleDuplicate::all(&candidates, category.as_str(), &loaded.city, caller.language);
    Ok(reply::read(None, caller.language, &PossibleDuplicates { items }))
}
