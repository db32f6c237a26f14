//! How people wish to be told, and who is told what is late.

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{ServiceCode, UserId};
use domain::notification::Chosen;
use domain::rights::Person;
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde_json::Value;
use uuid::Uuid;

use crate::connect::sql;
use crate::{Error, Result, Store, Tx};

/// What somebody chose, in its version; 0 before they chose anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wishes {
    /// What they chose.
    pub chosen: Chosen,
    /// Counts the changes.
    pub version: i64,
}

/// Somebody who may be told what is late.
#[derive(Debug, Clone)]
pub struct Reader {
    /// Who.
    pub person: Person,
    /// What they chose.
    pub chosen: Chosen,
}

#[derive(FromQueryResult)]
struct WishRow {
    wishes: Value,
    version: i64,
}

#[derive(FromQueryResult)]
struct ReaderRow {
    id: Uuid,
    roles: Vec<String>,
    services: Vec<String>,
    wishes: Option<Value>,
}

impl Store {
    /// What somebody chose.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn wishes(&self, user: UserId) -> Result<Wishes> {
        let statement = sql("select wishes, version from notification_wish where user_id = $1", [user.0.into()]);
        let row = WishRow::find_by_statement(statement).one(&self.db).await?;
        row.map_or_else(|| Ok(Wishes::default()), wishes)
    }
}

impl Tx {
    /// Keeps what somebody chose, if they had seen one of these versions; what waits for them is settled anew. The new
    /// version; none when it is another one by now.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn choose(
        &self,
        user: UserId,
        chosen: &Chosen,
        seen: &[i64],
        now: DateTime<Utc>,
    ) -> Result<Option<Wishes>> {
        let statement = sql(
            "with first as (
                 insert into notification_wish (user_id, wishes, version)
                 select $1, $2, 1 where 0 = any($3) on conflict (user_id) do nothing returning wishes, version
             ), again as (
                 update notification_wish set wishes = $2, version = version + 1
                 where user_id = $1 and version = any($3) returning wishes, version
             )
             select * from first union all select * from again",
            [user.0.into(), serde_json::to_value(chosen).map_err(Error::corrupt)?.into(), seen.to_vec().into()],
        );
        let Some(row) = WishRow::find_by_statement(statement).one(&self.db).await? else { return Ok(None) };
        let anew = sql(
            "update outbox set planned = false, due_at = $2
             where state = 'pending' and planned and mail is null and ticket_id is not null
                 and (recipient ->> 'user')::uuid = $1",
            [user.0.into(), now.into()],
        );
        self.db.execute_raw(anew).await?;
        wishes(row).map(Some)
    }

    /// Takes the turn of writing the lists of a morning. False when it was taken.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_morning(&self, day: NaiveDate) -> Result<bool> {
        let statement = sql("insert into late_list (day) values ($1) on conflict do nothing", [day.into()]);
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }

    /// Who may be told what is late: dispatchers, and the people of these services.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn late_readers(&self, services: &[ServiceCode]) -> Result<Vec<Reader>> {
        let codes: Vec<String> = services.iter().map(ToString::to_string).collect();
        let statement = sql(
            "select u.id, u.roles, array(select service_code from service_member where user_id = u.id) as services,
                 w.wishes
             from user_account u left join notification_wish w on w.user_id = u.id
             where u.active and (
                 'dispatcher' = any(u.roles)
                 or u.id in (select user_id from service_member where service_code = any($1))
             )
             order by u.id limit 10000",
            [codes.into()],
        );
        let rows = ReaderRow::find_by_statement(statement).all(&self.db).await?;
        let reader = |row: ReaderRow| {
            let person = crate::user::person(row.id, &row.roles, row.services)?;
            let chosen = row.wishes.map(serde_json::from_value).transpose().map_err(Error::corrupt)?;
            Ok(Reader { person, chosen: chosen.unwrap_or_default() })
        };
        // One that cannot be read, as a newer version wrote it, keeps nobody else from being told.
        let read = |row: ReaderRow| {
            let id = row.id;
            reader(row)
                .inspect_err(|error: &Error| tracing::error!(user = %id, %error, "an account cannot be read"))
                .ok()
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }
}

fn wishes(row: WishRow) -> Result<Wishes> {
    Ok(Wishes { chosen: serde_json::from_value(row.wishes).map_err(Error::corrupt)?, version: row.version })
}
