//! Handovers: each passing of a ticket to a service. They are written with the change that they follow from.

use chrono::{DateTime, Utc};
use domain::id::TicketId;
use domain::ticket::handover::{Answer, Handover};
use sea_orm::FromQueryResult;
use serde_json::Value;

use crate::connect::sql;
use crate::{Error, Page, Result, Store, one_more};

#[derive(FromQueryResult)]
struct Row {
    number: i32,
    service_code: String,
    sent_at: DateTime<Utc>,
    received_at: Option<DateTime<Utc>>,
    answered_at: Option<DateTime<Utc>>,
    answer: Option<String>,
    answered_by: Option<Value>,
    answered_after: Option<i64>,
    ended_at: Option<DateTime<Utc>>,
    name: Option<String>,
}

/// A handover, and the name of who answered, if it was a person or a program.
#[derive(Debug, Clone)]
pub struct Named {
    /// The handover.
    pub handover: Handover,
    /// Who answered.
    pub name: Option<String>,
}

impl TryFrom<Row> for Handover {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let answer = |code: String| Answer::from_code(&code).ok_or_else(|| Error::corrupt("an unknown answer"));
        Ok(Self {
            number: row.number,
            service: row.service_code.try_into().map_err(Error::corrupt)?,
            sent_at: row.sent_at,
            received_at: row.received_at,
            answered_at: row.answered_at,
            answer: row.answer.map(answer).transpose()?,
            answered_by: row.answered_by.map(serde_json::from_value).transpose().map_err(Error::corrupt)?,
            answered_after: row.answered_after,
            ended_at: row.ended_at,
        })
    }
}

impl Store {
    /// A page of a ticket's handovers, the first one first, beginning after that number. Whether the caller may see the
    /// ticket is asked before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn handovers(&self, ticket: TicketId, after: i64, limit: u64) -> Result<Page<Named, i64>> {
        let statement = sql(
            "select number, service_code, sent_at, received_at, answered_at, answer, answered_by, answered_after,
                    ended_at, coalesce(u.name, c.name) as name
             from handover h
             left join user_account u on u.id = (h.answered_by ->> 'user')::uuid
             left join api_client c on c.id = (h.answered_by ->> 'client')::uuid
             where ticket_id = $1 and number > $2 order by number limit $3",
            [ticket.0.into(), after.into(), one_more(limit).into()],
        );
        let rows = Row::find_by_statement(statement).all(&self.db).await?;
        let named = |mut row: Row| Ok(Named { name: row.name.take(), handover: row.try_into()? });
        let handovers = rows.into_iter().map(named).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(handovers, limit, |named| named.handover.number.into()))
    }
}
