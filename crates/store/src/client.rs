//! Programs that use the API, their secrets and keys.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::account::Affair;
use domain::id::{CategoryCode, ClientId, ClientSecretId, MessageId, ServiceCode, UserId};
use domain::rights::{Client, ClientScope};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::Value;
use uuid::Uuid;

use crate::connect::sql;
use crate::outbox::Message;
use crate::{Error, Page, Result, Store, Tx};

/// A program that uses the API.
#[derive(Debug, Clone)]
pub struct Registered {
    /// Which, with what it may do.
    pub client: Client,
    /// How people call it.
    pub name: String,
    /// The e-mail address of who looks after it.
    pub contact: String,
    /// The public keys with which it proves who it is.
    pub jwks: Option<Value>,
    /// False: disabled; it can do nothing.
    pub active: bool,
    /// Counts the changes; the `ETag`.
    pub version: i64,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// By whom.
    pub created_by: UserId,
    /// When it last got a token or used a key; to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Its secrets and keys that are accepted.
    pub secrets: Vec<SecretInfo>,
}

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

/// Where a page begins: after this program, in the order of the names.
#[derive(Debug, Clone)]
pub struct After {
    /// The name, in lower case.
    pub name: String,
    /// The id.
    pub id: ClientId,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    name: String,
    contact: String,
    scopes: Vec<String>,
    services: Vec<String>,
    categories: Vec<String>,
    jwks: Option<Value>,
    active: bool,
    version: i64,
    created_at: DateTime<Utc>,
    created_by: Uuid,
    last_used_at: Option<DateTime<Utc>>,
    secrets: Value,
}

macro_rules! select_client {
    ($rest:literal) => {
        concat!(
            "select id, name, contact, scopes, services, categories, jwks, active, version, created_at, created_by,
                 last_used_at, coalesce((
                     select jsonb_agg(jsonb_build_object(
                         'id', s.id, 'kind', s.kind, 'hint', s.hint, 'created_at', s.created_at,
                         'expires_at', s.expires_at, 'last_used_at', s.last_used_at
                     ) order by s.created_at, s.id)
                     from client_secret s where s.client_id = c.id and s.revoked_at is null and s.expires_at > $1
                 ), '[]') as secrets
             from api_client c where ",
            $rest
        )
    };
}

#[derive(serde::Deserialize)]
struct SecretRow {
    id: Uuid,
    kind: String,
    hint: String,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
}

impl From<SecretRow> for SecretInfo {
    fn from(row: SecretRow) -> Self {
        let SecretRow { id, kind, hint, created_at, expires_at, last_used_at } = row;
        let kind = if kind == SecretKind::ApiKey.code() { SecretKind::ApiKey } else { SecretKind::Secret };
        Self { id: ClientSecretId(id), kind, hint, created_at, expires_at, last_used_at }
    }
}

impl TryFrom<Row> for Registered {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let secrets: Vec<SecretRow> = serde_json::from_value(row.secrets).map_err(Error::corrupt)?;
        Ok(Self {
            client: client(row.id, &row.scopes, row.services, row.categories)?,
            name: row.name,
            contact: row.contact,
            jwks: row.jwks,
            active: row.active,
            version: row.version,
            created_at: row.created_at,
            created_by: UserId(row.created_by),
            last_used_at: row.last_used_at,
            secrets: secrets.into_iter().map(SecretInfo::from).collect(),
        })
    }
}

#[derive(FromQueryResult)]
struct HolderRow {
    id: Uuid,
    scopes: Vec<String>,
    services: Vec<String>,
    categories: Vec<String>,
    secret: Option<Uuid>,
}

impl HolderRow {
    fn client(self) -> Result<Client> {
        client(self.id, &self.scopes, self.services, self.categories)
    }
}

/// The program of a row, with what it may do.
fn client(id: Uuid, scopes: &[String], services: Vec<String>, categories: Vec<String>) -> Result<Client> {
    let scopes: Option<BTreeSet<ClientScope>> = scopes.iter().map(|scope| ClientScope::from_code(scope)).collect();
    let services: std::result::Result<_, _> = services.into_iter().map(ServiceCode::try_from).collect();
    let categories: std::result::Result<_, _> = categories.into_iter().map(CategoryCode::try_from).collect();
    Ok(Client {
        client: ClientId(id),
        scopes: scopes.ok_or_else(|| Error::corrupt("a program has an unknown scope"))?,
        services: services.map_err(Error::corrupt)?,
        categories: categories.map_err(Error::corrupt)?,
    })
}

fn codes<T: ToString>(codes: &BTreeSet<T>) -> Vec<String> {
    codes.iter().map(ToString::to_string).collect()
}

fn scopes(client: &Client) -> Vec<String> {
    client.scopes.iter().map(|scope| scope.code().to_owned()).collect()
}

impl Store {
    /// The program of a verified access token, with what it may do at this moment; none when it is disabled, was disabled
    /// since the token was issued (to the second), or the token was revoked. Asked at every request.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn token_holder(&self, id: ClientId, token: Uuid, issued_at: DateTime<Utc>) -> Result<Option<Client>> {
        let statement = sql(
            "select id, scopes, services, categories, null::uuid as secret from api_client
             where id = $1 and active and (tokens_not_before is null or tokens_not_before < $3)
                 and not exists (select from revoked_token where id = $2)",
            [id.0.into(), token.into(), issued_at.into()],
        );
        HolderRow::find_by_statement(statement).one(&self.db).await?.map(HolderRow::client).transpose()
    }

    /// The program of an API key that is accepted, and the key's id. Asked at every request.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn key_holder(&self, digest: &[u8], now: DateTime<Utc>) -> Result<Option<(Client, ClientSecretId)>> {
        let statement = sql(
            "select c.id, scopes, services, categories, s.id as secret from client_secret s
             join api_client c on c.id = s.client_id
             where s.digest = $1 and s.kind = 'api_key' and s.revoked_at is null and s.expires_at > $2 and c.active",
            [digest.into(), now.into()],
        );
        let Some(row) = HolderRow::find_by_statement(statement).one(&self.db).await? else { return Ok(None) };
        let secret = row.secret.ok_or_else(|| Error::corrupt("a key without an id"))?;
        Ok(Some((row.client()?, ClientSecretId(secret))))
    }

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

    /// Remembers that a program has got in, by a secret or a key of its own: to the minute, so that a busy one does not
    /// write at each request.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn client_used(&self, id: ClientId, secret: Option<ClientSecretId>, now: DateTime<Utc>) -> Result<()> {
        let statement = sql(
            "with s as (
                 update client_secret set last_used_at = $3
                 where id = $2 and (last_used_at is null or last_used_at < $3::timestamptz - interval '1 minute')
             )
             update api_client set last_used_at = $3
             where id = $1 and (last_used_at is null or last_used_at < $3 - interval '1 minute')",
            [id.0.into(), secret.map(|secret| secret.0).into(), now.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
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

    /// The program of that id, in use or not.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn client(&self, id: ClientId, now: DateTime<Utc>) -> Result<Option<Registered>> {
        let statement = sql(select_client!("id = $2"), [now.into(), id.0.into()]);
        Row::find_by_statement(statement).one(&self.db).await?.map(Registered::try_from).transpose()
    }

    /// A page of programs, in the order of their names.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn clients(
        &self,
        after: Option<After>,
        limit: u64,
        now: DateTime<Utc>,
    ) -> Result<Page<Registered, After>> {
        let statement = sql(
            select_client!("$2::text is null or (lower(name), id) > ($2, $3::uuid) order by lower(name), id limit $4"),
            [
                now.into(),
                after.as_ref().map(|after| after.name.clone()).into(),
                after.map(|after| after.id.0).into(),
                i64::try_from(limit + 1).unwrap_or(i64::MAX).into(),
            ],
        );
        let rows = Row::find_by_statement(statement).all(&self.db).await?;
        let clients = rows.into_iter().map(Registered::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(clients, limit, |one| After { name: one.name.to_lowercase(), id: one.client.client }))
    }
}

impl Tx {
    /// The program of that id, locked until the transaction ends.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lock_client(&self, id: ClientId, now: DateTime<Utc>) -> Result<Option<Registered>> {
        // Locked before its secrets are read: one statement would see those of before it waited for the lock.
        self.db.execute_raw(sql("select from api_client where id = $1 for update", [id.0.into()])).await?;
        let statement = sql(select_client!("id = $2"), [now.into(), id.0.into()]);
        Row::find_by_statement(statement).one(&self.db).await?.map(Registered::try_from).transpose()
    }

    /// Keeps a new program, without secrets.
    ///
    /// # Errors
    /// The constraint `api_client_name_key` when another is called so.
    pub async fn add_client(&self, new: &Registered) -> Result<()> {
        let statement = sql(
            "insert into api_client (id, name, contact, scopes, services, categories, jwks, version, created_at, created_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            [
                new.client.client.0.into(),
                new.name.clone().into(),
                new.contact.clone().into(),
                scopes(&new.client).into(),
                codes(&new.client.services).into(),
                codes(&new.client.categories).into(),
                new.jwks.clone().into(),
                new.version.into(),
                new.created_at.into(),
                new.created_by.0.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Keeps a program that was locked as it shall be from now on.
    ///
    /// # Errors
    /// The constraint `api_client_name_key` when another is called so.
    pub async fn save_client(&self, one: &Registered, now: DateTime<Utc>) -> Result<()> {
        let statement = sql(
            "update api_client set name = $2, contact = $3, scopes = $4, services = $5, categories = $6, jwks = $7,
                 active = $8, version = $9, tokens_not_before = case when $8 then tokens_not_before else $10 end
             where id = $1",
            [
                one.client.client.0.into(),
                one.name.clone().into(),
                one.contact.clone().into(),
                scopes(&one.client).into(),
                codes(&one.client.services).into(),
                codes(&one.client.categories).into(),
                one.jwks.clone().into(),
                one.active.into(),
                one.version.into(),
                now.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

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
