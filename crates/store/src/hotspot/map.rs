//! Hotspots for maps: as they are, or as coarsely as the public may know.
//!
//! What somebody may not read, they may not ask for either: bounds and times are held against what is shown.

use domain::id::{AreaCode, CategoryCode, HotspotId, ZoningCode};
use domain::place::Bounds;
use sea_orm::FromQueryResult as _;

use super::list::Row;
use super::{Hotspot, Reach};
use crate::connect::sql;
use crate::{Page, Result, Store, Window, area_codes};

/// How exactly hotspots are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Precision {
    /// As they are, within the reader's reach.
    Exact(Reach),
    /// To the thousandth of a degree, and only active ones of so many concerns.
    Coarse(u64),
}

/// Which hotspots are asked for.
#[derive(Debug, Clone, Default)]
pub struct OnMap {
    /// This one.
    pub id: Option<HotspotId>,
    /// Of one of these families; of any when empty.
    pub families: Vec<CategoryCode>,
    /// In each of these areas; anywhere when empty.
    pub areas: Vec<(ZoningCode, AreaCode)>,
    /// Only those that are active, or that are not.
    pub active: Option<bool>,
    /// Within these bounds.
    pub within: Option<Bounds>,
    /// Which last into this time: from the month of the first concern to that of the last one.
    pub during: Option<Window>,
}

const ON_MAP: &str =
    "select h.id, h.family_code, h.active, p.lat, p.lon, h.street, h.areas, h.concerns, h.concerns_ever,
        h.months, h.first_at, h.last_at, o.own
    from hotspot h
    cross join lateral (
        select case when $1 then round(h.lat::numeric, 3)::float8 else h.lat end as lat,
            case when $1 then round(h.lon::numeric, 3)::float8 else h.lon end as lon
    ) p
    left join lateral (
        select count(distinct t.concern_id) as own from hotspot_concern m join ticket t on t.concern_id = m.concern_id
        where m.hotspot_id = h.id and m.current and t.service_code = any($4) and t.sensitivity = 'standard'
    ) o on not ($1 or $2)
    where case when $1 then h.active and h.concerns >= $3 else $2 or o.own >= $3 end
      and ($5::uuid is null or h.id = $5)
      and (cardinality($6::text[]) = 0 or h.family_code = any($6))
      and (cardinality($7::text[]) = 0 or h.area_codes @> $7)
      and ($8::boolean is null or h.active = $8)
      and ($9::float8 is null or p.lat between $10 and $12
           and case when $9 <= $11 then p.lon between $9 and $11 else p.lon >= $9 or p.lon <= $11 end)
      and ($13::timestamptz is null or date_trunc('month', h.first_at, $15) <= $14
           and (date_trunc('month', h.last_at at time zone $15) + interval '1 month') at time zone $15 > $13)
      and ($16::uuid is null or h.id > $16)
    order by h.id limit $17";

impl Store {
    /// A page of hotspots in the order of their ids, which no concern changes. Months are those of that time zone.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn hotspots_on_map(
        &self,
        precision: &Precision,
        asked: &OnMap,
        zone: &str,
        after: Option<HotspotId>,
        limit: u64,
    ) -> Result<Page<Hotspot, HotspotId>> {
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let (coarse, all, least, services) = match precision {
            Precision::Coarse(least) => (true, true, *least, Vec::new()),
            Precision::Exact(Reach::Everything) => (false, true, 0, Vec::new()),
            Precision::Exact(Reach::OfServices(services, least)) => {
                (false, false, *least, services.iter().map(ToString::to_string).collect())
            }
        };
        let families: Vec<String> = asked.families.iter().map(ToString::to_string).collect();
        let areas = area_codes(&asked.areas);
        let statement = sql(
            ON_MAP,
            [
                coarse.into(),
                all.into(),
                whole(least).into(),
                services.into(),
                asked.id.map(|id| id.0).into(),
                families.into(),
                areas.into(),
                asked.active.into(),
                asked.within.map(|bounds| bounds.west).into(),
                asked.within.map(|bounds| bounds.south).into(),
                asked.within.map(|bounds| bounds.east).into(),
                asked.within.map(|bounds| bounds.north).into(),
                asked.during.map(|during| during.from).into(),
                asked.during.map(|during| during.to).into(),
                zone.into(),
                after.map(|after| after.0).into(),
                whole(limit + 1).into(),
            ],
        );
        let rows = Row::find_by_statement(statement).all(&self.db).await?;
        let hotspots = rows.into_iter().map(|row| row.read(all)).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(hotspots, limit, |hotspot| hotspot.id))
    }
}
