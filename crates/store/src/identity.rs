//! Who people are at identity providers.

use chrono::{DateTime, Utc};
use domain::id::{IdentityId, UserId};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::connect::sql;
use crate::{Result, Store, Tx};

/// Who somebody is at an identity provider.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// The issuer's URL.
    pub issuer: &'a str,
    /// The provider behind it; empty where there is one only.
    pub idp: &'a str,
    /// The person there.
    pub subject: &'a str,
}

/// An identity that is linked with an account.
#[derive(Debug, Clone)]
pub struct Linked {
    /// Its id.
    pub id: IdentityId,
    /// The issuer's URL.
    pub issuer: String,
    /// What the provider called the person when the two were linked.
    pub name: Option<String>,
    /// When that was.
    pub linked_at: DateTime<Utc>,
}

/// What came of linking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linking {
    /// The identity lets its owner in from now on.
    New,
    /// It did so before, under that id.
    Before(IdentityId),
    /// It is somebody else's.
    SomebodyElses,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    issuer: String,
    name: Option<String>,
    linked_at: DateTime<Utc>,
}

impl From<Row> for Linked {
    fn from(row: Row) -> Self {
        Self { id: IdentityId(row.id), issuer: row.issuer, name: row.name, linked_at: row.linked_at }
    }
}

impl Store {
    /// Whose identity it is, and under which id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn identity_owner(&self, key: Key<'_>) -> Result<Option<(UserId, IdentityId)>> {
        let statement = sql(
            "select user_id, id from identity where issuer = $1 and idp = $2 and subject = $3",
            [key.issuer.into(), key.idp.into(), key.subject.into()],
        );
        let Some(row) = self.db.query_one_raw(statement).await? else { return Ok(None) };
        Ok(Some((UserId(row.try_get_by_index(0)?), IdentityId(row.try_get_by_index(1)?))))
    }

    /// The identities of a person, the last linked first; a hundred at most.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn identities(&self, user: UserId) -> Result<Vec<Linked>> {
        let statement = sql(
            "select id, issuer, name, linked_at from identity where user_id = $1 order by linked_at desc, id limit 100",
            [user.0.into()],
        );
        let rows = Row::find_by_statement(statement).all(&self.db).await?;
        Ok(rows.into_iter().map(Linked::from).collect())
    }
}

impl Tx {
    /// Whether the identity of that id is the person's.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn has_identity(&self, user: UserId, id: IdentityId) -> Result<bool> {
        let statement = sql("select 1 from identity where id = $1 and user_id = $2", [id.0.into(), user.0.into()]);
        Ok(self.db.query_one_raw(statement).await?.is_some())
    }

    /// Remembers under that id whose identity it is, and what the provider calls them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn link_identity(
        &self,
        id: IdentityId,
        key: Key<'_>,
        user: UserId,
        name: &str,
        now: DateTime<Utc>,
    ) -> Result<Linking> {
        let statement = sql(
            "insert into identity (id, issuer, idp, subject, user_id, name, linked_at) values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (issuer, idp, subject) do update set linked_at = identity.linked_at
             where identity.user_id = excluded.user_id returning id",
            [
                id.0.into(),
                key.issuer.into(),
                key.idp.into(),
                key.subject.into(),
                user.0.into(),
                name.into(),
                now.into(),
            ],
        );
        let Some(row) = self.db.query_one_raw(statement).await? else { return Ok(Linking::SomebodyElses) };
        let kept = IdentityId(row.try_get_by_index(0)?);
        Ok(if kept == id { Linking::New } else { Linking::Before(kept) })
    }

    /// Forgets an identity of a person. Returns its issuer, if it was one of theirs.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unlink_identity(&self, user: UserId, id: IdentityId) -> Result<Option<String>> {
        let statement =
            sql("delete from identity where id = $1 and user_id = $2 returning issuer", [id.0.into(), user.0.into()]);
        let row = self.db.query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }
}
