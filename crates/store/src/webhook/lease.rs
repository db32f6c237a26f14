//! Who delivers to a webhook: one worker at a time, for a while.

use chrono::{DateTime, Utc};
use domain::account::Affair;
use domain::feed::Position;
use domain::id::{MessageId, WebhookId};
use domain::rights::Client;
use domain::webhook::{Because, Failing};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::Value;
use uuid::Uuid;

use super::{Attempt, Row, Webhook};
use crate::client::client;
use crate::connect::sql;
use crate::outbox::Message;
use crate::{Error, Result, Store};

/// The right to deliver to a webhook, until it ends or is taken back.
#[derive(Debug, Clone)]
pub struct Lease {
    /// Which lease.
    pub id: Uuid,
    /// The webhook.
    pub webhook: Webhook,
    /// Its program, with what it may know of now.
    pub client: Client,
    /// The ping that is to be sent.
    pub ping: Option<Uuid>,
    /// What signs: the newest secret first.
    pub secrets: Vec<Vec<u8>>,
    /// Whether events are due; else only the ping is.
    pub events: bool,
}

/// What comes after an attempt, or after a look that found nothing to deliver.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Then {
    /// A ping was sent: whatever became of it.
    Pinged,
    /// Everything up to there is done: in the replay, or in what is new.
    Done {
        /// Up to where.
        position: Position,
        /// Whether it was replayed.
        replayed: bool,
    },
    /// The same again, then.
    Again(Failing, DateTime<Utc>),
    /// Nothing more.
    Stop(Because),
}

#[derive(FromQueryResult)]
struct LeasedRow {
    #[sea_orm(nested)]
    webhook: Row,
    ping_id: Option<Uuid>,
    events: bool,
    scopes: Vec<String>,
    client_services: Vec<String>,
    client_categories: Vec<String>,
    secrets: Value,
}

#[derive(serde::Deserialize)]
struct SecretRow {
    id: Uuid,
    key_id: String,
    /// In hexadecimal.
    sealed: String,
}

const LEASE: &str = "
    with due as (
        select w.id, w.disabled_at is null and coalesce(w.attempt_at <= $1, true)
            and (w.replay_after is not null or w.position < h.position) as events
        from webhook w join api_client c on c.id = w.client_id cross join feed_head h
        where c.active and w.prompt = $5 and coalesce(w.leased_until <= $1, true) and (
            w.ping_id is not null or (
                w.disabled_at is null and coalesce(w.attempt_at <= $1, true)
                and (w.replay_after is not null or w.position < h.position)
            )
        )
        order by w.leased_until nulls first, w.id limit $4 for update of w skip locked
    ), leased as (
        update webhook w set lease = $3, leased_until = $2 from due where w.id = due.id
        returning w.*, due.events
    )
    select l.id, l.client_id, l.url, l.types, l.services, l.categories, l.areas, l.version, l.created_at, l.position,
        l.replay_after, l.replay_until, l.failures, l.failing_since, l.attempt_at, l.disabled_at, l.disabled_because,
        l.ping_id, l.events, c.scopes, c.services as client_services, c.categories as client_categories,
        coalesce((
            select jsonb_agg(jsonb_build_object('id', s.id, 'key_id', s.key_id, 'sealed', encode(s.sealed, 'hex'))
                order by s.created_at desc, s.id desc)
            from webhook_secret s where s.webhook_id = l.id and coalesce(s.signs_until > $1, true)
        ), '[]') as secrets
    from leased l join api_client c on c.id = l.client_id";

impl Store {
    /// Leases webhooks to which something is to be delivered, either those that answer at once or the others, `limit` at
    /// most; those that have waited longest first.
    ///
    /// # Errors
    /// When the database does not answer. A webhook whose secret was sealed with another key is left out.
    pub async fn lease_webhooks(
        &self,
        lease: Uuid,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        prompt: bool,
        limit: u32,
    ) -> Result<Vec<Lease>> {
        let statement = sql(LEASE, [now.into(), until.into(), lease.into(), i64::from(limit).into(), prompt.into()]);
        let rows = LeasedRow::find_by_statement(statement).all(&self.db).await?;
        // One that cannot be read keeps no other waiting; nothing is sent that no secret signs.
        let read = rows.into_iter().filter_map(|row| {
            let id = row.webhook.id;
            match self.webhook_lease(lease, row) {
                Ok(lease) if lease.secrets.is_empty() => {
                    tracing::error!(%id, "a webhook has no secret: nothing is delivered to it");
                    None
                }
                Ok(lease) => Some(lease),
                Err(error) => {
                    tracing::error!(%id, %error, "nothing can be delivered to a webhook");
                    None
                }
            }
        });
        Ok(read.collect())
    }

    fn webhook_lease(&self, id: Uuid, row: LeasedRow) -> Result<Lease> {
        let secrets: Vec<SecretRow> = serde_json::from_value(row.secrets).map_err(Error::corrupt)?;
        let open = |secret: SecretRow| {
            let sealed = data_encoding::HEXLOWER.decode(secret.sealed.as_bytes()).map_err(Error::corrupt)?;
            self.keys.accounts.open(secret.id, &secret.key_id, &sealed)
        };
        Ok(Lease {
            id,
            client: client(row.webhook.client_id, &row.scopes, row.client_services, row.client_categories)?,
            webhook: row.webhook.try_into()?,
            ping: row.ping_id,
            secrets: secrets.into_iter().map(open).collect::<Result<_>>()?,
            events: row.events,
        })
    }

    /// Gives a lease back.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_lease(&self, webhook: WebhookId, lease: Uuid, now: DateTime<Utc>) -> Result<()> {
        let statement = sql(
            "update webhook set lease = null, leased_until = $3 where id = $1 and lease = $2",
            [webhook.0.into(), lease.into(), now.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }
}

impl Store {
    /// Writes an attempt into the log, and what comes after it; tells who looks after the program when that is nothing more.
    /// Returns whether the lease still held: else only the attempt was written, if the webhook is still there.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn attempted(
        &self,
        lease: &Lease,
        attempt: Option<&Attempt>,
        then: Then,
        message: MessageId,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let tx = self.begin().await?;
        let id = lease.webhook.id;
        let held = tx
            .db
            .query_one_raw(sql("select lease from webhook where id = $1 for update", [id.0.into()]))
            .await?
            .map(|row| row.try_get_by_index::<Option<Uuid>>(0))
            .transpose()?;
        let Some(held) = held else { return Ok(false) };
        if let Some(attempt) = attempt {
            tx.add_delivery(id, attempt).await?;
        }
        let held = held == Some(lease.id);
        if held {
            tx.then(lease, attempt.map(Attempt::is_prompt), then, now).await?;
            if let Then::Stop(because) = then {
                let host = lease.webhook.url.host_str().unwrap_or_default().to_owned();
                let affair = Affair::WebhookDisabled { webhook: id, host, gone: because == Because::Gone };
                tx.append_message(&Message::to_client(lease.webhook.client, message, affair), now).await?;
            }
        } else if let Some(attempt) = attempt {
            // What it asked for has changed meanwhile; how long it took has not.
            let prompt = [id.0.into(), attempt.is_prompt().into()];
            tx.db.execute_raw(sql("update webhook set prompt = $2 where id = $1", prompt)).await?;
        }
        tx.commit().await?;
        Ok(held)
    }
}

impl crate::Tx {
    /// `prompt`: whether the receiver was, if anything was sent.
    async fn then(&self, lease: &Lease, prompt: Option<bool>, then: Then, now: DateTime<Utc>) -> Result<()> {
        let id = lease.webhook.id.0;
        let statement = match then {
            // Another one may have been asked for meanwhile.
            Then::Pinged => sql(
                "update webhook set ping_id = nullif(ping_id, $2), prompt = coalesce($3, prompt) where id = $1",
                [id.into(), lease.ping.into(), prompt.into()],
            ),
            Then::Done { position, replayed: true } => sql(
                "update webhook set failures = 0, failing_since = null, attempt_at = null,
                     replay_after = case when $2 < replay_until then $2 end,
                     replay_until = case when $2 < replay_until then replay_until end, prompt = coalesce($3, prompt)
                 where id = $1",
                [id.into(), position.into(), prompt.into()],
            ),
            Then::Done { position, replayed: false } => sql(
                "update webhook set failures = 0, failing_since = null, attempt_at = null, position = $2,
                     prompt = coalesce($3, prompt)
                 where id = $1",
                [id.into(), position.into(), prompt.into()],
            ),
            Then::Again(failing, at) => sql(
                "update webhook set failures = $2, failing_since = $3, attempt_at = $4, prompt = coalesce($5, prompt)
                 where id = $1",
                [
                    id.into(),
                    i32::try_from(failing.failures).unwrap_or(i32::MAX).into(),
                    failing.since.into(),
                    at.into(),
                    prompt.into(),
                ],
            ),
            Then::Stop(because) => sql(
                "update webhook set disabled_at = $2, disabled_because = $3, version = version + 1,
                     prompt = coalesce($4, prompt)
                 where id = $1",
                [id.into(), now.into(), because.code().into(), prompt.into()],
            ),
        };
        self.db.execute_raw(statement).await?;
        Ok(())
    }
}
