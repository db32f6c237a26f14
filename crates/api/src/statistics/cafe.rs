//! How many cafés were held, and what was heard there.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadStatistics;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::language::Language;
use domain::statistics::GroupBy;
use serde::Serialize;
use usecases::Context;
use usecases::statistics::{CafeGroup, CafeTable, Cafes, CafesBy};
use utoipa::{IntoParams, ToSchema};

use super::ticket::{known_zoning, rounded_to};
use super::view::label;
use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::date::instant;
use crate::request::query::Query;

/// Which cafés are counted, and by what.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `cafes` takes")]
pub(crate) struct CountCafes {
    /// By what they are put into groups: `cafe` (each for itself, the last two hundred), `month` (in which they began, on the
    /// city's clocks), or `area:` and a zoning, such as `area:secteurs`.
    #[param(default = "cafe", example = "area:secteurs")]
    group_by: Option<String>,
    /// Only those that began then or later.
    starts_from: Option<DateTime<Utc>>,
    /// Only those that began earlier.
    starts_before: Option<DateTime<Utc>>,
}

/// The cafés of a group.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatsCafeGroup {
    /// Which: a café's id, an area's code, or the month as `2026-03`; null in no area of the zoning.
    #[schema(required)]
    pub(crate) key: Option<String>,
    /// What people call it: the café's title.
    pub(crate) label: String,
    /// When the first of them began.
    pub(crate) starts_at: DateTime<Utc>,
    /// How many cafés.
    #[schema(minimum = 1)]
    pub(crate) cafes: u64,
    /// How many concerns were heard there, whatever came of them; null when that is not shown.
    #[schema(required, minimum = 0)]
    pub(crate) concerns: Option<u64>,
}

/// Cafés that were held, group by group.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatsCafes {
    /// Null when each number of concerns is as it is. Otherwise they are the nearest multiple of this, and those from 1 to 4 are
    /// not shown.
    #[schema(required, examples(5))]
    rounded_to: Option<u64>,
    /// The groups that have a café, the one with the earliest café first.
    pub(crate) groups: Vec<StatsCafeGroup>,
    /// How many cafés in all groups.
    #[schema(minimum = 0)]
    pub(crate) cafes: u64,
    /// How many concerns were heard there; null when that is not shown.
    #[schema(required, minimum = 0)]
    pub(crate) concerns: Option<u64>,
}

impl StatsCafes {
    pub(crate) fn new(table: CafeTable, by: &CafesBy, city: &City, language: Language) -> Self {
        let group = |(group, concerns): (CafeGroup, Option<u64>)| {
            let key = group.key.as_deref();
            let called = match by {
                CafesBy::Cafe => group.title.unwrap_or_default(),
                CafesBy::Area(zoning) => label(key, &GroupBy::Area(zoning.clone()), city, language),
                CafesBy::Month => label(key, &GroupBy::Month, city, language),
            };
            let cafes = group.cafes.unsigned_abs();
            StatsCafeGroup { key: group.key, label: called, starts_at: group.starts_at, cafes, concerns }
        };
        Self {
            rounded_to: rounded_to(table.masked),
            groups: table.groups.into_iter().map(group).collect(),
            cafes: table.cafes,
            concerns: table.concerns,
        }
    }
}

/// Read figures of cafés
///
/// How many cafés were held (state `held` or `reported`, or still `planned` when its time has come and concerns were
/// heard there), and how many concerns were filed as heard there, those that were answered on the spot
/// or signposted included. They are counted as this is asked. For whoever may not know of every ticket, numbers of concerns from 1 to
/// 4 are not shown, the others are the nearest multiple of 5, and periods are whole months on the city's clocks (`too_fine`).
#[utoipa::path(
    operation_id = "stats_cafes",
    tag = "statistics",
    params(CountCafes),
    responses((status = 200, description = "The figures", body = StatsCafes)),
    security(("bearer" = []))
)]
#[get("/v1/stats/cafes")]
pub(crate) async fn read(
    caller: Caller<ReadStatistics>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (mut query, loaded) = (Query::of(&request), cx.city()?);
    let by = query.one("group_by", "cafe / month / area:zoning", |text| {
        Some(match text {
            "cafe" => CafesBy::Cafe,
            "month" => CafesBy::Month,
            _ => CafesBy::Area(text.strip_prefix("area:")?.parse().ok()?),
        })
    });
    if let Some(CafesBy::Area(zoning)) = &by {
        known_zoning(&mut query, zoning, &loaded);
    }
    let which = Cafes {
        from: query.one("starts_from", "2026-03-10T09:00:00Z", instant),
        before: query.one("starts_before", "2026-03-10T09:00:00Z", instant),
    };
    query.finish()?;
    let by = by.unwrap_or(CafesBy::Cafe);
    let table = usecases::statistics::cafes(&cx, &caller.grant, &which, &by).await?;
    Ok(reply::read(None, caller.language, &StatsCafes::new(table, &by, &loaded.city, caller.language)))
}
