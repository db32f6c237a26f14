//! Second factors: sealed seeds, the step of the last code, and digests of recovery codes.

use chrono::{DateTime, Utc};
use domain::id::UserId;
use sea_orm::{ConnectionTrait, FromQueryResult};

use crate::connect::sql;
use crate::{Error, Result, Store, Tx};

/// A person's second factor, its seed opened.
pub struct SecondFactor {
    /// The seed.
    pub seed: Vec<u8>,
    /// When the first code was given; before, it is not asked for.
    pub confirmed_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct Row {
    key_id: String,
    sealed: Vec<u8>,
    confirmed_at: Option<DateTime<Utc>>,
}

impl Store {
    /// The second factor of a person.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn second_factor(&self, user: UserId) -> Result<Option<SecondFactor>> {
        let statement =
            sql("select key_id, sealed, confirmed_at from second_factor where user_id = $1", [user.0.into()]);
        let Some(row) = Row::find_by_statement(statement).one(&self.db).await? else { return Ok(None) };
        let seed = self.keys.accounts.open(user.0, &row.key_id, &row.sealed)?;
        Ok(Some(SecondFactor { seed, confirmed_at: row.confirmed_at }))
    }

    /// Accepts the code of a step, unless that step or a later one was accepted before. Returns whether it was.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn spend_step(&self, user: UserId, step: i64) -> Result<bool> {
        let statement = sql(
            "update second_factor set last_step = $2 where user_id = $1 and last_step < $2",
            [user.0.into(), step.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }
}

impl Tx {
    /// Accepts a recovery code, once. Returns how many are left, if it was one of the person's.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn spend_recovery_code(&self, user: UserId, digest: &[u8], now: DateTime<Utc>) -> Result<Option<u32>> {
        // The factor's row is locked, so that of two codes at once the second counts without the first.
        let lock = sql("select from second_factor where user_id = $1 for update", [user.0.into()]);
        self.db.execute_raw(lock).await?;
        let spend = sql(
            "update recovery_code set used_at = $3 where user_id = $1 and digest = $2 and used_at is null",
            [user.0.into(), digest.to_vec().into(), now.into()],
        );
        if self.db.execute_raw(spend).await?.rows_affected() == 0 {
            return Ok(None);
        }
        let count = sql("select count(*) from recovery_code where user_id = $1 and used_at is null", [user.0.into()]);
        let row = self.db.query_one_raw(count).await?;
        let left: i64 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default();
        Ok(Some(u32::try_from(left).map_err(Error::corrupt)?))
    }

    /// Keeps a new seed, not yet confirmed, in place of one that was not confirmed either. Returns whether it did: a
    /// confirmed one stays.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn offer_second_factor(&self, user: UserId, seed: &[u8], now: DateTime<Utc>) -> Result<bool> {
        let key = &self.keys.accounts;
        let statement = sql(
            "insert into second_factor as f (user_id, key_id, sealed, created_at) values ($1, $2, $3, $4)
             on conflict (user_id) do update set key_id = $2, sealed = $3, created_at = $4, last_step = 0
             where f.confirmed_at is null",
            [user.0.into(), key.id().into(), key.seal(user.0, seed)?.into(), now.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }

    /// Confirms a person's second factor by the step of its first code, and keeps the digests of their recovery codes.
    /// Their limited sessions become whole. Returns whether there was one to confirm.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn confirm_second_factor(
        &self,
        user: UserId,
        step: i64,
        codes: Vec<Vec<u8>>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let confirm = sql(
            "update second_factor set confirmed_at = $3, last_step = $2 where user_id = $1 and confirmed_at is null",
            [user.0.into(), step.into(), now.into()],
        );
        if self.db.execute_raw(confirm).await?.rows_affected() == 0 {
            return Ok(false);
        }
        let keep = sql(
            "insert into recovery_code (digest, user_id) select unnest($2::bytea[]), $1",
            [user.0.into(), codes.into()],
        );
        self.db.execute_raw(keep).await?;
        self.db.execute_raw(sql("update session set limited = false where user_id = $1", [user.0.into()])).await?;
        Ok(true)
    }

    /// Takes a person's second factor away, with its recovery codes. Returns whether there was one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remove_second_factor(&self, user: UserId) -> Result<bool> {
        let statement = sql("delete from second_factor where user_id = $1", [user.0.into()]);
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }
}
