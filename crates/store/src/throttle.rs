//! How often something may be tried, counted in the database so that all instances agree: the generic cell rate
//! algorithm, one row for each thing that is counted, one statement a try.

use chrono::{DateTime, Duration, Utc};
use sea_orm::ConnectionTrait;
use sha2::{Digest, Sha256};

use crate::connect::sql;
use crate::{Result, Store};

/// How often: `burst` times at once, and then once every `interval`.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// How many at once.
    pub burst: i32,
    /// How long until one more is allowed.
    pub interval: Duration,
}

/// What is counted: `kind` and the words that tell one from the other. Only their digest is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl Key {
    /// The key of these words.
    #[must_use]
    pub fn of(kind: &str, words: &[&str]) -> Self {
        let words = words
            .iter()
            .fold(Sha256::new_with_prefix(kind), |digest, word| digest.chain_update([0]).chain_update(word));
        Self(words.finalize().to_vec())
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.clone()
    }
}

impl Store {
    /// Takes one try. Returns when the next one is allowed, if this one was too many; then it does not count.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn try_once(&self, key: &Key, limit: Limit, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>> {
        let room = limit.interval * (limit.burst - 1);
        // Later than a full burst from now, only a clock that was wrong can have written: it keeps nobody out.
        let statement = sql(
            "insert into throttle as t (key, free_at) values ($1, $2::timestamptz + $3::bigint * interval '1 ms')
             on conflict (key) do update
             set free_at = $3 * interval '1 ms'
                 + case when t.free_at > $2 + ($3 + $4) * interval '1 ms' then $2 else greatest(t.free_at, $2) end
             where greatest(t.free_at, $2) <= $2 + $4::bigint * interval '1 ms'
                or t.free_at > $2 + ($3 + $4) * interval '1 ms'",
            [
                key.0.clone().into(),
                now.into(),
                limit.interval.num_milliseconds().into(),
                room.num_milliseconds().into(),
            ],
        );
        if self.db.execute_raw(statement).await?.rows_affected() == 1 {
            return Ok(None);
        }
        let free_at = sql("select free_at from throttle where key = $1", [key.0.clone().into()]);
        let row = self.db.query_one_raw(free_at).await?;
        let free_at: DateTime<Utc> = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(now);
        Ok(Some((free_at - room).max(now + Duration::seconds(1))))
    }

    /// Gives one try back: it was a good one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn give_back(&self, key: &Key, limit: Limit) -> Result<()> {
        let statement = sql(
            "update throttle set free_at = free_at - $2::bigint * interval '1 ms' where key = $1",
            [key.0.clone().into(), limit.interval.num_milliseconds().into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Forgets what was tried.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_tries(&self, key: &Key) -> Result<()> {
        self.db.execute_raw(sql("delete from throttle where key = $1", [key.0.clone().into()])).await?;
        Ok(())
    }

    /// Clears what says nothing any more: throttles that are free again, ended sessions, sign-ins, revocations and assertions
    /// whose time is over. A bounded number at a time; returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn clear_identity(&self, now: DateTime<Utc>, ended_before: DateTime<Utc>) -> Result<u64> {
        let statement = sql(
            "with t as (delete from throttle where key in (select key from throttle where free_at < $1 limit 1000 for update skip locked) returning 1),
                  s as (delete from session where id in (select id from session where expires_at < $2 limit 1000 for update skip locked) returning 1),
                  r as (delete from revoked_token where id in (select id from revoked_token where expires_at < $1 limit 1000 for update skip locked) returning 1),
                  i as (delete from sign_in where id in (select id from sign_in where expires_at < $1 limit 1000 for update skip locked) returning 1),
                  a as (delete from client_assertion where (client_id, jti) in (select client_id, jti from client_assertion where expires_at < $1 limit 1000 for update skip locked) returning 1)
             select (select count(*) from t) + (select count(*) from s) + (select count(*) from r) + (select count(*) from i) + (select count(*) from a)",
            [now.into(), ended_before.into()],
        );
        let row = self.db.query_one_raw(statement).await?;
        let cleared: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
        Ok(cleared.unsigned_abs())
    }
}
