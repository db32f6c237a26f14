//! The secrets, keys and tokens of programs: what is accepted, spent, revoked.

use chrono::{DateTime, Utc};
use domain::account::Affair;
use domain::id::{ClientId, ClientSecretId, MessageId};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::connect::sql;
use crate::outbox::Message;
use crate::{Result, Store, Tx};

/// What a secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretKind {
    /// It gets access tokens (`client_secret_basic`).
    Secret,
    /// It stands in requests itself: Open311.
    ApiKey,
}

impl SecretKind {
    /// The name in the database and in the API.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::ApiKey => "api_key",
        }
    }
}

/// A secret, as far as it can be told.
#[derive(Debug, Clone)]
pub struct SecretInfo {
    /// Its id.
    pub id: ClientSecretId,
    /// What it is for.
    pub kind: SecretKind,
    /// Its last four characters.
    pub hint: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Until when it is accepted.
    pub expires_at: DateTime<Utc>,
    /// When it was last used; to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

impl Store {
    /// The program's secret of that digest, if it is accepted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn client_secret(
        &self,
        id: ClientId,
        digest: &[u8],
        now: DateTime<Utc>,
    ) -> Result<Option<ClientSecretId>> {
        let statement = sql(
            "select id from client_secret
             where client_id = $1 and digest = $2 and kind = 'secret' and revoked_at is null and expires_at > $3",
            [id.0.into(), digest.into(), now.into()],
        );
        let row = self.db.query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.map(ClientSecretId))
    }

    /// Spends a signed statement of a program. False when it was spent before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn spend_assertion(&self, id: ClientId, jti: &str, expires_at: DateTime<Utc>) -> Result<bool> {
        let statement = sql(
            "insert into client_assertion (client_id, jti, expires_at) values ($1, $2, $3) on conflict do nothing",
            [id.0.into(), jti.into(), expires_at.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }

    /// Revokes an access token of a program; kept until it would have expired.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn revoke_token(&self, token: Uuid, expires_at: DateTime<Utc>) -> Result<()> {
        let statement = sql(
            "insert into revoked_token (id, expires_at) values ($1, $2) on conflict do nothing",
            [token.into(), expires_at.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }
}

impl Tx {
    /// Keeps the digest of a new secret or key.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn add_client_secret(&self, client: ClientId, new: &SecretInfo, digest: &[u8]) -> Result<()> {
        let statement = sql(
            "insert into client_secret (id, client_id, kind, digest, hint, created_at, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7)",
            [
                new.id.0.into(),
                client.0.into(),
                new.kind.code().into(),
                digest.into(),
                new.hint.clone().into(),
                new.created_at.into(),
                new.expires_at.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Revokes a secret or a key. False when the program has no such one that is accepted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn revoke_client_secret(
        &self,
        client: ClientId,
        secret: ClientSecretId,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let statement = sql(
            "update client_secret set revoked_at = $3
             where client_id = $1 and id = $2 and revoked_at is null and expires_at > $3",
            [client.0.into(), secret.0.into(), now.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }

    /// Writes to those who look after programs whose secrets expire before `before`, once for each; `id` gives each
    /// message its id. A bounded number at a time; returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn warn_of_expiry(
        &self,
        before: DateTime<Utc>,
        id: impl Fn() -> MessageId,
        now: DateTime<Utc>,
    ) -> Result<u64> {
        let statement = sql(
            "update client_secret s set warned_at = $1
             from (
                 select s.id from client_secret s join api_client c on c.id = s.client_id
                 where s.revoked_at is null and s.warned_at is null and s.expires_at > $1 and s.expires_at <= $2 and c.active
                 order by s.expires_at limit 100 for update of s skip locked
             ) due
             where s.id = due.id returning s.id, s.client_id",
            [now.into(), before.into()],
        );
        let mut warned = 0;
        for row in self.db.query_all_raw(statement).await? {
            let (secret, client): (Uuid, Uuid) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
            let affair = Affair::SecretExpires { secret: ClientSecretId(secret) };
            self.append_message(&Message::to_client(ClientId(client), id(), affair), now).await?;
            warned += 1;
        }
        Ok(warned)
    }
}
