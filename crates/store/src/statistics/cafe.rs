//! How many cafés were held, and how many concerns were heard there: counted from the tables themselves, which hold a few
//! cafés a year.

use chrono::{DateTime, Utc};
use domain::id::ZoningCode;
use domain::time::Zone;
use sea_orm::FromQueryResult;

use crate::cafe::took_place;
use crate::connect::sql;
use crate::{Result, Store};

/// By what cafés are put into groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CafesBy {
    /// Each for itself; the last two hundred.
    Cafe,
    /// By the area of this zoning that they were held in.
    Area(ZoningCode),
    /// By the month in which they began, on the city's clocks.
    Month,
}

/// Which cafés are counted: of those that took place, with or without a report.
#[derive(Debug, Clone, Default)]
pub struct Cafes {
    /// Only those that began then or later.
    pub from: Option<DateTime<Utc>>,
    /// Only those that began earlier.
    pub before: Option<DateTime<Utc>>,
}

/// The cafés of a group.
#[derive(Debug, Clone, PartialEq, FromQueryResult)]
pub struct CafeGroup {
    /// Of which: a café's id, an area's code, the month as `2026-03`; none in no area.
    pub key: Option<String>,
    /// A café's title.
    pub title: Option<String>,
    /// When the first of them began.
    pub starts_at: DateTime<Utc>,
    /// How many cafés.
    pub cafes: i64,
    /// How many concerns were heard there, whatever became of them.
    pub concerns: i64,
}

impl Store {
    /// The cafés of each group that has one, the group with the first café first; of single cafés the last two hundred.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn cafe_figures(
        &self,
        cafes: &Cafes,
        by: &CafesBy,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> Result<Vec<CafeGroup>> {
        let (by, zoning) = match by {
            CafesBy::Cafe => ("cafe", None),
            CafesBy::Area(zoning) => ("area", Some(zoning.to_string())),
            CafesBy::Month => ("month", None),
        };
        let statement = sql(
            concat!(
                "with held as (
                 select id, title, starts_at, areas, past_concerns + (select count(*) from concern where concern.cafe_id = cafe.id) as concerns
                 from cafe
                 where ",
                took_place!("$6"),
                " and ($1::timestamptz is null or starts_at >= $1)
                     and ($2::timestamptz is null or starts_at < $2)
                 order by starts_at desc, id desc limit case when $3 = 'cafe' then 200 end
             ), keyed as (
                 select case $3 when 'cafe' then id::text when 'area' then areas ->> $4
                         else to_char(starts_at at time zone $5, 'YYYY-MM')
                     end as key,
                     case $3 when 'cafe' then title end as title, starts_at, concerns
                 from held
             )
             select key, title, min(starts_at) as starts_at, count(*) as cafes, sum(concerns)::bigint as concerns
             from keyed group by key, title order by min(starts_at), key"
            ),
            [cafes.from.into(), cafes.before.into(), by.into(), zoning.into(), zone.name().into(), now.into()],
        );
        Ok(CafeGroup::find_by_statement(statement).all(&self.db).await?)
    }
}
