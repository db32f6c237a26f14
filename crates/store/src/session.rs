//! Login sessions.

use chrono::{DateTime, Utc};
use domain::id::{SessionId, UserId};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::connect::sql;
use crate::{Result, Store, Tx};

/// A session to begin.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// Whose.
    pub user: UserId,
    /// The SHA-256 of the refresh token.
    pub refresh_digest: Vec<u8>,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it ends unless refreshed.
    pub expires_at: DateTime<Utc>,
}

/// What became of a refresh token that was presented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// It was the current one; it is spent now.
    Renewed {
        /// The session.
        session: SessionId,
        /// Whose.
        user: UserId,
    },
    /// It was spent before: stolen, by one side or the other. The session has ended.
    Reused,
    /// There is no such token, or its session has ended.
    Unknown,
}

#[derive(FromQueryResult)]
struct SessionRow {
    id: Uuid,
    user_id: Uuid,
}

impl Tx {
    /// Begins a session.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin_session(&self, session: NewSession) -> Result<()> {
        let statement = sql(
            "insert into session (id, user_id, refresh_digest, created_at, refreshed_at, expires_at)
             values ($1, $2, $3, $4, $4, $5)",
            [
                session.id.0.into(),
                session.user.0.into(),
                session.refresh_digest.into(),
                session.created_at.into(),
                session.expires_at.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }
}

impl Store {
    /// Spends a refresh token and puts the next one in its place; ends the session when the token was spent before.
    /// One statement: of two that present the same token at once, one renews and the other is the reuse.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn refresh_session(
        &self,
        presented: &[u8],
        next: &[u8],
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> Result<Refreshed> {
        let renew = sql(
            "update session set spent_digest = refresh_digest, refresh_digest = $2, refreshed_at = $3, expires_at = $4
             where refresh_digest = $1 and ended_at is null and expires_at > $3
             returning id, user_id",
            [presented.to_vec().into(), next.to_vec().into(), now.into(), expires_at.into()],
        );
        if let Some(row) = SessionRow::find_by_statement(renew).one(&self.db).await? {
            return Ok(Refreshed::Renewed { session: SessionId(row.id), user: UserId(row.user_id) });
        }
        let end = sql(
            "update session set ended_at = $2 where spent_digest = $1 and ended_at is null",
            [presented.to_vec().into(), now.into()],
        );
        let ended = self.db.execute_raw(end).await?.rows_affected();
        Ok(if ended > 0 { Refreshed::Reused } else { Refreshed::Unknown })
    }

    /// Ends a session. Ending it twice is no fault.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_session(&self, session: SessionId, now: DateTime<Utc>) -> Result<()> {
        let statement =
            sql("update session set ended_at = $2 where id = $1 and ended_at is null", [session.0.into(), now.into()]);
        self.db.execute_raw(statement).await?;
        Ok(())
    }
}
