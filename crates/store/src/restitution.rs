//! Sheets of what was said and what became of it: what they are drawn up from, and those that were published.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use domain::city::catalogue::{ClosureReason, Sensitivity};
use domain::id::{AreaCode, CafeId, ConcernId, RestitutionId, UserId, ZoningCode};
use domain::restitution::{Followed, Said};
use domain::ticket::State;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::connect::sql;
use crate::seal::digest;
use crate::{Error, Result, SealingKey, Store, Tx};

/// What a sheet is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of {
    /// A café.
    Cafe(CafeId),
    /// An area, and days.
    Area {
        /// The zoning.
        zoning: ZoningCode,
        /// The area.
        area: AreaCode,
        /// The first day.
        from: NaiveDate,
        /// The last day.
        to: NaiveDate,
    },
}

/// Which concerns a sheet tells of.
#[derive(Debug, Clone)]
pub enum Heard {
    /// Those that were heard at a café.
    At(CafeId),
    /// Those in an area that were filed in a time.
    In {
        /// The zoning.
        zoning: ZoningCode,
        /// The area.
        area: AreaCode,
        /// From then on.
        from: DateTime<Utc>,
        /// Before then.
        until: DateTime<Utc>,
    },
}

/// A sheet that is published.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// Which.
    pub id: RestitutionId,
    /// The secret part of its link.
    pub token: String,
    /// When it was last published.
    pub at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct SaidRow {
    id: Uuid,
    category_code: String,
    address: Option<String>,
    filed_at: DateTime<Utc>,
    tickets: Value,
}

#[derive(Deserialize)]
struct TicketRow {
    state: State,
    closure_reason: Option<ClosureReason>,
    sensitivity: Sensitivity,
    hidden_from_referrer: bool,
    ended_at: Option<DateTime<Utc>>,
}

impl TryFrom<SaidRow> for Said {
    type Error = Error;

    fn try_from(row: SaidRow) -> Result<Self> {
        let tickets: Vec<TicketRow> = serde_json::from_value(row.tickets).map_err(Error::corrupt)?;
        let followed = |ticket: &TicketRow| Followed {
            state: ticket.state,
            reason: ticket.closure_reason,
            restricted: ticket.sensitivity != Sensitivity::Standard,
            ended_at: ticket.ended_at,
        };
        Ok(Self {
            concern: ConcernId(row.id),
            category: row.category_code.try_into().map_err(Error::corrupt)?,
            address: row.address.map(TryInto::try_into).transpose().map_err(Error::corrupt)?,
            filed_at: row.filed_at,
            tickets: tickets.iter().map(followed).collect(),
            hidden: tickets.iter().any(|ticket| ticket.hidden_from_referrer),
        })
    }
}

#[derive(FromQueryResult)]
struct PublishedRow {
    id: Uuid,
    generation: i32,
    published_at: DateTime<Utc>,
    withdrawn_at: Option<DateTime<Utc>>,
}

/// The concerns with what became of them: their own tickets, those that they were attached to, and of those that were
/// merged the ones that they were merged into.
const SAID: &str = "select c.id, c.category_code, c.address, c.filed_at, f.tickets
    from concern c cross join lateral (
        with recursive followed (id, depth) as (
            select id, 0 from ticket where concern_id = c.id
            union
            select ticket_id, 0 from concern_follow where concern_id = c.id
            union
            select t.duplicate_of, depth + 1 from followed f join ticket t on t.id = f.id
            where t.duplicate_of is not null and depth < 20
        )
        select coalesce(jsonb_agg(distinct jsonb_build_object(
            'id', t.id, 'state', t.state, 'closure_reason', t.closure_reason, 'sensitivity', t.sensitivity,
            'hidden_from_referrer', t.hidden_from_referrer, 'ended_at', coalesce(t.resolved_at, t.closed_at)
        )), '[]') as tickets
        from followed f join ticket t on t.id = f.id where t.duplicate_of is null
    ) f
    where c.outcome <> 'signposted'
      and ($1::uuid is null or c.cafe_id = $1)
      and ($2::jsonb is null or (c.areas @> $2 and c.filed_at >= $3 and c.filed_at < $4))
    order by c.id";

/// Of both kinds of sheets: the columns that say what it is of.
const FIND: &str = "select id, generation, published_at, withdrawn_at from restitution
    where cafe_id is not distinct from $1 and zoning_code is not distinct from $2 and area_code is not distinct from $3
      and from_on is not distinct from $4 and to_on is not distinct from $5";

fn columns(of: &Of) -> [sea_orm::Value; 5] {
    match of {
        Of::Cafe(cafe) => {
            let none = || None::<String>.into();
            [cafe.0.into(), none(), none(), None::<NaiveDate>.into(), None::<NaiveDate>.into()]
        }
        Of::Area { zoning, area, from, to } => {
            [None::<Uuid>.into(), zoning.as_str().into(), area.as_str().into(), (*from).into(), (*to).into()]
        }
    }
}

pub(crate) fn token(key: &SealingKey, id: Uuid, generation: i32) -> String {
    key.token("restitution", id, generation)
}

async fn said(db: &impl ConnectionTrait, heard: &Heard) -> Result<Vec<Said>> {
    let values = match heard {
        Heard::At(cafe) => {
            let never = || None::<DateTime<Utc>>.into();
            [Some(cafe.0).into(), None::<Value>.into(), never(), never()]
        }
        Heard::In { zoning, area, from, until } => {
            let areas = serde_json::json!({ zoning.as_str(): area.as_str() });
            [None::<Uuid>.into(), Some(areas).into(), Some(*from).into(), Some(*until).into()]
        }
    };
    let rows = SaidRow::find_by_statement(sql(SAID, values)).all(db).await?;
    rows.into_iter().map(Said::try_from).collect()
}

async fn counted_elsewhere(db: &impl ConnectionTrait, said: &[Said], of: &Of) -> Result<BTreeSet<ConcernId>> {
    let ids: Vec<Uuid> = said.iter().map(|said| said.concern.0).collect();
    let [cafe, zoning, area, from, to] = columns(of);
    let statement = sql(
        "select n.concern_id from restitution_count n join restitution r on r.id = n.restitution_id
         where n.concern_id = any($6) and not (
             r.cafe_id is not distinct from $1 and r.zoning_code is not distinct from $2
             and r.area_code is not distinct from $3 and r.from_on is not distinct from $4
             and r.to_on is not distinct from $5
         )",
        [cafe, zoning, area, from, to, ids.into()],
    );
    let rows = db.query_all_raw(statement).await?;
    rows.into_iter().map(|row| Ok(ConcernId(row.try_get_by_index(0)?))).collect()
}

impl Store {
    /// What a sheet would be drawn up from now: the concerns, and which of them another sheet has counted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn said(&self, of: &Of, heard: &Heard) -> Result<(Vec<Said>, BTreeSet<ConcernId>)> {
        let said = said(&self.db, heard).await?;
        let elsewhere = counted_elsewhere(&self.db, &said, of).await?;
        Ok((said, elsewhere))
    }

    /// Whether and since when a sheet is published.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn published(&self, of: &Of) -> Result<Option<Published>> {
        let row = PublishedRow::find_by_statement(sql(FIND, columns(of))).one(&self.db).await?;
        let row = row.filter(|row| row.withdrawn_at.is_none());
        Ok(row.map(|row| Published {
            id: RestitutionId(row.id),
            token: token(&self.keys.residents, row.id, row.generation),
            at: row.published_at,
        }))
    }

    /// What the link of a published sheet shows; none when it leads nowhere, or not any more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn restitution(&self, token: &str) -> Result<Option<(Value, Published)>> {
        let statement = sql(
            "select content, id, published_at from restitution where digest = $1 and withdrawn_at is null",
            [digest(token).into()],
        );
        let Some(row) = self.db.query_one_raw(statement).await? else { return Ok(None) };
        let (id, at) = (RestitutionId(row.try_get_by_index(1)?), row.try_get_by_index(2)?);
        Ok(Some((row.try_get_by_index(0)?, Published { id, token: token.to_owned(), at })))
    }
}

impl Tx {
    /// Takes the turn to publish sheets: one after the other, so that no two count the same concern.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn hold_restitutions(&self) -> Result<()> {
        // The turn is the schema's: cities that share a database do not wait for one another.
        let turn = "select pg_advisory_xact_lock(7208119, 'restitution'::regclass::oid::integer)";
        self.db.execute_unprepared(turn).await?;
        Ok(())
    }

    /// [`Store::said`], as the transaction sees it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn said(&self, of: &Of, heard: &Heard) -> Result<(Vec<Said>, BTreeSet<ConcernId>)> {
        let said = said(&self.db, heard).await?;
        let elsewhere = counted_elsewhere(&self.db, &said, of).await?;
        Ok((said, elsewhere))
    }

    /// Publishes a sheet, in the place of what its link showed before; under another link when that was withdrawn. The
    /// concerns that its numbers count are never counted by another one. [`Tx::hold_restitutions`] comes before.
    ///
    /// # Errors
    /// When the database does not answer, or when another sheet has counted one of the concerns.
    pub async fn publish_restitution(
        &self,
        new: RestitutionId,
        of: &Of,
        content: &Value,
        counted: &BTreeSet<ConcernId>,
        by: UserId,
        now: DateTime<Utc>,
    ) -> Result<Published> {
        let before = PublishedRow::find_by_statement(sql(FIND, columns(of))).one(&self.db).await?;
        let id = before.as_ref().map_or(new.0, |row| row.id);
        let generation = before.map_or(1, |row| row.generation + i32::from(row.withdrawn_at.is_some()));
        let token = token(&self.keys.residents, id, generation);
        let [cafe, zoning, area, from, to] = columns(of);
        let statement = sql(
            "insert into restitution (
                id, cafe_id, zoning_code, area_code, from_on, to_on, generation, digest, content, published_by, published_at
             ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             on conflict (id) do update set generation = excluded.generation, digest = excluded.digest,
                content = excluded.content, published_by = excluded.published_by, published_at = excluded.published_at,
                withdrawn_by = null, withdrawn_at = null",
            [
                id.into(),
                cafe,
                zoning,
                area,
                from,
                to,
                generation.into(),
                digest(&token).into(),
                content.clone().into(),
                by.0.into(),
                now.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        let concerns: Vec<Uuid> = counted.iter().map(|concern| concern.0).collect();
        let statement = sql(
            "insert into restitution_count (concern_id, restitution_id)
             select concern_id, $2 from unnest($1::uuid[]) as concern_id
             where concern_id not in (select concern_id from restitution_count where restitution_id = $2)",
            [concerns.into(), id.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(Published { id: RestitutionId(id), token, at: now })
    }

    /// Withdraws a published sheet, if it was not before: its link leads nowhere from then on. Which one it is, and
    /// whether it was shown until now; none when there is none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn withdraw_restitution(
        &self,
        of: &Of,
        by: UserId,
        now: DateTime<Utc>,
    ) -> Result<Option<(RestitutionId, bool)>> {
        let [cafe, zoning, area, from, to] = columns(of);
        let statement = sql(
            "with found as (
                 select id, withdrawn_at is null as shown from restitution
                 where cafe_id is not distinct from $1 and zoning_code is not distinct from $2
                   and area_code is not distinct from $3 and from_on is not distinct from $4
                   and to_on is not distinct from $5
             ), withdrawn as (
                 update restitution set withdrawn_by = $6, withdrawn_at = $7
                 where id in (select id from found where shown)
             )
             select id, shown from found",
            [cafe, zoning, area, from, to, by.0.into(), now.into()],
        );
        let Some(row) = self.db.query_one_raw(statement).await? else { return Ok(None) };
        Ok(Some((RestitutionId(row.try_get_by_index(0)?), row.try_get_by_index(1)?)))
    }
}
