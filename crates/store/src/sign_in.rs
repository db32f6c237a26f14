//! Sign-ins at an identity provider: those under way, and whom an identity belongs to.

use chrono::{DateTime, Utc};
use domain::id::UserId;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::connect::sql;
use crate::{Result, Store, Tx};

/// How far a sign-in is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The browser is at the provider.
    Attempt,
    /// The person is known; a code of ours gets the session.
    Granted,
}

impl Stage {
    const fn code(self) -> &'static str {
        match self {
            Self::Attempt => "attempt",
            Self::Granted => "granted",
        }
    }
}

/// Who somebody is at an identity provider.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// The issuer's URL.
    pub issuer: &'a str,
    /// The provider behind it; empty where there is one only.
    pub idp: &'a str,
    /// The person there.
    pub subject: &'a str,
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
        let statement = sql(
            "delete from sign_in where stage = $1 and digest = $2 and expires_at > $3 returning id, sealed",
            [stage.code().into(), digest.into(), now.into()],
        );
        let Some(row) = self.db.query_one_raw(statement).await? else { return Ok(None) };
        let (id, sealed): (Uuid, Vec<u8>) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let keys = &self.keys.accounts;
        keys.open(id, keys.id(), &sealed).map(Some)
    }

    /// Whose identity it is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn identity_owner(&self, key: Key<'_>) -> Result<Option<UserId>> {
        let statement = sql(
            "select user_id from identity where issuer = $1 and idp = $2 and subject = $3",
            [key.issuer.into(), key.idp.into(), key.subject.into()],
        );
        let row = self.db.query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.map(UserId))
    }
}

impl Tx {
    /// Remembers whose identity it is. False when it is somebody else's.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn link_identity(&self, key: Key<'_>, user: UserId, now: DateTime<Utc>) -> Result<bool> {
        let statement = sql(
            "insert into identity (issuer, idp, subject, user_id, linked_at) values ($1, $2, $3, $4, $5)
             on conflict (issuer, idp, subject) do update set linked_at = identity.linked_at
             where identity.user_id = excluded.user_id",
            [key.issuer.into(), key.idp.into(), key.subject.into(), user.0.into(), now.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }
}
