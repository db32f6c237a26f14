//! The annual report for the security council (CISPD, conseil intercommunal de sécurité et de prévention de la
//! délinquance): for people outside the municipal police, so always shown as to them, whoever asks.

use auth::Grant;
use auth::permission::ReadStatistics;
use chrono::{DateTime, Utc};
use domain::id::ZoningCode;
use domain::statistics::{Figures, Group, GroupBy, mask, year};
use store::Scope;
use store::statistics::{Cafes, CafesBy};
use store::ticket::Filter;

use super::cafe::CafeTable;
use super::{StatisticsError, cafe, ticket};
use crate::{Context, of};

/// A year.
#[derive(Debug, Clone)]
pub struct Report {
    /// Which.
    pub year: i32,
    /// Whether it is over.
    pub over: bool,
    /// What happened later may not be counted yet.
    pub as_of: DateTime<Utc>,
    /// The figures of all tickets that were filed in the year.
    pub total: Figures,
    /// By service.
    pub services: Vec<Group>,
    /// By group of categories.
    pub categories: Vec<Group>,
    /// The zoning that covers the city.
    pub zoning: ZoningCode,
    /// By its areas.
    pub areas: Vec<Group>,
    /// By month.
    pub months: Vec<Group>,
    /// Each café that was held.
    pub cafes: CafeTable,
    /// The same by area.
    pub cafes_by_area: CafeTable,
}

/// The report about a year, on the city's clocks.
///
/// # Errors
/// [`StatisticsError::NoSuchYear`] also before it has begun.
pub async fn report(cx: &Context, _who: &Grant<ReadStatistics>, of_year: i32) -> Result<Report, StatisticsError> {
    let loaded = cx.city()?;
    let (city, now) = (of(&loaded), cx.now());
    let (begins, ends) = year(of_year, city.zone())
        .filter(|(begins, _)| of_year >= 1970 && *begins <= now)
        .ok_or(StatisticsError::NoSuchYear)?;
    let zoning = city.settings.territory.clone();
    let filter = Filter { filed_from: Some(begins), filed_before: Some(ends), ..Filter::default() };
    let period = Cafes { from: Some(begins), before: Some(ends) };
    let by = async |group_by| ticket::counted(cx, city, &Scope::everything(), &filter, &group_by).await;
    // The first was read first: what it tells of, the others do too.
    let (services, as_of) = by(GroupBy::Service).await?;
    let tables = [
        services,
        by(GroupBy::CategoryGroup).await?.0,
        by(GroupBy::Area(zoning.clone())).await?.0,
        by(GroupBy::Month).await?.0,
    ];
    let [services, categories, areas, months] = mask::tables(tables, city.zone());
    let mut cafes = cafe::counted(cx, city, &period, &CafesBy::Cafe, true).await?;
    let mut cafes_by_area = cafe::counted(cx, city, &period, &CafesBy::Area(zoning.clone()), true).await?;
    if cafes.concerns.is_none() || cafes_by_area.concerns.is_none() {
        (cafes.concerns, cafes_by_area.concerns) = (None, None);
    }
    Ok(Report {
        year: of_year,
        over: ends <= now,
        as_of,
        total: services.total,
        services: services.groups,
        categories: categories.groups,
        areas: areas.groups,
        months: months.groups,
        cafes,
        cafes_by_area,
        zoning,
    })
}
