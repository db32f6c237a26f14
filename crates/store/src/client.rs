//! Programs that use the API.

mod secret;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::id::{CategoryCode, ClientId, ClientSecretId, ServiceCode, UserId};
use domain::rights::{Client, ClientScope};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::Value;
use uuid::Uuid;

pub use secret::{SecretInfo, SecretKind};

use crate::connect::sql;
use crate::{Error, Page, Result, Store, Tx, one_more, texts};

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

/// Where a page begins: after this program, in the order of the names.
#[derive(Debug, Clone)]
pub struct After {
    /// The name.
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
pub(crate) fn client(id: Uuid, scopes: &[String], services: Vec<String>, categories: Vec<String>) -> Result<Client> {
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
            "select $1 as id, scopes, services, categories, null::uuid as secret from token_holder($1, $2, $3)",
            [id.0.into(), token.into(), issued_at.into()],
        );
        HolderRow::find_by_statement(statement).one(&self.db).await?.map(HolderRow::client).transpose()
    }

    /// Everything that a program may do, whatever its tokens were narrowed to; nothing when it is not there.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn client_scopes(&self, id: ClientId) -> Result<BTreeSet<ClientScope>> {
        let statement = sql(
            "select id, scopes, services, categories, null::uuid as secret from api_client where id = $1",
            [id.0.into()],
        );
        let row = HolderRow::find_by_statement(statement).one(&self.db).await?;
        Ok(row.map(HolderRow::client).transpose()?.map(|client| client.scopes).unwrap_or_default())
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
            select_client!(
                "$2::text is null or (lower(name), id) > (lower($2), $3::uuid) order by lower(name), id limit $4"
            ),
            [
                now.into(),
                after.as_ref().map(|after| after.name.clone()).into(),
                after.map(|after| after.id.0).into(),
                one_more(limit).into(),
            ],
        );
        let rows = Row::find_by_statement(statement).all(&self.db).await?;
        let clients = rows.into_iter().map(Registered::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(clients, limit, |one| After { name: one.name.clone(), id: one.client.client }))
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
                texts(&new.client.services).into(),
                texts(&new.client.categories).into(),
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
                texts(&one.client.services).into(),
                texts(&one.client.categories).into(),
                one.jwks.clone().into(),
                one.active.into(),
                one.version.into(),
                now.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        // What it may know of has changed, perhaps: nobody goes on with what it might before.
        self.stop_deliveries(one.client.client, now + crate::webhook::UNDER_WAY).await
    }
}
