//! Links that let somebody choose a password, once. The token is derived from the accounts' key and the link's id; the
//! database holds its digest only, and the worker can write it into the e-mail without anybody keeping it.

use chrono::{DateTime, Utc};
use domain::account::Purpose;
use domain::id::{LinkId, UserId};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::connect::sql;
use crate::seal::digest;
use crate::{Error, Result, SealingKey, Store, Tx};

/// A link that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Its id.
    pub id: LinkId,
    /// Whose password it is about.
    pub user: UserId,
    /// What it is for.
    pub purpose: Purpose,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    user_id: Uuid,
    purpose: String,
}

impl TryFrom<Row> for Link {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let purpose =
            Purpose::from_code(&row.purpose).ok_or_else(|| Error::corrupt("a link has an unknown purpose"))?;
        Ok(Self { id: LinkId(row.id), user: UserId(row.user_id), purpose })
    }
}

/// The token of a link.
pub(crate) fn token(key: &SealingKey, link: LinkId) -> String {
    key.token("continuum account link", link.0, 1)
}

macro_rules! usable {
    ($then:literal) => {
        concat!(
            "select l.id, l.user_id, l.purpose from account_link l join user_account u on u.id = l.user_id and u.active
             where l.digest = $1 and l.used_at is null and l.expires_at > $2",
            $then
        )
    };
}

impl Store {
    /// The link of that token, if it can still be used. Looking uses nothing up: mail scanners look.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn link(&self, token: &str, now: DateTime<Utc>) -> Result<Option<Link>> {
        let statement = sql(usable!(""), [digest(token).into(), now.into()]);
        Row::find_by_statement(statement).one(&self.db).await?.map(Link::try_from).transpose()
    }
}

impl Tx {
    /// Keeps a new link. Those before work until one was used, so that nobody makes the owner's useless by asking for
    /// another.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn add_link(&self, link: Link, now: DateTime<Utc>, expires_at: DateTime<Utc>) -> Result<()> {
        let statement = sql(
            "insert into account_link (id, user_id, purpose, digest, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)",
            [
                link.id.0.into(),
                link.user.0.into(),
                link.purpose.code().into(),
                digest(&token(&self.keys.accounts, link.id)).into(),
                now.into(),
                expires_at.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// The link of that token, if it can still be used, locked until the transaction ends.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lock_link(&self, token: &str, now: DateTime<Utc>) -> Result<Option<Link>> {
        let statement = sql(usable!(" for update of l"), [digest(token).into(), now.into()]);
        Row::find_by_statement(statement).one(&self.db).await?.map(Link::try_from).transpose()
    }

    /// Makes every link of a person unusable.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn spend_links(&self, user: UserId, now: DateTime<Utc>) -> Result<()> {
        let statement = sql(
            "update account_link set used_at = $2 where user_id = $1 and used_at is null",
            [user.0.into(), now.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }
}
