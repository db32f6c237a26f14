//! The last and the next café of each area, and which café its services are still to be told of.

use chrono::{DateTime, Utc};
use domain::cafe::Cafe;
use domain::id::{AreaCode, CafeId, TicketId, ZoningCode};
use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult};
use uuid::Uuid;

use super::{cafe, entity, took_place};
use crate::connect::sql;
use crate::{Error, Result, Store, Tx};

/// A café, named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// Its id.
    pub id: CafeId,
    /// What the poster says.
    pub title: String,
    /// When it begins, or began.
    pub starts_at: DateTime<Utc>,
}

/// The cafés of an area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AreaCafes {
    /// The area.
    pub area: AreaCode,
    /// The last one that took place.
    pub last: Option<Brief>,
    /// The next one that is planned.
    pub next: Option<Brief>,
}

#[derive(FromQueryResult)]
struct Row {
    area: String,
    last_id: Option<Uuid>,
    last_title: Option<String>,
    last_starts_at: Option<DateTime<Utc>>,
    next_id: Option<Uuid>,
    next_title: Option<String>,
    next_starts_at: Option<DateTime<Utc>>,
}

fn brief(id: Option<Uuid>, title: Option<String>, starts_at: Option<DateTime<Utc>>) -> Option<Brief> {
    Some(Brief { id: CafeId(id?), title: title?, starts_at: starts_at? })
}

impl TryFrom<Row> for AreaCafes {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            area: row.area.try_into().map_err(Error::corrupt)?,
            last: brief(row.last_id, row.last_title, row.last_starts_at),
            next: brief(row.next_id, row.next_title, row.next_starts_at),
        })
    }
}

impl Store {
    /// The last and the next café of each of these areas, in the same order. One statement.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn cafes_by_area(
        &self,
        zoning: &ZoningCode,
        areas: &[AreaCode],
        now: DateTime<Utc>,
    ) -> Result<Vec<AreaCafes>> {
        let areas: Vec<String> = areas.iter().map(ToString::to_string).collect();
        let statement = sql(
            concat!(
                "select a.code as area, l.id as last_id, l.title as last_title, l.starts_at as last_starts_at,
                    n.id as next_id, n.title as next_title, n.starts_at as next_starts_at
             from unnest($2::text[]) with ordinality as a (code, position)
             left join lateral (
                 select id, title, starts_at from cafe
                 where areas ->> $1 = a.code and ",
                took_place!("$3"),
                " order by starts_at desc, id desc limit 1
             ) l on true
             left join lateral (
                 select id, title, starts_at from cafe
                 where areas ->> $1 = a.code and state = 'planned' and ends_at > $3 and starts_at > $3 - interval '1 week'
                     and not ",
                took_place!("$3"),
                " order by starts_at, id limit 1
             ) n on true
             order by a.position"
            ),
            [zoning.as_str().into(), areas.into(), now.into()],
        );
        let rows = Row::find_by_statement(statement).all(&self.db).await?;
        rows.into_iter().map(AreaCafes::try_from).collect()
    }

    /// The next planned café in the area of one at which a concern of that ticket was heard.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next_cafe_after_hearing(
        &self,
        ticket: TicketId,
        zoning: &ZoningCode,
        now: DateTime<Utc>,
    ) -> Result<Option<Cafe>> {
        let statement = sql(
            "select n.* from cafe n
             where n.state = 'planned' and n.starts_at > $3 and exists (
                 select from cafe e
                 where e.starts_at < n.starts_at and e.areas ->> $2 = n.areas ->> $2 and e.id in (
                     select cafe_id from ticket where id = $1
                     union all
                     select c.cafe_id from concern_follow f join concern c on c.id = f.concern_id where f.ticket_id = $1
                 )
             )
             order by n.starts_at limit 1",
            [ticket.0.into(), zoning.as_str().into(), now.into()],
        );
        let row = entity::Entity::find().from_raw_sql(statement).one(&self.db).await?;
        row.map(cafe).transpose()
    }
}

impl Tx {
    /// A planned café that begins before `until` and of which the services were not told, marked as one of which they are
    /// told: the first to come. Another instance gets another one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_cafe_to_remind(&self, now: DateTime<Utc>, until: DateTime<Utc>) -> Result<Option<Cafe>> {
        let statement = sql(
            "select * from cafe
             where state = 'planned' and reminded_at is null and starts_at > $1 and starts_at <= $2
             order by starts_at limit 1 for update skip locked",
            [now.into(), until.into()],
        );
        let row = entity::Entity::find().from_raw_sql(statement).one(&self.db).await?;
        let Some(cafe) = row.map(cafe).transpose()? else { return Ok(None) };
        let statement = sql("update cafe set reminded_at = $2 where id = $1", [cafe.id.0.into(), now.into()]);
        self.db.execute_raw(statement).await?;
        Ok(Some(cafe))
    }
}
