//! What became of tickets.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadStatistics;
use chrono::{DateTime, Utc};
use domain::statistics::{GroupBy, mask};
use serde::Serialize;
use usecases::statistics::Asked;
use usecases::{Context, Loaded};
use utoipa::{IntoParams, ToSchema};

use super::view::{FiguresView, GroupView};
use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::query::Query;
use crate::ticket::filter::{self, FilterTickets};

/// By what tickets are counted.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameter that `group_by` takes")]
pub(crate) struct GroupTickets {
    /// By what they are put into groups: `none` (the total alone), `service` (that has them, or had them last), `category`,
    /// `category_group` (the category that theirs is part of), `month` (in which they were filed, on the city's clocks), or
    /// `area:` and a zoning, such as `area:secteurs`. A ticket is in one group.
    #[param(default = "none", example = "service")]
    group_by: Option<String>,
}

/// What became of tickets, group by group.
#[derive(Serialize, ToSchema)]
pub(crate) struct StatsTickets {
    /// What has happened until then is counted; of what happened later, some may be. Ten seconds ago at most as a rule, for what was
    /// counted is told to all who ask the same; earlier while the worker is behind, or while others have it counted anew.
    as_of: DateTime<Utc>,
    /// Null when each number is as it is. Otherwise numbers are the nearest multiple of this, those from 1 to 4 are not shown,
    /// and times are to the hour.
    #[schema(required, examples(5))]
    rounded_to: Option<u64>,
    /// The groups that have a ticket, in the city's order: as many as the city has services, categories or areas, or months.
    groups: Vec<GroupView>,
    /// All of them.
    total: FiguresView,
}

/// The multiple that numbers are rounded to.
pub(super) fn rounded_to(masked: bool) -> Option<u64> {
    masked.then_some(mask::STEP)
}

/// By what a query asks that tickets are put into groups.
fn group_by(query: &mut Query, city: &Loaded) -> GroupBy {
    let parsed = query.one("group_by", "none / service / category / category_group / month / area:zoning", |text| {
        Some(match text {
            "none" => GroupBy::Nothing,
            "service" => GroupBy::Service,
            "category" => GroupBy::Category,
            "category_group" => GroupBy::CategoryGroup,
            "month" => GroupBy::Month,
            _ => GroupBy::Area(text.strip_prefix("area:")?.parse().ok()?),
        })
    });
    if let Some(GroupBy::Area(zoning)) = &parsed {
        known_zoning(query, zoning, city);
    }
    parsed.unwrap_or(GroupBy::Nothing)
}

/// Says that the city has no such zoning, if so.
pub(super) fn known_zoning(query: &mut Query, zoning: &domain::id::ZoningCode, city: &Loaded) {
    if !city.knows_zoning(zoning) {
        let (fr, en) = (format!("La ville ne connaît pas « {zoning} »."), format!("The city knows no “{zoning}”."));
        query.fault("group_by", "unknown_code", fr, en);
    }
}

/// Read figures of tickets
///
/// How many there are, how soon services answered, what became of them: of the tickets that are asked for, whatever their
/// sensitivity, of those which the reader's figures count (of their services for a service's manager; within its limits for
/// a program; all for the others). The parameters of the list of tickets narrow them, but for `q`.
///
/// Whoever may not know of every ticket (everybody but dispatchers) reads no number from 1 to 4, and the others as the nearest
/// multiple of 5; of a group of fewer than five tickets nothing but that it is there; times to the hour, of five tickets at
/// least, `oldest_open_filed_at` to the beginning of its day on the city's clocks. A total from which a number
/// that is not shown could be computed is not shown either. For these readers, periods are whole months on the city's clocks, and tickets are not chosen by `status`, `late`,
/// `due_before`, `assignee`, `referrer`, `bbox`, `near`, `duplicate_of`, `has_duplicates` or `reopened`: `too_fine`.
#[utoipa::path(
    operation_id = "stats_tickets",
    tag = "statistics",
    params(GroupTickets, FilterTickets),
    responses((status = 200, description = "The figures", body = StatsTickets)),
    security(("bearer" = []))
)]
#[get("/v1/stats/tickets")]
pub(crate) async fn read(
    caller: Caller<ReadStatistics>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (mut query, loaded) = (Query::of(&request), cx.city()?);
    let group_by = group_by(&mut query, &loaded);
    let filter = filter::filter(&mut query, caller.grant.caller(), &loaded);
    if filter.search.is_some() {
        query.fault("q", "unknown_parameter", "Les chiffres ne se cherchent pas.", "Figures are not searched.");
    }
    query.finish()?;
    let asked = Asked { filter, group_by: group_by.clone() };
    let shown = usecases::statistics::tickets(&cx, &caller.grant, asked).await?;
    let group = |group| GroupView::new(group, &group_by, &loaded.city, caller.language);
    let body = StatsTickets {
        as_of: shown.as_of,
        rounded_to: rounded_to(shown.masked),
        groups: shown.table.groups.iter().map(group).collect(),
        total: (&shown.table.total).into(),
    };
    Ok(reply::read(None, caller.language, &body))
}
