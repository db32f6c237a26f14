//! Refusals that are counted instead of being recorded one by one, until one entry tells how many there were. The count
//! is in the database, so that all instances count together, and a count that is taken is recorded in the same
//! transaction: none is lost, none told twice.

use chrono::{DateTime, Utc};
use domain::audit::{Act, By, Record};
use domain::id::UserId;
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::connect::sql;
use crate::throttle::Key;
use crate::{Result, Store};

#[derive(FromQueryResult)]
struct WithheldRow {
    act: String,
    user_id: Option<Uuid>,
    address: Option<String>,
    since: DateTime<Utc>,
    until: DateTime<Utc>,
    count: i64,
}

impl WithheldRow {
    fn record(self, at: DateTime<Utc>) -> Record {
        let act = Act::RefusalsWithheld {
            of: self.act,
            user: self.user_id.map(UserId),
            count: self.count.unsigned_abs(),
            since: self.since,
            until: self.until,
        };
        Record { at, by: By::Nobody, from: self.address, act, why: None }
    }
}

impl Store {
    /// Counts a refusal that is not recorded, about that person.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn withhold(&self, key: &Key, user: Option<UserId>, record: &Record) -> Result<()> {
        let statement = sql(
            "insert into withheld_refusal as w (key, act, user_id, address, since, until, count)
             values ($1, $2, $3, $4, $5, $5, 1)
             on conflict (key) do update set until = greatest(w.until, excluded.until), count = w.count + 1",
            [
                key.bytes().into(),
                record.act.code().into(),
                user.map(|user| user.0).into(),
                record.from.clone().into(),
                record.at.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Records the counts that began before that moment, one entry each. A bounded number at a time; returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn record_withheld(&self, begun_before: DateTime<Utc>, now: DateTime<Utc>) -> Result<u64> {
        let tx = self.begin().await?;
        let take = sql(
            "delete from withheld_refusal where key in (
                 select key from withheld_refusal where since < $1 order by since limit 100 for update skip locked
             ) returning act, user_id, address, since, until, count",
            [begun_before.into()],
        );
        let rows = WithheldRow::find_by_statement(take).all(&tx.db).await?;
        let count = rows.len() as u64;
        for row in rows {
            tx.audit(&row.record(now));
        }
        tx.commit().await?;
        Ok(count)
    }
}
