//! The log of what was sent to webhooks.

use chrono::{DateTime, TimeDelta, Utc};
use domain::feed::Position;
use domain::id::{ClientId, WebhookId};
use domain::webhook::is_prompt;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::Value;
use uuid::Uuid;

use crate::connect::sql;
use crate::{Page, Result, Store, Tx, one_more};

/// An attempt to deliver an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its id.
    pub id: Uuid,
    /// Where to.
    pub url: String,
    /// The event's id.
    pub event: Uuid,
    /// Its type.
    pub event_type: &'static str,
    /// Its place in the feed; none of a ping.
    pub position: Option<Position>,
    /// The how many-th in a row it was.
    pub number: u32,
    /// When it began.
    pub at: DateTime<Utc>,
    /// How long it took, milliseconds.
    pub duration: u32,
    /// The headers that were sent: an object of texts.
    pub headers: Value,
    /// How long the body was, bytes.
    pub length: u32,
    /// The body's SHA-256.
    pub digest: Vec<u8>,
    /// What was answered, the status and the beginning, or why nothing was.
    pub answer: std::result::Result<(u16, String), &'static str>,
}

impl Attempt {
    /// Whether the receiver was prompt.
    #[must_use]
    pub fn is_prompt(&self) -> bool {
        is_prompt(TimeDelta::milliseconds(self.duration.into()))
    }
}

/// An attempt, as the log tells it.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Delivery {
    /// Its place in the log.
    pub seq: i64,
    /// Its id.
    pub id: Uuid,
    /// Where to.
    pub url: String,
    /// The event's id.
    pub event_id: Uuid,
    /// Its type.
    pub r#type: String,
    /// Its place in the feed; none of a ping.
    pub position: Option<Position>,
    /// The how many-th in a row it was.
    pub attempt: i32,
    /// When it began.
    pub at: DateTime<Utc>,
    /// How long it took, milliseconds.
    pub duration_ms: i32,
    /// The headers that were sent: an object of texts.
    pub request_headers: Value,
    /// How long the body was, bytes.
    pub request_bytes: i32,
    /// The body's SHA-256.
    pub request_sha256: Vec<u8>,
    /// The status that was answered.
    pub status: Option<i16>,
    /// Why nothing was answered.
    pub error: Option<String>,
    /// How the answer began.
    pub answer: Option<String>,
}

impl Store {
    /// A page of the log of a program's webhook, the last attempt first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn webhook_deliveries(
        &self,
        client: ClientId,
        webhook: WebhookId,
        before: Option<i64>,
        limit: u64,
    ) -> Result<Page<Delivery, i64>> {
        let statement = sql(
            "select d.* from webhook_delivery d join webhook w on w.id = d.webhook_id
             where w.client_id = $1 and d.webhook_id = $2 and ($3::bigint is null or d.seq < $3) order by d.seq desc limit $4",
            [
                client.0.into(),
                webhook.0.into(),
                before.into(),
                one_more(limit).into(),
            ],
        );
        let rows = Delivery::find_by_statement(statement).all(&self.db).await?;
        Ok(Page::cut(rows, limit, |one| one.seq))
    }

    /// An attempt to deliver to a program's webhook.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn webhook_delivery(&self, client: ClientId, webhook: WebhookId, id: Uuid) -> Result<Option<Delivery>> {
        let statement = sql(
            "select d.* from webhook_delivery d join webhook w on w.id = d.webhook_id
             where w.client_id = $1 and d.webhook_id = $2 and d.id = $3",
            [client.0.into(), webhook.0.into(), id.into()],
        );
        Ok(Delivery::find_by_statement(statement).one(&self.db).await?)
    }

    /// Forgets attempts from before then, some at a time. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn clear_deliveries(&self, before: DateTime<Utc>) -> Result<u64> {
        let statement = sql(
            "delete from webhook_delivery where seq in (
                 select seq from webhook_delivery where at < $1 order by at limit 5000
             )",
            [before.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected())
    }
}

impl Tx {
    pub(super) async fn add_delivery(&self, webhook: WebhookId, attempt: &Attempt) -> Result<()> {
        let (status, error, answer) = match &attempt.answer {
            // PostgreSQL has no text with a zero byte.
            Ok((status, begin)) => (i16::try_from(*status).ok(), None, Some(begin.replace('\0', "\u{fffd}"))),
            Err(error) => (None, Some(*error), None),
        };
        let statement = sql(
            "insert into webhook_delivery (
                 webhook_id, url, event_id, type, position, attempt, at, duration_ms, request_bytes, request_sha256, status,
                 error, answer, id, request_headers
             ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            [
                webhook.0.into(),
                attempt.url.as_str().into(),
                attempt.event.into(),
                attempt.event_type.into(),
                attempt.position.into(),
                i32::try_from(attempt.number).unwrap_or(i32::MAX).into(),
                attempt.at.into(),
                i32::try_from(attempt.duration).unwrap_or(i32::MAX).into(),
                i32::try_from(attempt.length).unwrap_or(i32::MAX).into(),
                attempt.digest.clone().into(),
                status.into(),
                error.into(),
                answer.into(),
                attempt.id.into(),
                attempt.headers.clone().into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }
}
