//! The record behind `Idempotency-Key`: the first answer to a request, given again to its repeats. Written in the
//! transaction of the work itself: either both happened or neither. Where the answer is known before, the statement that does
//! the work writes it ([`First`]).

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::connect::{bytea, sql};
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

/// The first answer under a key, kept by the statement that does the work; which does nothing when there is one already.
#[derive(Debug)]
pub struct First<'a> {
    /// The key.
    pub claim: &'a Claim,
    /// What will be answered.
    pub answer: Answer,
    /// When.
    pub at: DateTime<Utc>,
}

/// The part of a statement that keeps the [`First`] answer, if there is one, and gives a row if it did: not when the key has an answer.
/// What the statement does depends on that, and so is done after it: who claims a key does so before anything is locked. The
/// parameter is [`First::rows`].
macro_rules! keep_first {
    ($first:literal) => {
        concat!(
            "insert into idempotency_key (client, key, fingerprint, created_at, status, etag, location, body)
             select * from jsonb_to_recordset(",
            $first,
            ") as k (
                 client uuid, key text, fingerprint bytea, created_at timestamptz, status smallint, etag text,
                 location text, body text
             )
             on conflict do nothing returning 1"
        )
    };
}
pub(crate) use keep_first;

#[derive(Serialize)]
struct FirstRow<'a> {
    client: Uuid,
    key: &'a str,
    fingerprint: String,
    created_at: DateTime<Utc>,
    status: u16,
    etag: Option<&'a str>,
    location: Option<&'a str>,
    body: &'a str,
}

impl First<'_> {
    /// The rows that [`keep_first`] keeps: one, or none.
    pub(crate) fn rows(first: Option<&Self>) -> Result<Value> {
        let row = |First { claim, answer, at }: &First<'_>| {
            let Answer { status, etag, location, body } = answer;
            let fingerprint = bytea(&claim.fingerprint);
            let (etag, location) = (etag.as_deref(), location.as_deref());
            let (client, key, created_at) = (claim.client, &claim.key, *at);
            serde_json::to_value([FirstRow {
                client,
                key,
                fingerprint,
                created_at,
                status: *status,
                etag,
                location,
                body,
            }])
        };
        first.map_or_else(|| Ok(Value::Array(Vec::new())), row).map_err(Error::corrupt)
    }
}

#[derive(FromQueryResult)]
struct Row {
    fingerprint: Vec<u8>,
    status: Option<i16>,
    etag: Option<String>,
    location: Option<String>,
    body: Option<String>,
}

/// What is known of a request under a key: that it is the first, when nothing is.
async fn known(db: &impl ConnectionTrait, claim: &Claim) -> Result<Claimed> {
    let select = sql(
        "select fingerprint, status, etag, location, body from idempotency_key where client = $1 and key = $2",
        [claim.client.into(), claim.key.clone().into()],
    );
    let Some(row) = Row::find_by_statement(select).one(db).await? else { return Ok(Claimed::First) };
    if row.fingerprint != claim.fingerprint {
        return Ok(Claimed::AnotherRequest);
    }
    let status = row.status.and_then(|status| u16::try_from(status).ok());
    let (Some(status), Some(body)) = (status, row.body) else {
        return Err(Error::corrupt("an idempotency key was committed without its answer"));
    };
    Ok(Claimed::Answered(Answer { status, etag: row.etag, location: row.location, body }))
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
        match known(&self.db, claim).await? {
            Claimed::First => Err(Error::key_cleared()),
            claimed => Ok(claimed),
        }
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
    /// What is known of a request under a key: that it is the first, when nothing is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn known_claim(&self, claim: &Claim) -> Result<Claimed> {
        known(&self.db, claim).await
    }

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
