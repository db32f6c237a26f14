//! Messages that were given up, and wait for an operator.

use chrono::{DateTime, Utc};
use domain::audit::{Act, By, Record};
use sea_orm::{ConnectionTrait as _, Statement};
use uuid::Uuid;

use crate::connect::sql;
use crate::{Result, Store};

/// Why a message is not sent that an operator gave up: before the mail server's words.
const DISMISSED: &str = "an operator dismissed it";

impl Store {
    /// Sends dead messages again: the ones named with those of the same e-mails, or all of them. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn replay_messages(&self, ids: Option<Vec<Uuid>>, now: DateTime<Utc>) -> Result<u64> {
        let statement = sql(
            "update outbox set state = 'pending', due_at = $2, leaves_at = $2, attempts = 0, finished_at = null
             where state = 'dead' and (
                 $1::uuid[] is null or id = any($1) or mail in (select mail from outbox where id = any($1))
             )",
            [ids.into(), now.into()],
        );
        let replayed = self.settle_dead(statement, |count| Act::OutboxReplayed { count }, now).await?;
        self.announce_messages().await?;
        Ok(replayed)
    }

    /// Gives dead messages up for good: the ones named with those of the same e-mails, or all of them. Returns how
    /// many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn dismiss_messages(&self, ids: Option<Vec<Uuid>>, now: DateTime<Utc>) -> Result<u64> {
        let statement = sql(
            "update outbox set state = 'stopped', finished_at = $2, last_error = concat_ws(': ', $3::text, last_error)
             where state = 'dead' and (
                 $1::uuid[] is null or id = any($1) or mail in (select mail from outbox where id = any($1))
             )",
            [ids.into(), now.into(), DISMISSED.into()],
        );
        self.settle_dead(statement, |count| Act::OutboxDismissed { count }, now).await
    }

    /// Does that to dead messages, which an operator asked for. Returns to how many.
    async fn settle_dead(&self, statement: Statement, act: fn(u64) -> Act, now: DateTime<Utc>) -> Result<u64> {
        let tx = self.begin().await?;
        let count = tx.db.execute_raw(statement).await?.rows_affected();
        tx.audit(&Record { at: now, by: By::Operator, from: None, act: act(count), why: None });
        tx.commit().await?;
        Ok(count)
    }
}
