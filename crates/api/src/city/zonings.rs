//! The zonings.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use auth::permission::ReadCity;
use domain::city::zoning::{Area, Zoning};
use serde::Serialize;
use usecases::Context;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;

/// An area of a zoning.
#[derive(Serialize, ToSchema)]
#[schema(as = Area)]
struct AreaView {
    /// Its code, by which it is named everywhere.
    #[schema(examples("nord"))]
    code: String,
    /// What people call it.
    name: String,
}

/// A way of dividing the city into areas.
#[derive(Serialize, ToSchema)]
#[schema(as = Zoning)]
pub(crate) struct ZoningView {
    /// Its code, by which it is named everywhere.
    #[schema(examples("secteurs"))]
    code: String,
    /// What people call it.
    name: String,
    /// Its areas.
    areas: Vec<AreaView>,
}

/// The zonings.
#[derive(Serialize, ToSchema)]
pub(crate) struct Zonings {
    /// The zonings.
    items: Vec<ZoningView>,
    /// Null: this list is whole.
    #[schema(required)]
    next_cursor: Option<String>,
}

fn view(zoning: &Zoning) -> ZoningView {
    let area = |area: &Area| AreaView { code: area.code.to_string(), name: area.name.clone() };
    ZoningView {
        code: zoning.code.to_string(),
        name: zoning.name.clone(),
        areas: zoning.areas().iter().map(area).collect(),
    }
}

/// Read the zonings
///
/// The ways of dividing the city, side by side, each with its areas.
#[utoipa::path(
    operation_id = "zoning_list",
    tag = "city",
    responses((status = 200, description = "The zonings", body = Zonings)),
    security(("bearer" = []))
)]
#[get("/v1/zonings")]
pub(crate) async fn zonings(caller: Caller<ReadCity>, cx: Data<Context>) -> Result<HttpResponse, Problem> {
    let loaded = cx.city()?;
    let items = loaded.city.zonings.iter().map(view).collect();
    Ok(reply::read(None, caller.language, &Zonings { items, next_cursor: None }))
}
