//! Sign-ins at an identity provider that are under way.

use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::connect::sql;
use crate::{Result, SealingKey, Store, Tx};

/// How far a sign-in is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The browser is at the provider.
    Attempt,
    /// The person is known, and asked whether their account is to be linked.
    Question,
    /// The person is known; a code of ours gets the session.
    Granted,
}

impl Stage {
    const fn code(self) -> &'static str {
        match self {
            Self::Attempt => "attempt",
            Self::Question => "question",
            Self::Granted => "granted",
        }
    }
}

impl Store {
    /// Remembers something of a sign-in under the digest of what the browser holds.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keep_sign_in(
        &self,
        id: Uuid,
        stage: Stage,
        digest: &[u8],
        plain: &[u8],
        expires_at: DateTime<Utc>,
    ) -> Result<()> {
        let sealed = self.keys.accounts.seal(id, plain)?;
        let statement = sql(
            "insert into sign_in (id, stage, digest, sealed, expires_at) values ($1, $2, $3, $4, $5)",
            [id.into(), stage.code().into(), digest.into(), sealed.into(), expires_at.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Takes out what was remembered: of several that ask, one gets it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_sign_in(&self, stage: Stage, digest: &[u8], now: DateTime<Utc>) -> Result<Option<Vec<u8>>> {
        take(&self.db, &self.keys.accounts, stage, digest, now).await
    }
}

impl Tx {
    /// Takes out what was remembered: of several that ask, one gets it, and the others wait for what it does with it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_sign_in(&self, stage: Stage, digest: &[u8], now: DateTime<Utc>) -> Result<Option<Vec<u8>>> {
        take(&self.db, &self.keys.accounts, stage, digest, now).await
    }
}

async fn take(
    db: &impl ConnectionTrait,
    keys: &SealingKey,
    stage: Stage,
    digest: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<Vec<u8>>> {
    let statement = sql(
        "delete from sign_in where stage = $1 and digest = $2 and expires_at > $3 returning id, sealed",
        [stage.code().into(), digest.into(), now.into()],
    );
    let Some(row) = db.query_one_raw(statement).await? else { return Ok(None) };
    let (id, sealed): (Uuid, Vec<u8>) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    keys.open(id, keys.id(), &sealed).map(Some)
}
