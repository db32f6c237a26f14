//! The annual report, as JSON and as a page to print.

use actix_web::http::header::{HeaderValue, VARY};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadStatistics;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::language::Language;
use domain::statistics::{Group, GroupBy, mask};
use serde::Serialize;
use usecases::Context;
use usecases::statistics::{CafesBy, Report};
use utoipa::{IntoParams, ToSchema};

use super::cafe::StatsCafes;
use super::page;
use super::view::{FiguresView, GroupView};
use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::accept::rather;
use crate::request::caller::Caller;

/// The year that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents the parameter that `report` reads")]
pub(crate) struct ReportPath {
    /// The year, on the city's clocks.
    #[param(example = 2026)]
    year: i32,
}

/// A year, for people outside the municipal police.
#[derive(Serialize, ToSchema)]
pub(crate) struct AnnualReport {
    /// Which.
    #[schema(examples(2026))]
    year: i32,
    /// Whether it is over.
    over: bool,
    /// What has happened until then is counted.
    as_of: DateTime<Utc>,
    /// Numbers are the nearest multiple of this, those from 1 to 4 are not shown, and times are to the hour.
    #[schema(examples(5))]
    rounded_to: u64,
    /// All tickets that were filed in the year.
    total: FiguresView,
    /// By the service that has them, or had them last.
    by_service: Vec<GroupView>,
    /// By the category that theirs is part of.
    by_category_group: Vec<GroupView>,
    /// The zoning that covers the city.
    #[schema(examples("secteurs"))]
    zoning: String,
    /// By its areas.
    by_area: Vec<GroupView>,
    /// By the month in which they were filed.
    by_month: Vec<GroupView>,
    /// Each café that was held in the year.
    cafes: StatsCafes,
    /// The same by area.
    cafes_by_area: StatsCafes,
}

impl AnnualReport {
    fn new(report: Report, city: &City, language: Language) -> Self {
        let area = GroupBy::Area(report.zoning.clone());
        let groups =
            |groups: &[Group], by: &GroupBy| groups.iter().map(|g| GroupView::new(g, by, city, language)).collect();
        let by_area = CafesBy::Area(report.zoning.clone());
        Self {
            year: report.year,
            over: report.over,
            as_of: report.as_of,
            rounded_to: mask::STEP,
            total: (&report.total).into(),
            by_service: groups(&report.services, &GroupBy::Service),
            by_category_group: groups(&report.categories, &GroupBy::CategoryGroup),
            zoning: report.zoning.to_string(),
            by_area: groups(&report.areas, &area),
            by_month: groups(&report.months, &GroupBy::Month),
            cafes: StatsCafes::new(report.cafes, &CafesBy::Cafe, city, language),
            cafes_by_area: StatsCafes::new(report.cafes_by_area, &by_area, city, language),
        }
    }
}

/// Read the annual report
///
/// What a year came to, for the security council (CISPD): the tickets that were filed in it, whatever their sensitivity, and the cafés
/// that were held. The same for everybody who may read figures, of the whole city, and shown as outside the municipal
/// police. With `Accept: text/html` as a page of A4 that prints as it is, in the language of `Accept-Language`, with charts
/// and a table of each.
#[utoipa::path(
    operation_id = "stats_report",
    tag = "statistics",
    params(ReportPath),
    responses(
        (status = 200, description = "The report", content((AnnualReport = "application/json"), (String = "text/html"))),
        (status = 404, description = "There is no such year, or it has not begun"),
    ),
    security(("bearer" = []))
)]
#[get("/v1/stats/reports/{year}")]
pub(crate) async fn read(
    caller: Caller<ReadStatistics>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let year = request.match_info().get("year").and_then(|year| year.parse().ok());
    let year = year.ok_or_else(|| Problem::new(Code::NotFound))?;
    let report = usecases::statistics::report(&cx, &caller.grant, year).await?;
    let loaded = cx.city()?;
    let mut response = if rather(&request, "text/html", "application/json") {
        page::page(&report, &loaded.city, caller.language, cx.now())?
    } else {
        reply::read(None, caller.language, &AnnualReport::new(report, &loaded.city, caller.language))
    };
    response.headers_mut().append(VARY, HeaderValue::from_static("Accept"));
    Ok(response)
}
