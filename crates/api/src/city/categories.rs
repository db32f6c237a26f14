//! The catalogue.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadCity;
use domain::city::catalogue::{Category, Sensitivity};
use domain::language::Language;
use serde::Serialize;
use usecases::Context;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::query::Query;

/// What a concern may be about.
#[derive(Serialize, ToSchema)]
#[schema(as = Category)]
pub(crate) struct CategoryView {
    #[schema(examples("illegal_dumping"))]
    code: String,
    /// The category that it is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parent: Option<String>,
    /// What people call it.
    label: String,
    sensitivity: Sensitivity,
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
}

/// The catalogue, in the city's order.
#[derive(Serialize, ToSchema)]
pub(crate) struct Catalogue {
    items: Vec<CategoryView>,
}

fn view(category: &Category, language: Language) -> CategoryView {
    CategoryView {
        code: category.code.to_string(),
        parent: category.parent.as_ref().map(ToString::to_string),
        label: category.label.in_language(language).to_owned(),
        sensitivity: category.sensitivity,
        acknowledge_within: category.acknowledge_within.into(),
        resolve_within: category.resolve_within.into(),
        guidance: category.guidance.as_ref().map(|text| text.in_language(language).to_owned()),
        legal_reference: category.legal_reference.clone(),
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
pub(crate) async fn categories(
    caller: Caller<ReadCity>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    Query::of(&request).finish()?;
    let loaded = cx.city()?;
    let items = loaded.city.catalogue.iter().map(|category| view(category, caller.language)).collect();
    Ok(reply::read(None, caller.language, &Catalogue { items }))
}
