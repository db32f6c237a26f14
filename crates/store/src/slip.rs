//! Slips of paper: a short code, derived from the residents' key, and something that the resident knows. The database
//! holds keyed digests of both.

use chrono::{DateTime, Utc};
use domain::id::ConcernId;
use domain::slip::{Factor, SlipCode};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::connect::sql;
use crate::resident::tracking_token;
use crate::seal::digest;
use crate::{Error, Result, SealingKey, Store, Tx};

/// How often another code is derived, should one be taken: of a million slips, one in a million is.
const ATTEMPTS: i32 = 4;

/// A renewed link begins anew: its slips have codes of their own.
fn code(key: &SealingKey, concern: ConcernId, generation: i32, number: i32) -> SlipCode {
    let digest = key.keyed_digest("continuum slip", concern.0, &format!("{generation}.{number}"));
    SlipCode::of(*digest.first_chunk().expect("a SHA-256 has 32 bytes (FIPS 180-4)"))
}

fn code_digest(key: &SealingKey, code: &SlipCode) -> Vec<u8> {
    key.keyed_digest("continuum slip code", Uuid::nil(), code.as_str())
}

fn factor_digest(key: &SealingKey, concern: ConcernId, factor: &Factor) -> Vec<u8> {
    key.keyed_digest("continuum slip factor", concern.0, factor.as_str())
}

#[derive(FromQueryResult)]
struct Row {
    concern_id: Uuid,
    factor_digest: Vec<u8>,
    generation: i32,
}

impl Tx {
    /// Makes a slip for a concern, and a link if it has none or an ended one. The earlier slip is dead. Returns the code,
    /// which nothing else tells.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn make_slip(&self, concern: ConcernId, factor: &Factor, now: DateTime<Utc>) -> Result<SlipCode> {
        let key = &self.keys.residents;
        self.hold_contact(concern).await?;
        let first = sql(
            "insert into tracking_link (concern_id, digest, generation) values ($1, $2, 1)
             on conflict (concern_id) do nothing",
            [concern.0.into(), digest(&tracking_token(key, concern, 1)).into()],
        );
        self.db.execute_raw(first).await?;
        // Locks the link, so that two slips at once are made one after the other.
        let statement = sql(
            "select l.ended_at is not null, l.generation, coalesce(s.number, 0) from tracking_link l
             left join tracking_slip s on s.concern_id = l.concern_id where l.concern_id = $1 for update of l",
            [concern.0.into()],
        );
        let row = self.db.query_one_raw(statement).await?.ok_or_else(|| Error::corrupt("a link was not made"))?;
        let (mut generation, mut last): (i32, i32) = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        if row.try_get_by_index(0)? {
            self.renew_link(concern).await?;
            (generation, last) = (generation + 1, 0);
        }
        for number in last + 1..=last + ATTEMPTS {
            let code = code(key, concern, generation, number);
            let statement = sql(
                "insert into tracking_slip (concern_id, number, code_digest, factor_digest, made_at)
                 select $1, $2, $3, $4, $5 where not exists (select from tracking_slip where code_digest = $3)
                 on conflict (concern_id) do update set number = excluded.number, code_digest = excluded.code_digest,
                     factor_digest = excluded.factor_digest, made_at = excluded.made_at",
                [
                    concern.0.into(),
                    number.into(),
                    code_digest(key, &code).into(),
                    factor_digest(key, concern, factor).into(),
                    now.into(),
                ],
            );
            if self.db.execute_raw(statement).await?.rows_affected() == 1 {
                return Ok(code);
            }
        }
        Err(Error::corrupt("every code of a slip was taken"))
    }
}

impl Store {
    /// The token of the link that a slip stands for; none when there is no such slip, or when the resident knows
    /// something else.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn token_of_slip(&self, code: &SlipCode, factor: &Factor) -> Result<Option<String>> {
        let key = &self.keys.residents;
        let statement = sql(
            "select s.concern_id, s.factor_digest, l.generation
             from tracking_slip s join tracking_link l on l.concern_id = s.concern_id and l.ended_at is null
             where s.code_digest = $1",
            [code_digest(key, code).into()],
        );
        let row = Row::find_by_statement(statement).one(&self.db).await?;
        // As much work when there is none.
        let concern = ConcernId(row.as_ref().map_or(Uuid::nil(), |row| row.concern_id));
        let given = factor_digest(key, concern, factor);
        Ok(row.filter(|row| row.factor_digest == given).map(|row| tracking_token(key, concern, row.generation)))
    }
}
