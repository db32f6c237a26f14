//! Rule sets: each published one for ever, and the drafts.

mod past;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::id::{RoutingDraftId, ServiceCode, UserId};
use domain::routing::Rule;
use sea_orm::{ConnectionTrait, FromQueryResult, QueryResult};
use serde_json::Value;
use uuid::Uuid;

use crate::connect::sql;
pub use past::{Before, Past};

use crate::{Error, Page, Result, Store, Tx, one_more};

/// A person, named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// Who.
    pub user: UserId,
    /// Their name.
    pub name: String,
}

/// A published rule set, without its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    /// Counts them.
    pub version: i32,
    /// How many rules it has.
    pub rules: i32,
    /// When it was published.
    pub published_at: DateTime<Utc>,
    /// By whom; nobody when it was loaded from the city's files.
    pub author: Option<Author>,
    /// Why, as its author says.
    pub reason: Option<String>,
    /// The former version that somebody went back to.
    pub restored_from: Option<i32>,
}

/// A rule set that somebody is writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its id.
    pub id: RoutingDraftId,
    /// How it is called.
    pub name: String,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// The published version that it is meant to follow.
    pub based_on: i32,
    /// Counts its changes; the `ETag`.
    pub version: i64,
    /// When it was changed last.
    pub changed_at: DateTime<Utc>,
    /// By whom.
    pub changed_by: Author,
}

/// What is published.
#[derive(Debug, Clone)]
pub struct New<'a> {
    /// The rules.
    pub rules: &'a [Rule],
    /// Who publishes them.
    pub author: UserId,
    /// Why.
    pub reason: &'a str,
    /// The former version that they are of.
    pub restored_from: Option<i32>,
}

/// The rule set in force, as whoever publishes another finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InForce {
    /// Its version; 0 before the first.
    pub version: i32,
    /// The revision of the city.
    pub revision: i64,
}

#[derive(FromQueryResult)]
struct EditionRow {
    version: i32,
    rules: i32,
    published_at: DateTime<Utc>,
    author_id: Option<Uuid>,
    author_name: Option<String>,
    reason: Option<String>,
    restored_from: Option<i32>,
}

impl From<EditionRow> for Edition {
    fn from(row: EditionRow) -> Self {
        let author = row.author_id.zip(row.author_name);
        Self {
            version: row.version,
            rules: row.rules,
            published_at: row.published_at,
            author: author.map(|(id, name)| Author { user: UserId(id), name }),
            reason: row.reason,
            restored_from: row.restored_from,
        }
    }
}

#[derive(FromQueryResult)]
struct DraftRow {
    id: Uuid,
    name: String,
    rules: Value,
    based_on: i32,
    version: i64,
    changed_at: DateTime<Utc>,
    changed_by: Uuid,
    author_name: String,
}

impl TryFrom<DraftRow> for Draft {
    type Error = Error;

    fn try_from(row: DraftRow) -> Result<Self> {
        Ok(Self {
            id: RoutingDraftId(row.id),
            name: row.name,
            rules: serde_json::from_value(row.rules).map_err(Error::corrupt)?,
            based_on: row.based_on,
            version: row.version,
            changed_at: row.changed_at,
            changed_by: Author { user: UserId(row.changed_by), name: row.author_name },
        })
    }
}

macro_rules! editions {
    ($rest:literal) => {
        concat!(
            "select s.version, jsonb_array_length(s.rules) as rules, s.published_at, s.author_id,
                 u.name as author_name, s.reason, s.restored_from
             from routing_rule_set s left join user_account u on u.id = s.author_id ",
            $rest
        )
    };
}

macro_rules! drafts {
    ($rest:literal) => {
        concat!(
            "select d.id, d.name, d.rules, d.based_on, d.version, d.changed_at, d.changed_by, u.name as author_name
             from routing_draft d join user_account u on u.id = d.changed_by ",
            $rest
        )
    };
}

fn json(rules: &[Rule]) -> Result<Value> {
    serde_json::to_value(rules).map_err(Error::corrupt)
}

/// See [`Store::edition`].
async fn edition(db: &impl ConnectionTrait, version: Option<i32>) -> Result<Option<(Edition, Vec<Rule>)>> {
    let statement =
        sql(editions!("where s.version = coalesce($1, (select max(version) from routing_rule_set))"), [version.into()]);
    let Some(row) = EditionRow::find_by_statement(statement).one(db).await? else { return Ok(None) };
    let statement = sql("select rules from routing_rule_set where version = $1", [row.version.into()]);
    let rules = db.query_one_raw(statement).await?.map(|row| row.try_get_by_index::<Value>(0)).transpose()?;
    let rules = serde_json::from_value(rules.unwrap_or_default()).map_err(Error::corrupt)?;
    Ok(Some((row.into(), rules)))
}

/// See [`Store::staffed_services`].
async fn staffed_services(db: &impl ConnectionTrait) -> Result<BTreeSet<ServiceCode>> {
    let statement = sql(
        "select distinct m.service_code from service_member m join user_account u on u.id = m.user_id
         where u.active and u.roles && array['service_member', 'service_manager']",
        [],
    );
    db.query_all_raw(statement).await?.iter().map(code).collect()
}

/// The code of a service that a row has alone.
fn code(row: &QueryResult) -> Result<ServiceCode> {
    let code: String = row.try_get_by_index(0)?;
    code.try_into().map_err(Error::corrupt)
}

/// See [`Store::routing_draft`].
async fn routing_draft(db: &impl ConnectionTrait, id: RoutingDraftId) -> Result<Option<Draft>> {
    let statement = sql(drafts!("where d.id = $1"), [id.0.into()]);
    DraftRow::find_by_statement(statement).one(db).await?.map(Draft::try_from).transpose()
}

impl Store {
    /// A page of the published rule sets, the latest first, beginning before that version.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn editions(&self, before: Option<i32>, limit: u64) -> Result<Page<Edition, i32>> {
        let statement = sql(
            editions!("where $1::integer is null or s.version < $1 order by s.version desc limit $2"),
            [before.into(), one_more(limit).into()],
        );
        let rows = EditionRow::find_by_statement(statement).all(&self.db).await?;
        Ok(Page::cut(rows.into_iter().map(Edition::from).collect(), limit, |edition| edition.version))
    }

    /// A published rule set with its rules; the one in force when no version is named.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn edition(&self, version: Option<i32>) -> Result<Option<(Edition, Vec<Rule>)>> {
        edition(&self.db, version).await
    }

    /// Every draft, in the order of their names.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn routing_drafts(&self) -> Result<Vec<Draft>> {
        let rows = DraftRow::find_by_statement(sql(drafts!("order by lower(d.name), d.id"), [])).all(&self.db).await?;
        rows.into_iter().map(Draft::try_from).collect()
    }

    /// The draft of that id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn routing_draft(&self, id: RoutingDraftId) -> Result<Option<Draft>> {
        routing_draft(&self.db, id).await
    }

    /// The services that somebody belongs to who can log in.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn staffed_services(&self) -> Result<BTreeSet<ServiceCode>> {
        staffed_services(&self.db).await
    }

    /// The services that have a ticket which has not ended.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn services_with_open_tickets(&self) -> Result<BTreeSet<ServiceCode>> {
        let statement = sql(
            "select code from service s where exists (
                 select from ticket t where t.service_code = s.code and t.state in (
                     'submitted', 'acknowledged', 'scheduled', 'in_progress', 'on_hold', 'refused', 'resolved'
                 )
             )",
            [],
        );
        self.db.query_all_raw(statement).await?.iter().map(code).collect()
    }
}

impl Tx {
    /// See [`Store::edition`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn edition(&self, version: Option<i32>) -> Result<Option<(Edition, Vec<Rule>)>> {
        edition(&self.db, version).await
    }

    /// See [`Store::staffed_services`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn staffed_services(&self) -> Result<BTreeSet<ServiceCode>> {
        staffed_services(&self.db).await
    }

    /// Keeps a draft, unless there are that many. Returns whether it was kept.
    ///
    /// # Errors
    /// When the database does not answer, or there is one of that name.
    pub async fn add_routing_draft(&self, draft: &Draft, most: i64) -> Result<bool> {
        let statement = sql(
            "insert into routing_draft (id, name, rules, based_on, version, changed_at, changed_by)
             select $1, $2, $3, $4, $5, $6, $7 where (select count(*) from routing_draft) < $8",
            [
                draft.id.0.into(),
                draft.name.as_str().into(),
                json(&draft.rules)?.into(),
                draft.based_on.into(),
                draft.version.into(),
                draft.changed_at.into(),
                draft.changed_by.user.0.into(),
                most.into(),
            ],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }

    /// The draft of that id, locked until the transaction ends.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lock_routing_draft(&self, id: RoutingDraftId) -> Result<Option<Draft>> {
        let lock = sql("select 1 from routing_draft where id = $1 for update", [id.0.into()]);
        if self.db.query_one_raw(lock).await?.is_none() {
            return Ok(None);
        }
        // The lock may have been waited for: who changed it last is read as it is since.
        routing_draft(&self.db, id).await
    }

    /// Keeps a draft that was locked, as it is now.
    ///
    /// # Errors
    /// When the database does not answer, or there is another of that name.
    pub async fn save_routing_draft(&self, draft: &Draft) -> Result<()> {
        let statement = sql(
            "update routing_draft set name = $2, rules = $3, based_on = $4, version = $5, changed_at = $6, changed_by = $7
             where id = $1",
            [
                draft.id.0.into(),
                draft.name.as_str().into(),
                json(&draft.rules)?.into(),
                draft.based_on.into(),
                draft.version.into(),
                draft.changed_at.into(),
                draft.changed_by.user.0.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Forgets a draft that was locked.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remove_routing_draft(&self, id: RoutingDraftId) -> Result<()> {
        self.db.execute_raw(sql("delete from routing_draft where id = $1", [id.0.into()])).await?;
        Ok(())
    }

    /// What is in force, and stays so until the transaction ends: whoever loads a city or publishes rules waits.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn hold_rules(&self) -> Result<InForce> {
        self.db.execute_unprepared(super::city::TURN).await?;
        let statement = sql(
            "select coalesce((select max(version) from routing_rule_set), 0), coalesce((select revision from city), 0)",
            [],
        );
        let row = self.db.query_one_raw(statement).await?.ok_or_else(|| Error::corrupt("no rule set was counted"))?;
        Ok(InForce { version: row.try_get_by_index(0)?, revision: row.try_get_by_index(1)? })
    }

    /// Publishes rules after those that are held: they are in force with the commit, on all instances. Returns the version.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn publish_rules(&self, held: InForce, new: &New<'_>, now: DateTime<Utc>) -> Result<i32> {
        let version = held.version + 1;
        let statement = sql(
            "insert into routing_rule_set (version, rules, published_at, author_id, reason, restored_from)
             values ($1, $2, $3, $4, $5, $6)",
            [
                version.into(),
                json(new.rules)?.into(),
                now.into(),
                new.author.0.into(),
                new.reason.into(),
                new.restored_from.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        self.announce_city().await?;
        Ok(version)
    }

    /// The version in force, when a person published it and it is not these rules: loading these would undo that.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rules_of_people(&self, rules: &[Rule]) -> Result<Option<i32>> {
        let statement = sql(
            "select version from routing_rule_set
             where version = (select max(version) from routing_rule_set) and author_id is not null and rules <> $1",
            [json(rules)?.into()],
        );
        Ok(self.db.query_one_raw(statement).await?.map(|row| row.try_get_by_index(0)).transpose()?)
    }
}
