//! What residents say of how their tickets ended: every answer is kept, the last one of each resident counts.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::id::{ConcernId, TicketId, WritingId};
use domain::text::Remark;
use domain::ticket::feedback::{Answer, Feedback, Unsolved};
use domain::ticket::{Ticket, feedback};
use sea_orm::{ConnectionTrait, FromQueryResult};
use uuid::Uuid;

use crate::connect::sql;
use crate::{Error, Page, Result, Store, Tx, one_more};

/// An answer, as it was given.
#[derive(Debug, Clone)]
pub struct Given {
    /// Its id.
    pub id: WritingId,
    /// When.
    pub at: DateTime<Utc>,
    /// What they answered.
    pub answer: Answer,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    at: DateTime<Utc>,
    solved: bool,
    reason: Option<String>,
    text: Option<String>,
    reopened: bool,
}

impl TryFrom<Row> for Given {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let text = row.text.map(Remark::try_from).transpose().map_err(Error::corrupt)?;
        let reason = row.reason.as_deref().and_then(Unsolved::from_code);
        let answer = match (row.solved, reason) {
            (true, _) => Answer::Solved { text },
            (false, Some(reason)) => Answer::NotSolved { reason, text, reopen: row.reopened },
            (false, None) => return Err(Error::corrupt("an answer has an unknown reason")),
        };
        Ok(Self { id: WritingId(row.id), at: row.at, answer })
    }
}

impl Tx {
    /// Keeps a resident's answer about a ticket that was locked, and what the ticket says of its residents from now on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn add_feedback(&self, ticket: &Ticket, concern: ConcernId, given: &Given) -> Result<Feedback> {
        let (solved, reason, reopened) = match given.answer {
            feedback::Answer::Solved { .. } => (true, None, false),
            feedback::Answer::NotSolved { reason, reopen, .. } => (false, Some(reason.code()), reopen),
        };
        let statement = sql(
            "insert into feedback (id, ticket_id, concern_id, handover, at, solved, reason, text, reopened)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            [
                given.id.0.into(),
                ticket.id.0.into(),
                concern.0.into(),
                ticket.handovers.into(),
                given.at.into(),
                solved.into(),
                reason.into(),
                given.answer.text().map(Remark::as_str).into(),
                reopened.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        // Each resident's last answer since it last ended.
        let statement = sql(
            "update ticket t set feedback = case when exists (
                 select from (
                     select distinct on (f.concern_id) f.solved from feedback f
                     where f.ticket_id = t.id and f.handover = t.handovers
                     order by f.concern_id, f.id desc
                 ) last where not last.solved
             ) then 'not_solved' else 'solved' end
             where id = $1 returning feedback",
            [ticket.id.0.into()],
        );
        let row = self.db.query_one_raw(statement).await?.ok_or_else(|| Error::corrupt("a locked ticket is gone"))?;
        let code: String = row.try_get_by_index(0)?;
        Feedback::from_code(&code).ok_or_else(|| Error::corrupt("a ticket has an unknown feedback"))
    }
}

impl Store {
    /// A page of what residents say of a ticket, the first answer first. Whether the caller may read it is asked before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn feedback(&self, of: TicketId, after: Uuid, limit: u64) -> Result<Page<Given, Uuid>> {
        let most = one_more(limit);
        let statement = sql(
            "select id, at, solved, reason, text, reopened from feedback
             where ticket_id = $1 and id > $2 order by id limit $3",
            [of.0.into(), after.into(), most.into()],
        );
        let rows = Row::find_by_statement(statement).all(&self.db).await?;
        let given = rows.into_iter().map(Given::try_from).collect::<Result<Vec<_>>>()?;
        Ok(Page::cut(given, limit, |given| given.id.0))
    }

    /// The resident's last answer about each of these tickets since it last ended.
    pub(crate) async fn last_answers(&self, concern: ConcernId, tickets: &[Uuid]) -> Result<BTreeMap<TicketId, Given>> {
        #[derive(FromQueryResult)]
        struct Last {
            ticket_id: Uuid,
            #[sea_orm(nested)]
            given: Row,
        }
        let statement = sql(
            "select distinct on (f.ticket_id) f.ticket_id, f.id, f.at, f.solved, f.reason, f.text, f.reopened
             from feedback f join ticket t on t.id = f.ticket_id
             where f.ticket_id = any($1) and f.concern_id = $2 and f.handover = t.handovers
             order by f.ticket_id, f.id desc",
            [tickets.to_vec().into(), concern.0.into()],
        );
        let rows = Last::find_by_statement(statement).all(&self.db).await?;
        rows.into_iter().map(|last| Ok((TicketId(last.ticket_id), last.given.try_into()?))).collect()
    }
}
