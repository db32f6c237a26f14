//! Figures: what is counted of each ticket, and among which it is counted (`ticket_figure`), kept up with what happens; and
//! sums of it.
//!
//! One function of the database says what a ticket's figures are (`figures_of`, migration 0060): the worker and a
//! rebuild write what it gives. They take turns: of two at once, the one that read first could write last.

mod cafe;
mod ticket;

use domain::id::TicketId;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::connect::sql;
use crate::{Error, Result, Store};

pub use cafe::{CafeGroup, Cafes, CafesBy};

/// What a rebuild found in one batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    /// How many tickets were looked at.
    pub seen: u64,
    /// How many had other figures, though nothing had happened since that is still to be counted.
    pub differed: u64,
    /// The last one; none when there are no more.
    pub last: Option<TicketId>,
}

#[derive(FromQueryResult)]
struct RebuiltRow {
    seen: i64,
    differed: i64,
    last: Option<Uuid>,
}

/// Puts the figures of the tickets of `ids` in the place of those that are kept.
macro_rules! keep {
    ($ids:literal) => {
        concat!(
            "kept as (
                insert into ticket_figure as f select * from figures_of(array(", $ids, "))
                on conflict (ticket_id) do update set
                    filed_at = excluded.filed_at, urgency = excluded.urgency, open = excluded.open,
                    acknowledged = excluded.acknowledged, acknowledged_on_time = excluded.acknowledged_on_time,
                    rerouted = excluded.rerouted, refused = excluded.refused, reopened = excluded.reopened,
                    hidden_from_referrer = excluded.hidden_from_referrer,
                    first_status_after = excluded.first_status_after,
                    first_status_after_working = excluded.first_status_after_working,
                    resolved_after = excluded.resolved_after, residents_to_tell = excluded.residents_to_tell,
                    residents_told = excluded.residents_told, referrers_to_tell = excluded.referrers_to_tell,
                    referrers_told = excluded.referrers_told, service_code = excluded.service_code,
                    category_code = excluded.category_code, sensitivity = excluded.sensitivity, origin = excluded.origin,
                    closure_reason = excluded.closure_reason, areas = excluded.areas, area_codes = excluded.area_codes
                where f is distinct from excluded returning f.ticket_id
            )"
        )
    };
}

const KEEP: &str = concat!(
    "with due as (
        delete from figure_due where seq in (select seq from figure_due order by seq limit $1) returning ticket_id
    ), ",
    keep!("select distinct ticket_id from due"),
    " select count(*) from due"
);

const REBUILD: &str = concat!(
    "with batch as (select id from ticket where $1::uuid is null or id > $1 order by id limit $2), ",
    keep!("select id from batch"),
    " select (select count(*) from batch) as seen,
        (select count(*) from kept where ticket_id not in (select ticket_id from figure_due)) as differed,
        (select id from batch order by id desc limit 1) as last"
);

impl Store {
    /// Brings the figures of tickets up to what has happened: of those that have waited longest, `limit` entries of the
    /// queue at most. Returns how many; none also when somebody else is at it.
    ///
    /// # Errors
    /// When the database does not answer: what was not done is still due.
    pub async fn keep_figures(&self, limit: u32) -> Result<u64> {
        let tx = self.begin().await?;
        // The turn is the schema's: cities that share a database do not wait for one another.
        let turn = "select pg_try_advisory_xact_lock(7208121, 'ticket_figure'::regclass::oid::integer)";
        let row = tx.db.query_one_raw(sql(turn, [])).await?;
        if !row.map_or(Ok(false), |row| row.try_get_by_index(0))? {
            return Ok(0);
        }
        let row = tx.db.query_one_raw(sql(KEEP, [i64::from(limit).into()])).await?;
        let kept: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        tx.commit().await?;
        Ok(kept.unsigned_abs())
    }

    /// Finds the figures of the next tickets anew, at most `limit`, beginning after that one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rebuild_figures(&self, after: Option<TicketId>, limit: u32) -> Result<Rebuilt> {
        let tx = self.begin().await?;
        let turn = "select pg_advisory_xact_lock(7208121, 'ticket_figure'::regclass::oid::integer)";
        tx.db.query_one_raw(sql(turn, [])).await?;
        let statement = sql(REBUILD, [after.map(|ticket| ticket.0).into(), i64::from(limit).into()]);
        let row = RebuiltRow::find_by_statement(statement).one(&tx.db).await?;
        let row = row.ok_or_else(|| Error::corrupt("nothing was counted"))?;
        tx.commit().await?;
        Ok(Rebuilt {
            seen: row.seen.unsigned_abs(),
            differed: row.differed.unsigned_abs(),
            last: row.last.map(TicketId),
        })
    }
}
