//! The areas that concerns, tickets and cafés keep: as they were when each was filed or planned, until an operator makes
//! them fit the zonings in force.
//!
//! A change of areas is no event of a ticket and leaves its version alone: nothing that somebody did to it changes.

use domain::place::{Areas, Point};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::connect::sql;
use crate::{Error, Page, Result, Store, Tx};

/// What keeps areas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keeper {
    /// A concern.
    Concern,
    /// A ticket.
    Ticket,
    /// A café.
    Cafe,
}

/// Something with the areas that it keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// What it is.
    pub keeper: Keeper,
    /// Its id.
    pub id: Uuid,
    /// Where it is; nowhere for an emergency or a crime, of which the areas alone are kept.
    pub point: Option<Point>,
    /// The areas.
    pub areas: Areas,
}

/// Which ones to go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walk {
    /// The concerns, each with its tickets.
    Concerns,
    /// The cafés.
    Cafes,
}

#[derive(FromQueryResult)]
struct Row {
    keeper: String,
    id: Uuid,
    lat: Option<f64>,
    lon: Option<f64>,
    areas: Value,
}

impl TryFrom<Row> for Kept {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let keeper = match row.keeper.as_str() {
            "concern" => Keeper::Concern,
            "ticket" => Keeper::Ticket,
            _ => Keeper::Cafe,
        };
        let point = row.lat.zip(row.lon).map(|(lat, lon)| Point { lat, lon });
        Ok(Self { keeper, id: row.id, point, areas: serde_json::from_value(row.areas).map_err(Error::corrupt)? })
    }
}

#[derive(Serialize)]
struct NewRow<'a> {
    id: Uuid,
    areas: &'a Areas,
}

/// Rows that somebody else is working on are passed over: nobody who waits for one of them holds another.
macro_rules! save {
    ($table:literal) => {
        concat!(
            "with wanted as (select id, areas from jsonb_to_recordset($1) as w (id uuid, areas jsonb)),
             free as (
                 select t.id from ",
            $table,
            " t where t.id in (select id from wanted) for no key update skip locked
             )
             update ",
            $table,
            " t set areas = wanted.areas from wanted, free where t.id = wanted.id and t.id = free.id"
        )
    };
}

impl Store {
    /// Some of what keeps areas, beginning after that id: at most `limit` cafés, or concerns with all of their tickets.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn kept_areas(&self, walk: Walk, after: Option<Uuid>, limit: u64) -> Result<Page<Kept, Uuid>> {
        let text = match walk {
            Walk::Concerns => {
                "with batch as (
                     select id, lat, lon, areas from concern where $1::uuid is null or id > $1 order by id limit $2
                 )
                 select 'concern' as keeper, id, lat, lon, areas from batch
                 union all
                 select 'ticket', t.id, t.lat, t.lon, t.areas from ticket t join batch on t.concern_id = batch.id"
            }
            Walk::Cafes => {
                "select 'cafe' as keeper, id, lat, lon, areas from cafe
                 where $1::uuid is null or id > $1 order by id limit $2"
            }
        };
        let most = i64::try_from(limit).map_err(Error::corrupt)?;
        let rows = Row::find_by_statement(sql(text, [after.into(), most.into()])).all(&self.db).await?;
        let items: Vec<Kept> = rows.into_iter().map(Kept::try_from).collect::<Result<_>>()?;
        let walked = items.iter().filter(|kept| kept.keeper != Keeper::Ticket).map(|kept| kept.id);
        let full = walked.clone().count() as u64 == limit;
        let next = walked.max().filter(|_| full);
        Ok(Page { items, next })
    }
}

impl Tx {
    /// Keeps other areas for these concerns, tickets or cafés, but for those that somebody else is working on. Returns how
    /// many were changed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_areas(&self, keeper: Keeper, changed: &[(Uuid, Areas)]) -> Result<u64> {
        if changed.is_empty() {
            return Ok(0);
        }
        let text = match keeper {
            Keeper::Concern => save!("concern"),
            Keeper::Ticket => save!("ticket"),
            Keeper::Cafe => save!("cafe"),
        };
        let rows: Vec<NewRow<'_>> = changed.iter().map(|(id, areas)| NewRow { id: *id, areas }).collect();
        let statement = sql(text, [serde_json::to_value(rows).map_err(Error::corrupt)?.into()]);
        Ok(self.db.execute_raw(statement).await?.rows_affected())
    }
}
