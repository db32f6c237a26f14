//! What was written of a ticket, whether or not it has left: the outbox keeps every message that was not taken back.

use chrono::{DateTime, Utc};
use domain::concern::News;
use domain::id::{ConcernId, TicketId, UserId};
use domain::ticket::notice::{Kind, Recipient};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::Serialize;

use super::lease::{LeasedRow, about_ticket, as_told};
use super::leased::{About, Door};
use crate::connect::sql;
use crate::{Error, Result, Store};

/// Stands where the token of a link would: who looks at a letter is not to follow it.
pub const NO_TOKEN: &str = "-";

/// Whom a message went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum To {
    /// The mailbox of any service.
    Service,
    /// Any person, or this one.
    Person {
        /// Who.
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<UserId>,
    },
    /// Any resident.
    Resident,
}

/// A message that was written of a ticket.
#[derive(Debug, Clone)]
pub struct Said {
    /// Who was told.
    pub recipient: Recipient,
    /// What it tells of.
    pub about: About,
    /// How a partner that was sent a link gets to the ticket, [`NO_TOKEN`] in place of its token.
    pub door: Option<Door>,
}

impl Store {
    /// The last messages of that kind, or of any, that were written to them of a ticket, `most` at most, the first one
    /// first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn messages_about(&self, ticket: TicketId, kind: Option<Kind>, to: To, most: u32) -> Result<Vec<Said>> {
        let statement = sql(
            as_told!(
                "with leased as (
                    select * from outbox
                    where ticket_id = $1 and recipient @> $2 and ($3::text is null or kind = $3)
                    order by seq desc limit $4
                )"
            ),
            [
                ticket.0.into(),
                serde_json::to_value(to).map_err(Error::corrupt)?.into(),
                kind.map(Kind::code).into(),
                i64::from(most).into(),
            ],
        );
        let said = |mut row: LeasedRow| {
            let recipient: Recipient = serde_json::from_value(row.recipient.take()).map_err(Error::corrupt)?;
            let door = self.door(&mut row)?.map(|door| Door { token: NO_TOKEN.to_owned(), ..door });
            Ok(Said { about: about_ticket(row, recipient.clone())?, recipient, door })
        };
        LeasedRow::find_by_statement(statement).all(&self.db).await?.into_iter().map(said).collect()
    }

    /// When a concern's resident was last written to about it as a whole, in that message.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_message_of_concern(&self, concern: ConcernId, news: News) -> Result<Option<DateTime<Utc>>> {
        let statement = sql(
            "select max(since) as at from outbox where concern_id = $1 and kind = $2",
            [concern.0.into(), news.code().into()],
        );
        let row = self.db.query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get("", "at")).transpose()?.flatten())
    }
}
