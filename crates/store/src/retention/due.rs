//! Which concerns have ended long enough ago, in each step.

use chrono::{DateTime, Utc};
use domain::id::ConcernId;
use domain::retention::Cutoffs;
use sea_orm::ConnectionTrait;

use super::{Counts, ids};
use crate::connect::sql;
use crate::{Result, Store, Tx};

/// Concerns of which the contact is to go.
macro_rules! contacts_due {
    () => {
        "select id from concern c where contact_erased_at is null and filed_at < $1 and concern_ended_at(id) < $1"
    };
}

/// Concerns of which the texts are to go.
macro_rules! texts_due {
    () => {
        "select id from concern c where texts_erased_at is null and filed_at < $1 and concern_ended_at(id) < $1"
    };
}

/// Concerns of which the rows are to go.
macro_rules! rows_due {
    () => {
        "select id from concern c where filed_at < $1 and concern_ended_at(id) < $1"
    };
}

/// How many are counted at most: one more than a city may let go unseen.
macro_rules! counted {
    ($due:expr) => {
        concat!("select count(*)::integer from (", $due, " limit 100001) due")
    };
}

/// The next ones.
macro_rules! next {
    ($due:expr) => {
        concat!($due, " order by id limit $2")
    };
}

async fn count(db: &impl ConnectionTrait, cutoffs: &Cutoffs) -> Result<Counts> {
    let count = async |text: &'static str, cutoff: DateTime<Utc>| -> Result<u32> {
        let row = db.query_one_raw(sql(text, [cutoff.into()])).await?;
        Ok(row.map_or(Ok(0), |row| row.try_get_by_index::<i32>(0))?.unsigned_abs())
    };
    Ok(Counts {
        contacts: count(counted!(contacts_due!()), cutoffs.contact).await?,
        texts: count(counted!(texts_due!()), cutoffs.texts).await?,
        rows: count(counted!(rows_due!()), cutoffs.rows).await?,
    })
}

impl Store {
    /// Of how many concerns something is due to go, each step counted by itself; 100 001 at most.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn retention_due(&self, cutoffs: &Cutoffs) -> Result<Counts> {
        count(&self.db, cutoffs).await
    }
}

impl Tx {
    /// The same, for a run that is planned.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn retention_due(&self, cutoffs: &Cutoffs) -> Result<Counts> {
        count(&self.db, cutoffs).await
    }

    /// The next concerns that have ended of which somebody asked that the texts go.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn asked_to_erase(&self, limit: u32) -> Result<Vec<ConcernId>> {
        let statement = sql(
            "select id from concern c where to_erase and texts_erased_at is null and concern_ended_at(id) is not null
             order by id limit $1",
            [i64::from(limit).into()],
        );
        ids(self.db.query_all_raw(statement).await?)
    }

    /// The next concerns of which the contact is to go.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn contacts_to_erase(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<Vec<ConcernId>> {
        let statement = sql(next!(contacts_due!()), [cutoff.into(), i64::from(limit).into()]);
        ids(self.db.query_all_raw(statement).await?)
    }

    /// The next concerns of which the texts are to go.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn texts_to_erase(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<Vec<ConcernId>> {
        let statement = sql(next!(texts_due!()), [cutoff.into(), i64::from(limit).into()]);
        ids(self.db.query_all_raw(statement).await?)
    }

    /// The next concerns of which the rows are to go.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rows_to_remove(&self, cutoff: DateTime<Utc>, limit: u32) -> Result<Vec<ConcernId>> {
        let statement = sql(next!(rows_due!()), [cutoff.into(), i64::from(limit).into()]);
        ids(self.db.query_all_raw(statement).await?)
    }
}
