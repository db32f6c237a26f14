//! Places that come back: what the worker needs to find them, and what it keeps.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::hotspot::{Found, Known};
use domain::id::{CategoryCode, ConcernId, HotspotId};
use domain::place::{Areas, Bounds, Point};
use domain::restitution::street;
use domain::text::Address;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::Value;
use uuid::Uuid;

use crate::connect::sql;
use crate::{Error, Result, Tx};

mod list;
mod map;

pub use list::{After, Filter, Hotspot, Reach};
pub use map::{OnMap, Precision};

/// A concern with a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Which.
    pub concern: ConcernId,
    /// What it is about.
    pub category: CategoryCode,
    /// Where.
    pub point: Point,
    /// In which street, as the public may know it.
    pub street: Option<String>,
}

/// Keeps hotspots: `$1` with their concerns, `$2` their family, `$3` now.
const PUT: &str = "
    with given as (
        select * from jsonb_to_recordset($1) as g (
            id uuid, lat float8, lon float8, street text, areas jsonb, concerns jsonb
        )
    ), kept as (
        insert into hotspot (id, family_code, active, lat, lon, street, areas, first_at, last_at, found_at)
        select id, $2, true, lat, lon, street, areas, $3, $3, $3 from given
        on conflict (id) do update set lat = excluded.lat, lon = excluded.lon, street = excluded.street,
            areas = excluded.areas
    )
    insert into hotspot_concern (concern_id, hotspot_id, current)
    select concern::uuid, id, true from given, jsonb_array_elements_text(concerns) as concern
    on conflict (concern_id) do update set hotspot_id = excluded.hotspot_id, current = true";

/// About how many concerns is asked at once.
const CONCERNS: usize = 1000;

/// How many hotspots are kept at once.
const HOTSPOTS: usize = 100;

/// How far the worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Concerns filed before have grown too old.
    pub since: DateTime<Utc>,
    /// The city's revision that it went by.
    pub revision: i64,
}

/// A hotspot to be kept.
#[derive(Debug, Clone)]
pub struct Kept<'a> {
    /// Which.
    pub id: HotspotId,
    /// Where it is, and its concerns.
    pub found: &'a Found,
    /// The street in which most of them are.
    pub street: Option<String>,
    /// The areas of the place.
    pub areas: Areas,
}

#[derive(FromQueryResult)]
struct PlacedRow {
    id: Uuid,
    category_code: String,
    lat: f64,
    lon: f64,
    address: Option<String>,
}

impl TryFrom<PlacedRow> for Placed {
    type Error = Error;

    fn try_from(row: PlacedRow) -> Result<Self> {
        let address: Option<Address> = row.address.map(TryInto::try_into).transpose().map_err(Error::corrupt)?;
        Ok(Self {
            concern: ConcernId(row.id),
            category: row.category_code.try_into().map_err(Error::corrupt)?,
            point: Point { lat: row.lat, lon: row.lon },
            street: address.as_ref().and_then(street),
        })
    }
}

#[derive(FromQueryResult)]
struct ProgressRow {
    since: DateTime<Utc>,
    revision: i64,
}

#[derive(FromQueryResult)]
struct MemberRow {
    concern_id: Uuid,
    hotspot_id: Uuid,
}

#[derive(FromQueryResult)]
struct KnownRow {
    id: Uuid,
    lat: f64,
    lon: f64,
}

fn uuids(concerns: impl IntoIterator<Item = ConcernId>) -> sea_orm::Value {
    concerns.into_iter().map(|concern| concern.0).collect::<Vec<_>>().into()
}

fn ids(hotspots: &BTreeSet<HotspotId>) -> sea_orm::Value {
    hotspots.iter().map(|hotspot| hotspot.0).collect::<Vec<_>>().into()
}

impl Tx {
    /// Takes the turn to look for hotspots until the transaction ends; false when another worker has it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn try_hold_hotspots(&self) -> Result<bool> {
        // The turn is the schema's: cities that share a database do not wait for one another.
        let turn = "select pg_try_advisory_xact_lock(7208119, 'hotspot'::regclass::oid::integer)";
        let row = self.db.query_one_raw(sql(turn, [])).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
    }

    /// How far the worker is; none before it has looked once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn hotspot_progress(&self) -> Result<Option<Progress>> {
        let statement = sql("select since, revision from hotspot_progress", []);
        let row = ProgressRow::find_by_statement(statement).one(&self.db).await?;
        Ok(row.map(|ProgressRow { since, revision }| Progress { since, revision }))
    }

    /// Notes how far the worker is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_hotspot_progress(&self, progress: Progress) -> Result<()> {
        let statement = sql(
            "insert into hotspot_progress (since, revision) values ($1, $2)
             on conflict (singleton) do update set since = excluded.since, revision = excluded.revision",
            [progress.since.into(), progress.revision.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Takes concerns out of the queue around which to look, those first that have waited longest.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_hotspots_due(&self, limit: u32) -> Result<Vec<Placed>> {
        self.placed(sql(
            "with taken as (
                delete from hotspot_due where seq in (select seq from hotspot_due order by seq limit $1)
                returning concern_id
             )
             select id, category_code, lat, lon, address from concern
             where id in (select concern_id from taken) and lat is not null",
            [i64::from(limit).into()],
        ))
        .await
    }

    /// Forgets around which concerns to look, for who looks everywhere.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn clear_hotspots_due(&self) -> Result<()> {
        self.db.execute_raw(sql("delete from hotspot_due", [])).await?;
        Ok(())
    }

    /// The concerns that were filed in a time and have a place.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn placed_between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<Placed>> {
        self.placed(sql(
            "select id, category_code, lat, lon, address from concern
             where filed_at >= $1 and filed_at < $2 and lat is not null",
            [from.into(), to.into()],
        ))
        .await
    }

    /// The concerns of these categories that were filed since and have a point: a year of a large city, read in parts.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn placed_since(&self, categories: &[CategoryCode], since: DateTime<Utc>) -> Result<Vec<Placed>> {
        let codes: Vec<String> = categories.iter().map(ToString::to_string).collect();
        let all = "declare placed no scroll cursor for
             select id, category_code, lat, lon, address from concern
             where category_code = any($1) and filed_at >= $2 and lat is not null";
        self.db.execute_raw(sql(all, [codes.into(), since.into()])).await?;
        let mut all = Vec::new();
        loop {
            let mut part = self.placed(sql("fetch 1000 from placed", [])).await?;
            if part.is_empty() {
                break;
            }
            all.append(&mut part);
        }
        self.db.execute_raw(sql("close placed", [])).await?;
        Ok(all)
    }

    /// The concerns of these categories that were filed since and lie within one of the bounds.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn placed_within(
        &self,
        categories: &[CategoryCode],
        since: DateTime<Utc>,
        bounds: &[Bounds],
    ) -> Result<Vec<Placed>> {
        let codes: Vec<String> = categories.iter().map(ToString::to_string).collect();
        let side = |side: fn(&Bounds) -> f64| -> sea_orm::Value { bounds.iter().map(side).collect::<Vec<_>>().into() };
        self.placed(sql(
            "select distinct on (c.id) c.id, c.category_code, c.lat, c.lon, c.address
             from unnest($3::float8[], $4::float8[], $5::float8[], $6::float8[]) as b (south, north, west, east)
             join concern c on c.category_code = any($1) and c.lat between b.south and b.north
                 and c.lon between b.west and b.east
             where c.filed_at >= $2 and c.lat is not null",
            [codes.into(), since.into(), side(|b| b.south), side(|b| b.north), side(|b| b.west), side(|b| b.east)],
        ))
        .await
    }

    async fn placed(&self, statement: sea_orm::Statement) -> Result<Vec<Placed>> {
        let rows = PlacedRow::find_by_statement(statement).all(&self.db).await?;
        rows.into_iter().map(Placed::try_from).collect()
    }

    /// In which hotspot each of these concerns is, or was last.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn hotspots_of(&self, concerns: &BTreeSet<ConcernId>) -> Result<BTreeMap<ConcernId, HotspotId>> {
        let (concerns, mut of) = (concerns.iter().map(|concern| concern.0).collect::<Vec<_>>(), BTreeMap::new());
        for part in concerns.chunks(CONCERNS) {
            let statement = sql(
                "select concern_id, hotspot_id from hotspot_concern where concern_id = any($1)",
                [part.to_vec().into()],
            );
            let rows = MemberRow::find_by_statement(statement).all(&self.db).await?;
            of.extend(rows.into_iter().map(|row| (ConcernId(row.concern_id), HotspotId(row.hotspot_id))));
        }
        Ok(of)
    }

    /// The hotspots of a family that have no concerns now but some of these: of the given ones, and of those that lie
    /// within the bounds.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn known_hotspots(
        &self,
        family: &CategoryCode,
        of: &BTreeSet<HotspotId>,
        bounds: Bounds,
        concerns: &BTreeSet<ConcernId>,
    ) -> Result<Vec<Known>> {
        let statement = sql(
            "select id, lat, lon from hotspot h
             where family_code = $1
               and (id = any($2) or (lat between $3 and $4 and lon between $5 and $6))
               and not exists (
                   select from hotspot_concern m where m.hotspot_id = h.id and m.current and m.concern_id <> all($7)
               )",
            [
                family.as_str().into(),
                ids(of),
                bounds.south.into(),
                bounds.north.into(),
                bounds.west.into(),
                bounds.east.into(),
                uuids(concerns.iter().copied()),
            ],
        );
        let rows = KnownRow::find_by_statement(statement).all(&self.db).await?;
        let known = |row: KnownRow| Known { id: HotspotId(row.id), centre: Point { lat: row.lat, lon: row.lon } };
        Ok(rows.into_iter().map(known).collect())
    }

    /// Takes these concerns out of the hotspots that they make; they stay in their history.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn leave_hotspots(&self, concerns: &BTreeSet<ConcernId>) -> Result<()> {
        let statement = sql(
            "update hotspot_concern set current = false where current and concern_id = any($1)",
            [uuids(concerns.iter().copied())],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Takes all concerns out of all hotspots. Returns these.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn leave_all_hotspots(&self) -> Result<BTreeSet<HotspotId>> {
        self.db.execute_raw(sql("update hotspot_concern set current = false where current", [])).await?;
        let rows = self.db.query_all_raw(sql("select id from hotspot", [])).await?;
        rows.into_iter().map(|row| Ok(HotspotId(row.try_get_by_index(0)?))).collect()
    }

    /// Keeps hotspots of a family with their concerns. How many there are, [`Tx::count_hotspots`] says afterwards.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_hotspots(&self, family: &CategoryCode, hotspots: &[Kept<'_>], now: DateTime<Utc>) -> Result<()> {
        let given = |hotspot: &Kept<'_>| {
            let Kept { id, found, street, areas } = hotspot;
            let concerns: Vec<Uuid> = found.concerns.iter().map(|concern| concern.0).collect();
            serde_json::json!({
                "id": id.0, "lat": found.centre.lat, "lon": found.centre.lon, "street": street, "areas": areas,
                "concerns": concerns,
            })
        };
        for part in hotspots.chunks(HOTSPOTS) {
            let given = Value::Array(part.iter().map(given).collect());
            self.db.execute_raw(sql(PUT, [given.into(), family.as_str().into(), now.into()])).await?;
        }
        Ok(())
    }

    /// Counts the concerns of these hotspots, in all and by months of that time zone. One with fewer than `least` is not
    /// active; one whose concerns have all become another's is gone.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_hotspots(&self, hotspots: &BTreeSet<HotspotId>, least: usize, zone: &str) -> Result<()> {
        let counted = sql(
            "with member as (
                select m.hotspot_id, m.current, c.filed_at, to_char(c.filed_at at time zone $3, 'YYYY-MM') as month
                from hotspot_concern m join concern c on c.id = m.concern_id where m.hotspot_id = any($1)
             ), month as (
                select hotspot_id, jsonb_object_agg(month, n order by month) as months
                from (select hotspot_id, month, count(*) as n from member group by 1, 2) by_month group by 1
             ), counted as (
                select hotspot_id, count(*) filter (where current) as now, count(*) as ever, min(filed_at) as first_at,
                    max(filed_at) as last_at
                from member group by 1
             )
             update hotspot h set concerns = counted.now, active = counted.now >= $2, concerns_ever = counted.ever,
                 first_at = counted.first_at, last_at = counted.last_at, months = month.months
             from counted join month using (hotspot_id) where h.id = counted.hotspot_id",
            [ids(hotspots), i64::try_from(least).unwrap_or(i64::MAX).into(), zone.into()],
        );
        self.db.execute_raw(counted).await?;
        let gone = sql(
            "delete from hotspot h where id = any($1)
             and not exists (select from hotspot_concern m where m.hotspot_id = h.id)",
            [ids(hotspots)],
        );
        self.db.execute_raw(gone).await?;
        Ok(())
    }
}

/// The months of a hotspot, as they are kept.
fn months(kept: Value) -> Result<BTreeMap<String, u64>> {
    serde_json::from_value(kept).map_err(Error::corrupt)
}
