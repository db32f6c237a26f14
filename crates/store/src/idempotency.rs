//! The record behind `Idempotency-Key`: the first answer to a request, given again to its repeats. Written in the
//! transaction of the work itself: either both happened or neither.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::connect::sql;
use crate::{Error, Result, Store, Tx};

/// A request under a key.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Who asks, a person or a program: keys of two never meet.
    pub client: Uuid,
    /// The key.
    pub key: String,
    /// SHA-256 of method, path and body.
    pub fingerprint: Vec<u8>,
}

/// An answer as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The `ETag` header.
    pub etag: Option<String>,
    /// The `Location` header.
    pub location: Option<String>,
    /// The body, JSON.
    pub body: String,
}

/// What is known of a request under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// It is the first; the work is this transaction's to do.
    First,
    /// It was answered before.
    Answered(Answer),
    /// The key belongs to another request.
    AnotherRequest,
}

#[derive(FromQueryResult)]
struct Row {
    fingerprint: Vec<u8>,
    status: Option<i16>,
    etag: Option<String>,
    location: Option<String>,
    body: Option<String>,
}

impl Tx {
    /// Claims the key for this transaction. While another transaction holds the same key, waits for its end: a repeat
    /// that arrives at the same time gets the first answer too.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim(&self, claim: &Claim, now: DateTime<Utc>) -> Result<Claimed> {
        let insert = sql(
            "insert into idempotency_key (client, key, fingerprint, created_at) values ($1, $2, $3, $4)
             on conflict do nothing",
            [claim.client.into(), claim.key.clone().into(), claim.fingerprint.clone().into(), now.into()],
        );
        if self.db.execute_raw(insert).await?.rows_affected() == 1 {
            return Ok(Claimed::First);
        }
        let select = sql(
            "select fingerprint, status, etag, location, body from idempotency_key where client = $1 and key = $2",
            [claim.client.into(), claim.key.clone().into()],
        );
        let row = Row::find_by_statement(select).one(&self.db).await?;
        let row = row.ok_or_else(|| Error::Unavailable("an idempotency key was cleared while it was read".into()))?;
        if row.fingerprint != claim.fingerprint {
            return Ok(Claimed::AnotherRequest);
        }
        let status = row.status.and_then(|status| u16::try_from(status).ok());
        let (Some(status), Some(body)) = (status, row.body) else {
            return Err(Error::corrupt("an idempotency key was committed without its answer"));
        };
        Ok(Claimed::Answered(Answer { status, etag: row.etag, location: row.location, body }))
    }

    /// Keeps the answer of a claimed key.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keep_answer(&self, claim: &Claim, answer: &Answer) -> Result<()> {
        let status = i16::try_from(answer.status).map_err(Error::corrupt)?;
        let update = sql(
            "update idempotency_key set status = $3, etag = $4, location = $5, body = $6 where client = $1 and key = $2",
            [
                claim.client.into(),
                claim.key.clone().into(),
                status.into(),
                answer.etag.clone().into(),
                answer.location.clone().into(),
                answer.body.clone().into(),
            ],
        );
        self.db.execute_raw(update).await?;
        Ok(())
    }
}

impl Store {
    /// Clears the answers given before `limit`, a bounded number at a time. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn clear_answers(&self, limit: DateTime<Utc>) -> Result<u64> {
        let statement = sql(
            "delete from idempotency_key where (client, key) in (
                 select client, key from idempotency_key where created_at < $1 order by created_at limit 1000
                 for update skip locked
             )",
            [limit.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected())
    }
}
