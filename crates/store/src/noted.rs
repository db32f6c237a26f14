//! Concerns that were noted offline at a café: each is filed once, however often it is sent.

use chrono::{DateTime, Utc};
use domain::id::{CafeId, ConcernId};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::connect::sql;
use crate::{Error, Result, SealingKey, Store, Tx};

/// A concern as a device sends it.
#[derive(Debug, Clone)]
pub struct Noted {
    /// The café at which it was heard.
    pub cafe: CafeId,
    /// Who sends it, a person or a program.
    pub sender: Uuid,
    /// Its id, made by the device.
    pub id: Uuid,
    /// When it was noted.
    pub at: DateTime<Utc>,
    /// All that it says, always the same text for the same content. The database keeps a seal of it only.
    pub content: String,
}

/// What is known of a concern that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// It was filed before.
    Filed(ConcernId),
    /// Another content was filed under its id.
    OtherContent,
}

#[derive(FromQueryResult)]
struct Row {
    concern_id: Uuid,
    seal: String,
}

impl Noted {
    fn seal(&self, key: &SealingKey) -> String {
        key.token(&format!("continuum noted concern\0{}", self.content), self.id, 1)
    }
}

async fn known(db: &impl ConnectionTrait, key: &SealingKey, noted: &Noted) -> Result<Option<Known>> {
    let statement = sql(
        "select concern_id, seal from concern_noted where cafe_id = $1 and sender_id = $2 and id = $3",
        [noted.cafe.0.into(), noted.sender.into(), noted.id.into()],
    );
    let row = Row::find_by_statement(statement).one(db).await?;
    // None is kept of what was sent under an earlier key: then it is the same by its id.
    let same = |seal: &str| seal.is_empty() || seal == noted.seal(key);
    Ok(row.map(|row| if same(&row.seal) { Known::Filed(ConcernId(row.concern_id)) } else { Known::OtherContent }))
}

impl Store {
    /// What is known of a concern that was sent; nothing when it is new.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn known_note(&self, noted: &Noted) -> Result<Option<Known>> {
        known(&self.db, &self.keys.residents, noted).await
    }
}

impl Tx {
    /// Claims a concern that was sent for this transaction, which files it under that id: none when it is the first to do
    /// so. While another transaction files the same, waits for its end.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim_note(&self, noted: &Noted, concern: ConcernId) -> Result<Option<Known>> {
        let key = &self.keys.residents;
        let insert = sql(
            "insert into concern_noted (cafe_id, sender_id, id, concern_id, noted_at, seal)
             values ($1, $2, $3, $4, $5, $6) on conflict (cafe_id, sender_id, id) do nothing",
            [
                noted.cafe.0.into(),
                noted.sender.into(),
                noted.id.into(),
                concern.0.into(),
                noted.at.into(),
                noted.seal(key).into(),
            ],
        );
        if self.db.execute_raw(insert).await?.rows_affected() == 1 {
            return Ok(None);
        }
        let known = known(&self.db, key, noted).await?;
        known.map(Some).ok_or_else(|| Error::corrupt("a noted concern is neither new nor known"))
    }
}
