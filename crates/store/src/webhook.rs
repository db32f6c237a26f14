//! Webhooks: where programs have their events sent, and the secrets that sign what is sent.

mod delivery;
mod lease;

use chrono::{DateTime, TimeDelta, Utc};
use domain::feed::{EventType, Filter, Position};
use domain::id::{ClientId, WebhookId};
use domain::webhook::{Because, Failing};
use sea_orm::{ConnectionTrait, FromQueryResult};
use url::Url;
use uuid::Uuid;

pub use delivery::{Attempt, Delivery};
pub use lease::{Lease, Then};

use crate::connect::sql;
use crate::{Error, Page, Result, Store, Tx, area_codes, one_more, texts};

/// How long one delivery takes at most. Whoever loses the right to deliver may still be at one.
pub(crate) const UNDER_WAY: TimeDelta = TimeDelta::seconds(20);

/// Where a program has its events sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Whose it is.
    pub client: ClientId,
    /// Where to.
    pub url: Url,
    /// Which events.
    pub filter: Filter,
    /// Counts the changes; the `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Everything up to here was delivered, or not asked for.
    pub position: Position,
    /// What is delivered again, before anything else: after the first, up to the second.
    pub replay: Option<(Position, Position)>,
    /// The attempts that failed in a row, if the last one did.
    pub failing: Option<Failing>,
    /// Not attempted again before.
    pub attempt_at: Option<DateTime<Utc>>,
    /// Since when, and why, nothing is delivered.
    pub disabled: Option<(DateTime<Utc>, Because)>,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    client_id: Uuid,
    url: String,
    types: Vec<String>,
    services: Vec<String>,
    categories: Vec<String>,
    areas: Vec<String>,
    version: i64,
    created_at: DateTime<Utc>,
    position: i64,
    replay_after: Option<i64>,
    replay_until: Option<i64>,
    failures: i32,
    failing_since: Option<DateTime<Utc>>,
    attempt_at: Option<DateTime<Utc>>,
    disabled_at: Option<DateTime<Utc>>,
    disabled_because: Option<String>,
}

macro_rules! select_webhook {
    ($rest:literal) => {
        concat!(
            "select id, client_id, url, types, services, categories, areas, version, created_at, position, replay_after,
                 replay_until, failures, failing_since, attempt_at, disabled_at, disabled_because
             from webhook ",
            $rest
        )
    };
}

impl TryFrom<Row> for Webhook {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let odd = || Error::corrupt("a webhook asks for what there is not");
        let types = row.types.iter().map(|code| EventType::from_code(code).ok_or_else(odd));
        let area = |text: &String| {
            let (zoning, area) = text.split_once(':').ok_or_else(odd)?;
            Ok((zoning.parse().map_err(Error::corrupt)?, area.parse().map_err(Error::corrupt)?))
        };
        let filter = Filter {
            types: types.collect::<Result<_>>()?,
            services: row
                .services
                .into_iter()
                .map(|code| code.try_into().map_err(Error::corrupt))
                .collect::<Result<_>>()?,
            categories: row
                .categories
                .into_iter()
                .map(|code| code.try_into().map_err(Error::corrupt))
                .collect::<Result<_>>()?,
            areas: row.areas.iter().map(area).collect::<Result<_>>()?,
        };
        let because = row.disabled_because.map(|code| Because::from_code(&code).ok_or_else(odd)).transpose()?;
        let failures = u32::try_from(row.failures).map_err(Error::corrupt)?;
        Ok(Self {
            id: WebhookId(row.id),
            client: ClientId(row.client_id),
            url: row.url.parse().map_err(Error::corrupt)?,
            filter,
            version: row.version,
            created_at: row.created_at,
            position: row.position,
            replay: row.replay_after.zip(row.replay_until),
            failing: row.failing_since.map(|since| Failing { failures, since }),
            attempt_at: row.attempt_at,
            disabled: row.disabled_at.zip(because),
        })
    }
}

fn types(filter: &Filter) -> Vec<String> {
    filter.types.iter().map(|one| one.code().to_owned()).collect()
}

impl Store {
    /// A page of a program's webhooks, the oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn webhooks(
        &self,
        client: ClientId,
        after: Option<WebhookId>,
        limit: u64,
    ) -> Result<Page<Webhook, WebhookId>> {
        let statement = sql(
            select_webhook!("where client_id = $1 and ($2::uuid is null or id > $2) order by id limit $3"),
            [client.0.into(), after.map(|after| after.0).into(), one_more(limit).into()],
        );
        let rows = Row::find_by_statement(statement).all(&self.db).await?;
        let webhooks = rows.into_iter().map(Webhook::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(webhooks, limit, |one| one.id))
    }

    /// A program's webhook.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn webhook(&self, client: ClientId, id: WebhookId) -> Result<Option<Webhook>> {
        let statement = sql(select_webhook!("where client_id = $1 and id = $2"), [client.0.into(), id.0.into()]);
        Row::find_by_statement(statement).one(&self.db).await?.map(Webhook::try_from).transpose()
    }
}

impl Tx {
    /// A program's webhook, locked until the transaction ends.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lock_webhook(&self, client: ClientId, id: WebhookId) -> Result<Option<Webhook>> {
        let statement =
            sql(select_webhook!("where client_id = $1 and id = $2 for update"), [client.0.into(), id.0.into()]);
        Row::find_by_statement(statement).one(&self.db).await?.map(Webhook::try_from).transpose()
    }

    /// Keeps a new webhook, which begins with what comes next in the feed, unless its program has that many. Returns where
    /// it begins.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn add_webhook(&self, new: &Webhook, most: i64) -> Result<Option<Position>> {
        // One program's are counted one after the other.
        self.db.execute_raw(sql("select from api_client where id = $1 for update", [new.client.0.into()])).await?;
        let statement = sql(
            "insert into webhook (id, client_id, url, types, services, categories, areas, version, created_at, position)
             select $1, $2::uuid, $3, $4, $5, $6, $7, $8, $9, h.position from feed_head h
             where (select count(*) from webhook where client_id = $2) < $10
             returning position",
            [
                new.id.0.into(),
                new.client.0.into(),
                new.url.as_str().into(),
                types(&new.filter).into(),
                texts(&new.filter.services).into(),
                texts(&new.filter.categories).into(),
                area_codes(&new.filter.areas).into(),
                new.version.into(),
                new.created_at.into(),
                most.into(),
            ],
        );
        let row = self.db.query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }

    /// Keeps a webhook that was locked as it shall be from now on. Whoever is delivering stops after the event under way,
    /// and nobody else begins before that is over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_webhook(&self, one: &Webhook, now: DateTime<Utc>) -> Result<()> {
        let statement = sql(
            "update webhook set url = $2, types = $3, services = $4, categories = $5, areas = $6, version = $7,
                 replay_after = $8, replay_until = $9, failures = $10, failing_since = $11, attempt_at = $12,
                 disabled_at = $13, disabled_because = $14, lease = null,
                 leased_until = case when lease is not null then least(leased_until, $15) else leased_until end
             where id = $1",
            [
                one.id.0.into(),
                one.url.as_str().into(),
                types(&one.filter).into(),
                texts(&one.filter.services).into(),
                texts(&one.filter.categories).into(),
                area_codes(&one.filter.areas).into(),
                one.version.into(),
                one.replay.map(|(after, _)| after).into(),
                one.replay.map(|(_, until)| until).into(),
                one.failing.map_or(0, |failing| i32::try_from(failing.failures).unwrap_or(i32::MAX)).into(),
                one.failing.map(|failing| failing.since).into(),
                one.attempt_at.into(),
                one.disabled.map(|(at, _)| at).into(),
                one.disabled.map(|(_, because)| because.code()).into(),
                (now + UNDER_WAY).into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// What was being delivered to a program is stopped after the event under way, which can be over then.
    pub(crate) async fn stop_deliveries(&self, client: ClientId, over: DateTime<Utc>) -> Result<()> {
        let statement = sql(
            "update webhook set lease = null, leased_until = least(leased_until, $2)
             where client_id = $1 and lease is not null",
            [client.0.into(), over.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Forgets a webhook with its secrets and its log. False when the program has none of that id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remove_webhook(&self, client: ClientId, id: WebhookId) -> Result<bool> {
        let statement = sql("delete from webhook where client_id = $1 and id = $2", [client.0.into(), id.0.into()]);
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }

    /// Signs what is sent to a webhook with another secret from now on, and with those from before until `former_until`,
    /// unless as many sign already. Returns whether it was kept.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn add_webhook_secret(
        &self,
        webhook: WebhookId,
        (id, secret): (Uuid, &[u8]),
        (now, former_until): (DateTime<Utc>, DateTime<Utc>),
        most: i64,
    ) -> Result<bool> {
        let gone = sql(
            "delete from webhook_secret where webhook_id = $1 and signs_until <= $2",
            [webhook.0.into(), now.into()],
        );
        self.db.execute_raw(gone).await?;
        let key = &self.keys.accounts;
        let statement = sql(
            "with kept as (
                 insert into webhook_secret (id, webhook_id, key_id, sealed, created_at)
                 select $1, $2::uuid, $3, $4, $5 where (select count(*) from webhook_secret where webhook_id = $2) < $7
                 returning id
             ), former as (
                 update webhook_secret set signs_until = $6
                 where webhook_id = $2 and signs_until is null and exists (select from kept)
             ), turn as (
                 -- What is under way was not signed with it: it ends after the event at hand.
                 update webhook set lease = null, leased_until = least(leased_until, $8)
                 where id = $2 and lease is not null and exists (select from kept)
             )
             select id from kept",
            [
                id.into(),
                webhook.0.into(),
                key.id().into(),
                key.seal(id, secret)?.into(),
                now.into(),
                former_until.into(),
                most.into(),
                (now + UNDER_WAY).into(),
            ],
        );
        Ok(self.db.query_one_raw(statement).await?.is_some())
    }

    /// Has a ping sent, unless one is about to be. Returns the id of the one that will be.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ask_ping(&self, client: ClientId, id: WebhookId, ping: Uuid) -> Result<Option<Uuid>> {
        let statement = sql(
            "update webhook set ping_id = coalesce(ping_id, $3) where client_id = $1 and id = $2 returning ping_id",
            [client.0.into(), id.0.into(), ping.into()],
        );
        let row = self.db.query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }

    /// The positions of the feed between two times: after the first, up to the second. As events have their place in the
    /// order in which they were committed, some that happened a little before or after may lie between them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn feed_between(
        &self,
        from: DateTime<Utc>,
        until: Option<DateTime<Utc>>,
    ) -> Result<Option<(Position, Position)>> {
        let statement = sql(
            "select min(position) - 1, max(position) from feed where at >= $1 and ($2::timestamptz is null or at < $2)",
            [from.into(), until.into()],
        );
        let Some(row) = self.db.query_one_raw(statement).await? else { return Ok(None) };
        let (first, last): (Option<i64>, Option<i64>) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        Ok(first.zip(last))
    }

    /// The last position of the feed that is no longer kept, and the last one that was given.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn feed_bounds(&self) -> Result<(Position, Position)> {
        let row = self.db.query_one_raw(sql("select expired, position from feed_head", [])).await?;
        let row = row.ok_or_else(|| Error::corrupt("the feed has no head"))?;
        Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))
    }
}
