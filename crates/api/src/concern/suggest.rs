//! Suggesting what a concern is about.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::FileConcerns;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::language::Language;
use domain::place::Whereabouts;
use domain::suggestion::{Suggestion, Unknown};
use domain::text::Description;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use usecases::Context;
use usecases::concern::{Said, Trained};
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::view::WhereaboutsView;

/// A concern that is about to be filed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SuggestCategories {
    /// What the resident said.
    #[schema(value_type = String, min_length = 1, max_length = 4000)]
    description: Description,
    /// Where, if it is known: a point inside the city, an address, or both, as when a concern is filed. With an address
    /// alone, only the words are looked at.
    place: Option<WhereaboutsView<'static>>,
}
input!(SuggestCategories);

/// A category that the concern may be about.
#[derive(Serialize, ToSchema)]
pub(crate) struct SuggestedCategory {
    /// The category's code.
    #[schema(examples("illegal_dumping"))]
    category: String,
    /// What people call it.
    #[schema(examples("Dépôt sauvage"))]
    label: String,
    /// How likely, 0 to 1: of 100 concerns whose first suggestion has 0.8, about 80 are about it.
    #[schema(minimum = 0, maximum = 1)]
    confidence: f64,
}

/// Why nothing is suggested.
#[derive(Serialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UnknownReason {
    /// Too few concerns were filed so far.
    TooLittleData,
    /// What was learnt tells the category of too few of the concerns that were held out.
    TooInaccurate,
    /// No word of the description was learnt.
    NothingRecognised,
    /// It fits several categories, none of them well.
    NotSure,
}

impl From<Unknown> for UnknownReason {
    fn from(why: Unknown) -> Self {
        match why {
            Unknown::TooLittleData => Self::TooLittleData,
            Unknown::TooInaccurate => Self::TooInaccurate,
            Unknown::NothingRecognised => Self::NothingRecognised,
            Unknown::NotSure => Self::NotSure,
        }
    }
}

/// What the suggestions rest on, and how good they are. One concern in five is held out of the learning, and asked for
/// afterwards.
#[derive(Serialize, ToSchema)]
pub(crate) struct SuggestionModel {
    /// When it was trained: once a day.
    trained_at: DateTime<Utc>,
    /// How many concerns it has learnt: of the last 24 months, the latest 40 000 or so.
    concerns: u32,
    /// How many were held out.
    held_out: u32,
    /// For how many of these something is suggested.
    answered: u32,
    /// The share of these answers whose first suggestion is what the agent had chosen, 0 to 1; absent without an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    accuracy: Option<f64>,
    /// The share of these answers that have it among their suggestions, 0 to 1; absent without an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 0, maximum = 1)]
    accuracy_top3: Option<f64>,
}

/// The suggestions.
#[derive(Serialize, ToSchema)]
pub(crate) struct SuggestedCategories {
    /// Three at most, the best first; none when it is not known.
    items: Vec<SuggestedCategory>,
    /// Whether anything is suggested.
    known: bool,
    /// Why nothing is suggested; absent when something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    reason: Option<UnknownReason>,
    /// Absent before the first training.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    model: Option<SuggestionModel>,
}

impl SuggestionModel {
    fn new(trained: &Trained) -> Self {
        let measured = trained.model.measured;
        let rounded = |share: f64| (share * 1000.0).round() / 1000.0;
        Self {
            trained_at: trained.at,
            concerns: measured.concerns,
            held_out: measured.held_out,
            answered: measured.answered,
            accuracy: measured.accuracy().map(rounded),
            accuracy_top3: measured.accuracy_of_all().map(rounded),
        }
    }
}

fn views(items: &[Suggestion], city: &City, language: Language) -> Vec<SuggestedCategory> {
    let view = |item: &Suggestion| {
        let category = city.category(&item.category)?;
        Some(SuggestedCategory {
            category: item.category.to_string(),
            label: category.label.in_language(language).to_owned(),
            confidence: item.confidence,
        })
    };
    items.iter().filter_map(view).collect()
}

/// Suggest what a concern is about
///
/// Up to three categories, learnt from what the city's agents chose for concerns in such words, at such places. It
/// suggests and never decides: `known` is false, with a `reason`, when there is too little to go by. `model` says how
/// often it was right about concerns that it had not learnt. Nothing is kept of what you send. Emergencies, and complaints
/// about officers, are never suggested.
#[utoipa::path(
    operation_id = "concern_suggest",
    tag = "concerns",
    request_body(content = SuggestCategories, example = json!({
        "description": "Des sacs et un vieux matelas contre le mur",
        "place": {"lat": 49.9122, "lon": 2.2971}
    })),
    responses(
        (status = 200, description = "The suggestions", body = SuggestedCategories),
        (status = 422, description = "Well formed, but the place is outside the city")
    ),
    security(("bearer" = []))
)]
#[post("/v1/concerns/suggestions")]
pub(crate) async fn suggest(
    caller: Caller<FileConcerns>,
    cx: Data<Context>,
    body: Body<SuggestCategories>,
) -> Result<HttpResponse, Problem> {
    let SuggestCategories { description, place } = body.value;
    let point = place.map(Whereabouts::try_from).transpose()?.and_then(|place| place.point);
    let said = Said { description, point };
    let suggested = usecases::concern::suggest(&cx, &caller.grant, &said).await?;
    let (items, reason) = match suggested.items {
        Ok(items) => (views(&items, &cx.city()?.city, caller.language), None),
        Err(why) => (Vec::new(), Some(why.into())),
    };
    let model = suggested.trained.as_deref().map(SuggestionModel::new);
    let answer = SuggestedCategories { known: reason.is_none(), items, reason, model };
    Ok(reply::read(None, caller.language, &answer))
}
