//! A city as data: kept as a whole, read as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use domain::city::zoning::{Area, Zoning};
use domain::city::{City, Settings};
use domain::id::{CategoryCode, OrganisationCode, ServiceCode, ZoningCode};
use domain::routing::RuleSet;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::connect::sql;
use crate::{Error, Result, Store, Tx};

/// The channel on which a change of the city is announced.
pub const CHANNEL: &str = "continuum_city";

/// Waits for one's turn to change the city, until the transaction ends. The turn is the schema's: cities that share a database
/// do not wait for one another.
pub(super) const TURN: &str = "select pg_advisory_xact_lock(7208119, 'city'::regclass::oid::integer)";

/// A city with the revision that it has in the database.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Rises with every change.
    pub revision: i64,
    /// The city.
    pub city: City,
    /// What it no longer has.
    pub retired: Retired,
}

/// What a city no longer has, and what its older tickets still name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Retired {
    organisation: BTreeSet<String>,
    /// Each service with its organisation.
    service: BTreeMap<String, OrganisationCode>,
    category: BTreeSet<String>,
    zoning: BTreeSet<String>,
    /// The categories of which the public was told of no ticket.
    hidden: BTreeSet<CategoryCode>,
}

impl Loaded {
    /// Whether the city has, or had, such an organisation.
    #[must_use]
    pub fn knows_organisation(&self, code: &OrganisationCode) -> bool {
        let has = self.city.organisations.iter().any(|organisation| organisation.code == *code);
        has || self.retired.organisation.contains(code.as_str())
    }

    /// Whether the city has, or had, such a service.
    #[must_use]
    pub fn knows_service(&self, code: &ServiceCode) -> bool {
        self.city.service(code).is_some() || self.retired.service.contains_key(code.as_str())
    }

    /// The organisation that a ticket gets to when it goes from one service, which the city need not have any more, to
    /// another; none while it stays in the same one.
    #[must_use]
    pub fn gets_to(&self, from: &ServiceCode, to: &ServiceCode) -> Option<&OrganisationCode> {
        let still = self.city.service(from).map(|service| &service.organisation);
        let before = still.or_else(|| self.retired.service.get(from.as_str()))?;
        Some(&self.city.service(to)?.organisation).filter(|after| *after != before)
    }

    /// Whether the city has, or had, such a category.
    #[must_use]
    pub fn knows_category(&self, code: &CategoryCode) -> bool {
        self.city.category(code).is_some() || self.retired.category.contains(code.as_str())
    }

    /// The categories of which the public is told of no ticket though they are no secret, those that the city had too.
    #[must_use]
    pub fn hidden_from_public(&self) -> Vec<CategoryCode> {
        let hidden = self.city.catalogue.iter().filter(|category| category.hidden_from_public);
        hidden.map(|category| &category.code).chain(&self.retired.hidden).cloned().collect()
    }

    /// Whether the city has, or had, such a zoning.
    #[must_use]
    pub fn knows_zoning(&self, code: &ZoningCode) -> bool {
        self.city.zoning(code).is_some() || self.retired.zoning.contains(code.as_str())
    }
}

/// What loading a city changed in one of its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// Which part: `service`, `category`…
    pub part: &'static str,
    /// How many were added.
    pub added: i64,
    /// How many were changed, or put to use again.
    pub changed: i64,
    /// How many only stand elsewhere in their list.
    pub moved: i64,
    /// How many are no longer in use.
    pub retired: i64,
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { part, added: 0, changed: 0, retired: 0, .. } => write!(f, "{part}: in another order"),
            Self { part, added, changed, retired, .. } => {
                write!(f, "{part}: {added} added, {changed} changed, {retired} retired")
            }
        }
    }
}

/// A zoning as a table keeps it.
#[derive(Serialize, Deserialize)]
struct ZoningRow {
    code: String,
    name: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
    areas: Vec<AreaRow>,
}

#[derive(Serialize, Deserialize)]
struct AreaRow {
    code: String,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    road_owner: Option<OrganisationCode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    land_owner: Option<OrganisationCode>,
    shape: geojson::Geometry,
}

macro_rules! put {
    ($table:literal) => {
        concat!(
            "with wanted as (
                 select value ->> 'code' as code, value as definition, ordinality::integer as position
                 from jsonb_array_elements($1) with ordinality
             ), put as (
                 insert into ",
            $table,
            " as t (code, definition, position) select code, definition, position from wanted
                 on conflict (code) do update
                 set definition = excluded.definition, position = excluded.position, active = true
                 where (t.definition, t.position, t.active) is distinct from (excluded.definition, excluded.position, true)
                 returning xmax = 0 as added
             ), retired as (
                 update ",
            $table,
            " set active = false where active and code not in (select code from wanted) returning 1
             )
             select (select count(*) filter (where added) from put) as added,
                    (select count(*) from wanted w join ",
            $table,
            " t using (code) where not t.active or t.definition <> w.definition) as changed,
                    (select count(*) from put) as put, (select count(*) from retired) as retired"
        )
    };
}

macro_rules! all {
    ($table:literal) => {
        concat!(
            "coalesce((select jsonb_agg(definition order by position) from ",
            $table,
            " where active), '[]'::jsonb) as ",
            $table
        )
    };
}

macro_rules! retired {
    ($table:literal) => {
        concat!("'", $table, "', coalesce((select jsonb_agg(code) from ", $table, " where not active), '[]'::jsonb)")
    };
}

#[derive(FromQueryResult)]
struct PutRow {
    added: i64,
    changed: i64,
    put: i64,
    retired: i64,
}

#[derive(FromQueryResult)]
struct CityRow {
    settings: Value,
    revision: i64,
    organisation: Value,
    calendar: Value,
    service: Value,
    category: Value,
    zoning: Value,
    letter: Value,
    rules: Value,
    rules_version: i32,
    retired: Value,
}

impl Tx {
    /// See [`Store::city`].
    ///
    /// # Errors
    /// When the database does not answer, or holds a city that this program does not understand.
    pub async fn city(&self) -> Result<Option<Loaded>> {
        city(&self.db).await
    }

    /// Makes the database's city the given one: adds, changes and retires what differs, publishes the rules as a new
    /// version if they differ, and announces it. Returns the parts that changed; none when nothing did.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn put_city(&self, city: &City, why: Option<&str>, now: DateTime<Utc>) -> Result<Vec<Changed>> {
        // Two that load at once come one after the other.
        self.db.execute_unprepared(TURN).await?;
        let mut changes = vec![
            self.put("organisation", put!("organisation"), &city.organisations).await?,
            self.put("calendar", put!("calendar"), &city.calendars).await?,
            self.put("service", put!("service"), &city.services).await?,
            self.put("category", put!("category"), &city.catalogue).await?,
            self.put("zoning", put!("zoning"), &zoning_rows(&city.zonings)).await?,
            self.put("letter", put!("letter"), &city.letters).await?,
            self.put_rules(city, why, now).await?,
        ];
        let settings = sql(
            "insert into city (settings, revision) values ($1, 1)
             on conflict (singleton) do update set settings = excluded.settings
             where city.settings is distinct from excluded.settings",
            [json(&city.settings)?.into()],
        );
        let rows = self.db.execute_raw(settings).await?.rows_affected();
        changes.push(Changed {
            part: "settings",
            added: 0,
            changed: i64::try_from(rows).map_err(Error::corrupt)?,
            moved: 0,
            retired: 0,
        });
        changes.retain(|c| (c.added, c.changed, c.moved, c.retired) != (0, 0, 0, 0));
        if !changes.is_empty() {
            self.announce_city().await?;
        }
        Ok(changes)
    }

    /// Says that the city has changed: with the commit, every instance reads it again.
    pub(super) async fn announce_city(&self) -> Result<()> {
        self.db.execute_unprepared("update city set revision = revision + 1").await?;
        self.db.execute_raw(sql("select pg_notify($1, '')", [CHANNEL.into()])).await?;
        Ok(())
    }

    async fn put<T: Serialize>(&self, part: &'static str, text: &'static str, items: &[T]) -> Result<Changed> {
        let row = PutRow::find_by_statement(sql(text, [json(items)?.into()])).one(&self.db).await?;
        let PutRow { added, changed, put, retired } = row.ok_or_else(|| Error::corrupt("nothing was counted"))?;
        Ok(Changed { part, added, changed, moved: put - added - changed, retired })
    }

    async fn put_rules(&self, city: &City, why: Option<&str>, now: DateTime<Utc>) -> Result<Changed> {
        let statement = sql(
            "insert into routing_rule_set (version, rules, published_at, reason)
             select coalesce(max(version), 0) + 1, $1, $2, $3 from routing_rule_set
             having (array_agg(rules order by version desc))[1] is distinct from $1",
            [json(&city.rules.rules)?.into(), now.into(), why.into()],
        );
        let added = i64::try_from(self.db.execute_raw(statement).await?.rows_affected()).map_err(Error::corrupt)?;
        Ok(Changed { part: "routing rule set", added, changed: 0, moved: 0, retired: 0 })
    }
}

/// See [`Store::city`].
async fn city(db: &impl ConnectionTrait) -> Result<Option<Loaded>> {
    let statement = sql(
        concat!(
            "select settings, revision, ",
            all!("organisation"),
            ", ",
            all!("calendar"),
            ", ",
            all!("service"),
            ", ",
            all!("category"),
            ", ",
            all!("zoning"),
            ", ",
            all!("letter"),
            ", jsonb_build_object(",
            retired!("organisation"),
            ", ",
            "'service', coalesce((
                select jsonb_object_agg(code, definition ->> 'organisation') from service where not active
            ), '{}'::jsonb)",
            ", ",
            retired!("category"),
            ", ",
            retired!("zoning"),
            ", 'hidden', coalesce((
                 select jsonb_agg(code) from category
                 where not active and definition ->> 'hidden_from_public' = 'true'
             ), '[]'::jsonb)) as retired, coalesce(rules, '[]'::jsonb) as rules, coalesce(version, 0) as rules_version
             from city left join lateral (
                 select rules, version from routing_rule_set order by version desc limit 1
             ) latest on true"
        ),
        [],
    );
    let Some(row) = CityRow::find_by_statement(statement).one(db).await? else { return Ok(None) };
    let zonings: Vec<ZoningRow> = parse(row.zoning)?;
    let city = City {
        settings: parse::<Settings>(row.settings)?,
        organisations: parse(row.organisation)?,
        calendars: parse(row.calendar)?,
        services: parse(row.service)?,
        catalogue: parse(row.category)?,
        zonings: zonings.into_iter().map(zoning).collect::<Result<_>>()?,
        rules: RuleSet { version: row.rules_version, rules: parse(row.rules)? },
        letters: parse(row.letter)?,
    };
    Ok(Some(Loaded { revision: row.revision, city, retired: parse(row.retired)? }))
}

impl Store {
    /// The city, whole; none before one is loaded. One statement, so that it is of one moment.
    ///
    /// # Errors
    /// When the database does not answer, or holds a city that this program does not understand.
    pub async fn city(&self) -> Result<Option<Loaded>> {
        city(&self.db).await
    }

    /// The revision of the city; none before one is loaded.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn city_revision(&self) -> Result<Option<i64>> {
        let row = self.db.query_one_raw(sql("select revision from city", [])).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }
}

fn json<T: Serialize + ?Sized>(value: &T) -> Result<Value> {
    serde_json::to_value(value).map_err(Error::corrupt)
}

fn parse<T: DeserializeOwned>(value: Value) -> Result<T> {
    serde_json::from_value(value).map_err(Error::corrupt)
}

fn zoning_rows(zonings: &[Zoning]) -> Vec<ZoningRow> {
    let area = |area: &Area| AreaRow {
        code: area.code.to_string(),
        name: area.name.clone(),
        road_owner: area.road_owner.clone(),
        land_owner: area.land_owner.clone(),
        shape: geojson::Geometry::from(area.shape()),
    };
    zonings
        .iter()
        .map(|z| ZoningRow {
            code: z.code.to_string(),
            name: z.name.clone(),
            partial: z.partial,
            areas: z.areas().iter().map(area).collect(),
        })
        .collect()
}

fn zoning(row: ZoningRow) -> Result<Zoning> {
    let area = |row: AreaRow| {
        let shape = row.shape.value.try_into().map_err(Error::corrupt)?;
        let AreaRow { code, name, road_owner, land_owner, .. } = row;
        Ok(Area::new(code.parse().map_err(Error::corrupt)?, name, shape).owned_by(road_owner, land_owner))
    };
    let areas = row.areas.into_iter().map(area).collect::<Result<_>>()?;
    let mut zoning = Zoning::new(row.code.parse().map_err(Error::corrupt)?, row.name, areas);
    zoning.partial = row.partial;
    Ok(zoning)
}
