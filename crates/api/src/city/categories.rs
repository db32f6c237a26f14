//! The catalogue.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use auth::permission::ReadCity;
use domain::city::catalogue::{Category, Sensitivity};
use domain::city::question::{Kind, Question};
use domain::language::{Label, Language};
use domain::ticket::Priority;
use serde::Serialize;
use usecases::Context;
use utoipa::ToSchema;

use crate::concern::EmergencyView;
use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;

/// What a concern may be about.
#[derive(Serialize, ToSchema)]
#[schema(as = Category)]
pub(crate) struct CategoryView {
    /// Its code, by which it is named everywhere.
    #[schema(examples("illegal_dumping"))]
    code: String,
    /// The category that it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parent: Option<String>,
    /// What people call it.
    label: String,
    sensitivity: Sensitivity,
    /// Whether whoever files a concern of it does not see what becomes of it: a complaint about an officer.
    hidden_from_referrer: bool,
    /// How pressing its concerns are unless the officer or a rule says otherwise.
    priority: Priority,
    /// How soon a service should take it in hand: `4h` open hours, `2d` open days.
    #[schema(examples("2d"))]
    acknowledge_within: String,
    /// How soon a service should settle it.
    #[schema(examples("10d"))]
    resolve_within: String,
    /// What the officer should ask, say or know.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    guidance: Option<String>,
    /// The law it rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    legal_reference: Option<String>,
    /// Whom the resident should call at once: for devices that have no network when they hear of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    emergency: Option<EmergencyView>,
    /// What the officer asks; `answers` of a concern names each by its code.
    questions: Vec<QuestionView>,
}

/// What an officer asks about a concern of a category.
#[derive(Serialize, ToSchema)]
#[schema(as = Question)]
struct QuestionView {
    /// Its code, by which it is answered.
    #[schema(examples("extent"))]
    code: String,
    /// What to ask.
    label: String,
    /// `text`: a few words, 500 characters at most. `number`. `choice`: the code of a choice. `choices`: a list of one
    /// or several. `date`: `2026-03-10`. `yes_no`: `true` or `false`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    kind: Kind,
    /// Whether a concern is not filed without an answer.
    required: bool,
    /// What can be chosen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    choices: Vec<ChoiceView>,
    /// What a number counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("m³"))]
    unit: Option<String>,
    /// The least number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    min: Option<i64>,
    /// The greatest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    max: Option<i64>,
    /// Whether the day is today or earlier.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    past: bool,
}

/// Something that can be chosen.
#[derive(Serialize, ToSchema)]
#[schema(as = Choice)]
struct ChoiceView {
    /// Its code, which is what an answer says.
    #[schema(examples("street"))]
    code: String,
    /// What people call it.
    label: String,
}

/// The catalogue, in the city's order.
#[derive(Serialize, ToSchema)]
pub(crate) struct Catalogue {
    /// The categories, in the order in which the city lists them.
    items: Vec<CategoryView>,
    /// Null: this list is whole.
    #[schema(required)]
    next_cursor: Option<String>,
}

fn view(category: &Category, language: Language) -> CategoryView {
    CategoryView {
        code: category.code.to_string(),
        parent: category.parent.as_ref().map(ToString::to_string),
        label: category.label.in_language(language).to_owned(),
        sensitivity: category.sensitivity,
        hidden_from_referrer: category.hidden_from_referrer,
        priority: category.priority.unwrap_or_default(),
        acknowledge_within: category.acknowledge_within.into(),
        resolve_within: category.resolve_within.into(),
        guidance: category.guidance.as_ref().map(|text| text.in_language(language).to_owned()),
        legal_reference: category.legal_reference.clone(),
        emergency: EmergencyView::of(category, language),
        questions: category.questions.iter().map(|asked| question(asked, language)).collect(),
    }
}

fn question(question: &Question, language: Language) -> QuestionView {
    let text = |label: &Label| label.in_language(language).to_owned();
    let choices = question.choices.iter();
    QuestionView {
        code: question.code.to_string(),
        label: text(&question.label),
        kind: question.kind,
        required: question.required,
        choices: choices.map(|c| ChoiceView { code: c.code.to_string(), label: text(&c.label) }).collect(),
        unit: question.unit.as_ref().map(text),
        min: question.min,
        max: question.max,
        past: question.past,
    }
}

/// Read the catalogue
///
/// What a concern may be about, in the city's order.
#[utoipa::path(
    operation_id = "category_list",
    tag = "city",
    responses((status = 200, description = "The catalogue", body = Catalogue)),
    security(("bearer" = []))
)]
#[get("/v1/categories")]
pub(crate) async fn categories(caller: Caller<ReadCity>, cx: Data<Context>) -> Result<HttpResponse, Problem> {
    let loaded = cx.city()?;
    let items = loaded.city.catalogue.iter().map(|category| view(category, caller.language)).collect();
    Ok(reply::read(None, caller.language, &Catalogue { items, next_cursor: None }))
}
