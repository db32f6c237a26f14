//! What an operator watches of a city: what waits, what is late, what was given up.

use chrono::{DateTime, Utc};
use domain::id::{AreaCode, ZoningCode};
use sea_orm::FromQueryResult;
use serde_json::Value;

use crate::cafe::took_place;
use crate::connect::sql;
use crate::outbox::counted_messages;
use crate::{Error, Result, Store};

/// What waits, what is late and what was given up. Counts stop at 10 000.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Messages that wait to be sent; not those that wait on purpose.
    pub messages: i64,
    /// To how many they go.
    pub recipients: i64,
    /// When the oldest of them happened.
    pub oldest_message: Option<DateTime<Utc>>,
    /// Messages that were given up.
    pub dead_messages: i64,
    /// Webhooks for which there is something in the feed that they were not sent yet.
    pub webhooks_behind: i64,
    /// When the oldest event happened at which one of them has not arrived.
    pub oldest_undelivered: Option<DateTime<Utc>>,
    /// Webhooks of which the last attempt failed.
    pub webhooks_failing: i64,
    /// Webhooks that were given up, and stay so until their program asks again.
    pub webhooks_stopped: i64,
    /// Events that have no place in the feed yet.
    pub events: i64,
    /// When the oldest of them happened.
    pub oldest_event: Option<DateTime<Utc>>,
    /// Tickets that should have been acknowledged.
    pub unacknowledged: i64,
    /// Tickets that should have been resolved.
    pub unresolved: i64,
    /// Cafés that ended more than a week ago, within a year, of which there is no report.
    pub unreported_cafes: i64,
    /// When the last café of each area was held, in the order asked for.
    pub last_cafes: Vec<Option<DateTime<Utc>>>,
    /// Attachments that no scanner has seen.
    pub unscanned: i64,
    /// Nights that would erase unusually much, and wait until a dispatcher confirms it: one at most.
    pub erasures_waiting: i64,
    /// When the audit log was last sealed.
    pub sealed_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct Row {
    pending: i64,
    recipients: i64,
    dead: i64,
    oldest: Option<DateTime<Utc>>,
    webhooks_behind: i64,
    oldest_undelivered: Option<DateTime<Utc>>,
    webhooks_failing: i64,
    webhooks_stopped: i64,
    events: i64,
    oldest_event: Option<DateTime<Utc>>,
    unacknowledged: i64,
    unresolved: i64,
    unreported_cafes: i64,
    last_cafes: Value,
    unscanned: i64,
    erasures_waiting: i64,
    sealed_at: Option<DateTime<Utc>>,
}

// Each count has an index of what it counts, or stops early; a program has twenty webhooks at most.
const STANDING: &str = concat!(
    "select ",
    counted_messages!(),
    ", w.*,
        (select count(distinct p.recipient) from (
            select recipient from outbox where state = 'pending' and (attempts > 0 or due_at <= $1) limit 10000
        ) p) as recipients,
        (select count(*) from (select from feed_due limit 10000) e) as events,
        (select at from feed_due order by seq limit 1) as oldest_event,
        (select count(*) from (
            select from ticket where state in ('submitted', 'refused') and ack_due_at < $1 limit 10000
        ) t) as unacknowledged,
        (select count(*) from (
            select from ticket where state in ('acknowledged', 'scheduled', 'in_progress') and resolve_due_at < $1 limit 10000
        ) t) as unresolved,
        (select count(*) from (
            select from cafe where starts_at > $1 - interval '1 year' and starts_at < $1 - interval '1 week'
                and ends_at < $1 - interval '1 week' and state in ('planned', 'held') limit 10000
        ) c) as unreported_cafes,
        (select coalesce(jsonb_agg((
            select starts_at from cafe where areas ->> $2 = a.code and ",
    took_place!("$1"),
    " order by starts_at desc limit 1
        ) order by a.position), '[]') from unnest($3::text[]) with ordinality as a (code, position)) as last_cafes,
        (select count(*) from (
            select from attachment where scanned_at is null and removed_at is null limit 10000
        ) a) as unscanned,
        (select count(*) from (select from retention_run where state = 'waiting' limit 1) r) as erasures_waiting,
        (select sealed_at from audit_seal order by day desc limit 1) as sealed_at
    from (
        select count(*) filter (where behind) as webhooks_behind,
            min((select at from feed f where f.position > one.position order by f.position limit 1)) filter (where behind)
                as oldest_undelivered,
            count(*) filter (where failures > 0 and disabled_at is null) as webhooks_failing,
            count(*) filter (where disabled_because in ('failing', 'gone')) as webhooks_stopped
        from (
            select w.position, w.failures, w.disabled_at, w.disabled_because,
                c.active and w.disabled_at is null and (w.position < h.position or w.replay_after is not null) as behind
            from webhook w join api_client c on c.id = w.client_id cross join feed_head h limit 10000
        ) one
    ) w"
);

impl Store {
    /// What waits, what is late and what was given up; and the last café of these areas. One statement.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn standing(
        &self,
        zoning: Option<&ZoningCode>,
        areas: &[AreaCode],
        now: DateTime<Utc>,
    ) -> Result<Standing> {
        let areas: Vec<String> = areas.iter().map(ToString::to_string).collect();
        let statement = sql(STANDING, [now.into(), zoning.map(ZoningCode::as_str).into(), areas.into()]);
        let row = Row::find_by_statement(statement).one(&self.db).await?;
        let row = row.ok_or_else(|| Error::corrupt("nothing was counted"))?;
        Ok(Standing {
            messages: row.pending,
            recipients: row.recipients,
            oldest_message: row.oldest,
            dead_messages: row.dead,
            webhooks_behind: row.webhooks_behind,
            oldest_undelivered: row.oldest_undelivered,
            webhooks_failing: row.webhooks_failing,
            webhooks_stopped: row.webhooks_stopped,
            events: row.events,
            oldest_event: row.oldest_event,
            unacknowledged: row.unacknowledged,
            unresolved: row.unresolved,
            unreported_cafes: row.unreported_cafes,
            last_cafes: serde_json::from_value(row.last_cafes).map_err(Error::corrupt)?,
            unscanned: row.unscanned,
            erasures_waiting: row.erasures_waiting,
            sealed_at: row.sealed_at,
        })
    }

    /// The connections to the database, by what they are for: whoever waits for one of a pool is not served by those of another.
    pub fn connections(&self) -> impl Iterator<Item = Connections> {
        let names = ["general", "lists", "searches"].into_iter().zip(self.pools());
        let replica = self.replica.as_deref().map(|replica| ("replica", &replica.db));
        names.chain(replica).map(|(pool, standing)| {
            let (most, open, idle) = standing.standing();
            Connections { pool, most, used: open.saturating_sub(idle), idle }
        })
    }
}

/// The connections of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// What they are for: `general`, `lists` (and statistics), `searches`, `replica`.
    pub pool: &'static str,
    /// How many there may be.
    pub most: u32,
    /// How many are at work.
    pub used: u32,
    /// How many wait for work.
    pub idle: u32,
}
