//! Lists of tickets that people keep: their parameters, for themselves or for their service.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::id::{SavedFilterId, ServiceCode, UserId};
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};
use serde_json::Value;
use uuid::Uuid;

use crate::connect::sql;
use crate::{Error, Page, Result, Store, Tx, one_more, texts};

/// The parameters of a list, as a query has them.
pub type Parameters = BTreeMap<String, Vec<String>>;

/// Whose a kept list is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A person's own.
    Person(UserId),
    /// A service's: all of its people see it.
    Service(ServiceCode),
}

/// A list of tickets that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFilter {
    /// Its id.
    pub id: SavedFilterId,
    /// Whose it is.
    pub holder: Holder,
    /// How it is called.
    pub name: String,
    /// What it asks for.
    pub parameters: Parameters,
    /// Counts the changes; the `ETag`.
    pub version: i64,
    /// When it was kept first.
    pub created_at: DateTime<Utc>,
    /// When it was kept or changed last.
    pub saved_at: DateTime<Utc>,
}

/// Where a page begins: after this one, in the order of the names.
#[derive(Debug, Clone)]
pub struct After {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: SavedFilterId,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    owner_id: Option<Uuid>,
    service_code: Option<String>,
    name: String,
    parameters: Value,
    version: i64,
    created_at: DateTime<Utc>,
    saved_at: DateTime<Utc>,
}

impl TryFrom<Row> for SavedFilter {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let holder = match (row.owner_id, row.service_code) {
            (Some(user), None) => Holder::Person(UserId(user)),
            (None, Some(service)) => Holder::Service(service.try_into().map_err(Error::corrupt)?),
            (None, None) | (Some(_), Some(_)) => return Err(Error::corrupt("a filter is nobody's, or two's")),
        };
        Ok(Self {
            id: SavedFilterId(row.id),
            holder,
            name: row.name,
            parameters: serde_json::from_value(row.parameters).map_err(Error::corrupt)?,
            version: row.version,
            created_at: row.created_at,
            saved_at: row.saved_at,
        })
    }
}

/// The columns, and the condition that a person sees a filter: `$1` is who, `$2` the services.
macro_rules! visible {
    ($more:literal) => {
        concat!(
            "select id, owner_id, service_code, name, parameters, version, created_at, saved_at from saved_filter
             where (owner_id = $1 or service_code = any($2)) and ",
            $more
        )
    };
}

fn columns(holder: &Holder) -> (Option<Uuid>, Option<String>) {
    match holder {
        Holder::Person(user) => (Some(user.0), None),
        Holder::Service(service) => (None, Some(service.to_string())),
    }
}

async fn one(db: &impl ConnectionTrait, statement: Statement) -> Result<Option<SavedFilter>> {
    Row::find_by_statement(statement).one(db).await?.map(SavedFilter::try_from).transpose()
}

impl Store {
    /// A page of the lists that a person, who is in these services, has kept or sees, in the order of their names.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn saved_filters(
        &self,
        user: UserId,
        services: &[ServiceCode],
        after: Option<After>,
        limit: u64,
    ) -> Result<Page<SavedFilter, After>> {
        let statement = sql(
            visible!(
                "($3::text is null or (lower(name), id) > (lower($3), $4::uuid)) order by lower(name), id limit $5"
            ),
            [
                user.0.into(),
                texts(services).into(),
                after.as_ref().map(|after| after.name.clone()).into(),
                after.map(|after| after.id.0).into(),
                one_more(limit).into(),
            ],
        );
        let rows = Row::find_by_statement(statement).all(&self.db).await?;
        let filters = rows.into_iter().map(SavedFilter::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(filters, limit, |filter| After { name: filter.name.clone(), id: filter.id }))
    }

    /// The list of that id, if a person who is in these services sees it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn saved_filter(
        &self,
        user: UserId,
        services: &[ServiceCode],
        id: SavedFilterId,
    ) -> Result<Option<SavedFilter>> {
        let values = [user.0.into(), texts(services).into(), id.0.into()];
        one(&self.db, sql(visible!("id = $3"), values)).await
    }
}

impl Tx {
    /// Keeps a list, unless its holder has that many. Returns whether it was kept.
    ///
    /// # Errors
    /// When the database does not answer, or the holder has one of that name.
    pub async fn add_saved_filter(&self, filter: &SavedFilter, most: i64) -> Result<bool> {
        let (owner, service) = columns(&filter.holder);
        let statement = sql(
            "insert into saved_filter (id, owner_id, service_code, name, parameters, version, created_at, saved_at)
             select $1, $2::uuid, $3::text, $4, $5, $6, $7, $8
             where (select count(*) from saved_filter where owner_id = $2 or service_code = $3) < $9",
            [
                filter.id.0.into(),
                owner.into(),
                service.into(),
                filter.name.as_str().into(),
                serde_json::to_value(&filter.parameters).map_err(Error::corrupt)?.into(),
                filter.version.into(),
                filter.created_at.into(),
                filter.saved_at.into(),
                most.into(),
            ],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }

    /// The list of that id, if a person who is in these services sees it, locked until the transaction ends.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lock_saved_filter(
        &self,
        user: UserId,
        services: &[ServiceCode],
        id: SavedFilterId,
    ) -> Result<Option<SavedFilter>> {
        let values = [user.0.into(), texts(services).into(), id.0.into()];
        one(&self.db, sql(visible!("id = $3 for update"), values)).await
    }

    /// Keeps a list that was locked, as it is now.
    ///
    /// # Errors
    /// When the database does not answer, or the holder has another of that name.
    pub async fn save_saved_filter(&self, filter: &SavedFilter) -> Result<()> {
        let statement = sql(
            "update saved_filter set name = $2, parameters = $3, version = $4, saved_at = $5 where id = $1",
            [
                filter.id.0.into(),
                filter.name.as_str().into(),
                serde_json::to_value(&filter.parameters).map_err(Error::corrupt)?.into(),
                filter.version.into(),
                filter.saved_at.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Forgets a list.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remove_saved_filter(&self, id: SavedFilterId) -> Result<()> {
        self.db.execute_raw(sql("delete from saved_filter where id = $1", [id.0.into()])).await?;
        Ok(())
    }
}
