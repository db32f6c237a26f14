//! Photographs that programs named by where they are, until they were fetched.

use chrono::{DateTime, Utc};
use domain::id::{ClientId, TicketId};
use sea_orm::{ConnectionTrait as _, FromQueryResult};
use url::Url;
use uuid::Uuid;

use crate::connect::sql;
use crate::{Error, Result, Store, Tx};

/// A photograph that is to be fetched.
#[derive(Debug, Clone)]
pub struct Awaited {
    /// Its id.
    pub id: Uuid,
    /// The ticket that it is for.
    pub ticket: TicketId,
    /// The program that named it.
    pub client: ClientId,
    /// Where it is.
    pub url: Url,
    /// How often it was begun to fetch it, with this time.
    pub attempts: u32,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    ticket_id: Uuid,
    client_id: Uuid,
    url: String,
    attempts: i32,
}

impl TryFrom<Row> for Awaited {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            ticket: TicketId(row.ticket_id),
            client: ClientId(row.client_id),
            url: row.url.parse().map_err(Error::corrupt)?,
            attempts: u32::try_from(row.attempts).map_err(Error::corrupt)?,
        })
    }
}

impl Store {
    /// Some photographs that are to be fetched now, counted as begun; nobody else fetches them until then.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lease_photographs(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<Awaited>> {
        let statement = sql(
            "update photograph_to_fetch set attempts = attempts + 1, attempt_at = $2
             where id in (
                 select id from photograph_to_fetch where attempt_at <= $1 order by attempt_at limit $3
                 for update skip locked
             )
             returning id, ticket_id, client_id, url, attempts",
            [now.into(), until.into(), i64::from(limit).into()],
        );
        let rows = Row::find_by_statement(statement).all(&self.db).await?;
        // One that cannot be read keeps no other waiting.
        let read = rows.into_iter().filter_map(|row| {
            let id = row.id;
            Awaited::try_from(row)
                .inspect_err(|error| tracing::error!(%id, %error, "a photograph cannot be fetched"))
                .ok()
        });
        Ok(read.collect())
    }

    /// A photograph is to be fetched again then, unless somebody else has begun meanwhile; whether this time counts.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn await_photograph_again(&self, photograph: &Awaited, at: DateTime<Utc>, counts: bool) -> Result<()> {
        let statement = sql(
            "update photograph_to_fetch set attempt_at = $3, attempts = attempts - case when $4 then 0 else 1 end
             where id = $1 and attempts = $2",
            [photograph.id.into(), i64::from(photograph.attempts).into(), at.into(), counts.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }
}

impl Tx {
    /// A photograph is to be fetched for a ticket.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn await_photograph(
        &self,
        id: Uuid,
        ticket: TicketId,
        client: ClientId,
        url: &Url,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let statement = sql(
            "insert into photograph_to_fetch (id, ticket_id, client_id, url, attempt_at) values ($1, $2, $3, $4, $5)",
            [id.into(), ticket.0.into(), client.0.into(), url.as_str().into(), now.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// A photograph is not awaited any more. Tells whether it still was, and nobody else has begun to fetch it meanwhile.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn no_longer_await(&self, photograph: &Awaited) -> Result<bool> {
        let statement = sql(
            "delete from photograph_to_fetch where id = $1 and attempts = $2",
            [photograph.id.into(), i64::from(photograph.attempts).into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }
}
