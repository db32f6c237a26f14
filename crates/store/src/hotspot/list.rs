//! Listing hotspots.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::id::{AreaCode, CategoryCode, HotspotId, ServiceCode, ZoningCode};
use domain::place::{Areas, Point};
use sea_orm::FromQueryResult;
use serde_json::Value;
use uuid::Uuid;

use super::months;
use crate::connect::sql;
use crate::{Error, Page, Result, Store, area_codes, one_more};

/// A place that comes back.
#[derive(Debug, Clone, PartialEq)]
pub struct Hotspot {
    /// Which.
    pub id: HotspotId,
    /// The family of its concerns.
    pub family: CategoryCode,
    /// Whether there are three of the last 12 months.
    pub active: bool,
    /// Where: at the concern with most others around it.
    pub centre: Point,
    /// The street in which most of its concerns are.
    pub street: Option<String>,
    /// The areas of the place.
    pub areas: Areas,
    /// How many concerns of the last 12 months make it; of those that the reader's services have tickets of.
    pub concerns: u64,
    /// Since the first one; none for who does not know of all.
    pub ever: Option<u64>,
    /// How many in which month; none for who does not know of all.
    pub months: Option<BTreeMap<String, u64>>,
    /// When the first was filed.
    pub first_at: DateTime<Utc>,
    /// When the last was filed.
    pub last_at: DateTime<Utc>,
}

/// Which hotspots a reader may know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// All, with every number.
    Everything,
    /// Those of which at least that many concerns have a ticket at one of these services; these are counted.
    OfServices(Vec<ServiceCode>, u64),
}

/// Which hotspots are asked for.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of one of these families; of any when empty.
    pub families: Vec<CategoryCode>,
    /// In one of these areas; anywhere when empty.
    pub areas: Vec<(ZoningCode, AreaCode)>,
    /// Only those that are active, or that are not.
    pub active: Option<bool>,
}

/// Where a page begins: after this one, the last concern first.
#[derive(Debug, Clone, Copy)]
pub struct After {
    /// When its last concern was filed.
    pub last_at: DateTime<Utc>,
    /// Its id.
    pub id: HotspotId,
}

#[derive(FromQueryResult)]
pub(super) struct Row {
    id: Uuid,
    family_code: String,
    active: bool,
    lat: f64,
    lon: f64,
    street: Option<String>,
    areas: Value,
    concerns: i32,
    concerns_ever: i32,
    months: Value,
    first_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
    own: Option<i64>,
}

impl Row {
    pub(super) fn read(self, all: bool) -> Result<Hotspot> {
        let known = |count: i32| u64::try_from(count).unwrap_or_default();
        let own = self.own.and_then(|own| u64::try_from(own).ok()).unwrap_or_default();
        Ok(Hotspot {
            id: HotspotId(self.id),
            family: self.family_code.try_into().map_err(Error::corrupt)?,
            active: self.active,
            centre: Point { lat: self.lat, lon: self.lon },
            street: self.street,
            areas: serde_json::from_value(self.areas).map_err(Error::corrupt)?,
            concerns: if all { known(self.concerns) } else { own },
            ever: all.then(|| known(self.concerns_ever)),
            months: if all { Some(months(self.months)?) } else { None },
            first_at: self.first_at,
            last_at: self.last_at,
        })
    }
}

/// Services are asked about hotspot by hotspot: there are few, and what they hold changes without the worker.
const LIST: &str = "select h.*, o.own from hotspot h
    left join lateral (
        select count(distinct t.concern_id) as own from hotspot_concern m join ticket t on t.concern_id = m.concern_id
        where m.hotspot_id = h.id and m.current and t.service_code = any($5) and t.sensitivity = 'standard'
    ) o on not $4
    where ($4 or o.own >= $6)
      and (cardinality($1::text[]) = 0 or h.family_code = any($1))
      and (cardinality($2::text[]) = 0 or h.area_codes && $2)
      and ($3::boolean is null or h.active = $3)
      and ($7::timestamptz is null or (h.last_at, h.id) < ($7, $8))
    order by h.last_at desc, h.id desc limit $9";

impl Store {
    /// A page of hotspots, those with the latest concern first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn hotspots(
        &self,
        reach: &Reach,
        filter: &Filter,
        after: Option<After>,
        limit: u64,
    ) -> Result<Page<Hotspot, After>> {
        let families: Vec<String> = filter.families.iter().map(ToString::to_string).collect();
        let areas = area_codes(&filter.areas);
        let (all, services, least) = match reach {
            Reach::Everything => (true, Vec::new(), 0),
            Reach::OfServices(services, least) => (false, services.iter().map(ToString::to_string).collect(), *least),
        };
        let statement = sql(
            LIST,
            [
                families.into(),
                areas.into(),
                filter.active.into(),
                all.into(),
                services.into(),
                i64::try_from(least).unwrap_or(i64::MAX).into(),
                after.map(|after| after.last_at).into(),
                after.map(|after| after.id.0).into(),
                one_more(limit).into(),
            ],
        );
        let rows = Row::find_by_statement(statement).all(&self.db).await?;
        let hotspots = rows.into_iter().map(|row| row.read(all)).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(hotspots, limit, |hotspot| After { last_at: hotspot.last_at, id: hotspot.id }))
    }
}
