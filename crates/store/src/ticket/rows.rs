//! Tickets by the positions of their columns.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use domain::city::catalogue::{ClosureReason, Sensitivity};
use domain::concern::Origin;
use domain::id::{ConcernId, TicketId, UserId};
use domain::place::{Point, Whereabouts};
use domain::routing::Sent;
use domain::ticket::{Feedback, Priority, State, Ticket};
use sea_orm::QueryResult;
use serde_json::value::RawValue;
use sqlx::types::Json;
use uuid::Uuid;

use super::referrer;
use crate::columns::Columns;
use crate::{Error, Result};

/// The tickets of the rows of one answer.
#[derive(Default)]
pub(super) struct Rows {
    /// Whether one was read.
    begun: bool,
    /// What sent them, as it is kept and as it is: many were sent by one rule for one reason.
    sent: Vec<(Box<str>, Arc<Sent>)>,
}

impl Rows {
    pub(super) fn all(rows: &[QueryResult]) -> impl Iterator<Item = Result<Ticket>> {
        let mut reading = Self::default();
        rows.iter().map(move |row| reading.ticket(row))
    }

    fn sent(&mut self, kept: &str) -> Result<Arc<Sent>> {
        if let Some((_, sent)) = self.sent.iter().find(|(known, _)| **known == *kept) {
            return Ok(sent.clone());
        }
        let sent: Arc<Sent> = Arc::new(serde_json::from_str(kept).map_err(Error::corrupt)?);
        self.sent.push((kept.into(), sent.clone()));
        Ok(sent)
    }

    pub(super) fn ticket(&mut self, row: &QueryResult) -> Result<Ticket> {
        let row = if self.begun { Columns::alike(row) } else { Columns::of(row) }?;
        self.begun = true;
        self.read(row)
    }

    fn read(&mut self, mut row: Columns<'_>) -> Result<Ticket> {
        fn code<T: FromStr<Err: Display>>(text: &str) -> Result<T> {
            text.parse().map_err(Error::corrupt)
        }
        let unknown = |what: &str| Error::Corrupt(format!("a ticket has an unknown {what}"));
        Ok(Ticket {
            id: TicketId(row.next()?),
            reference: row.next()?,
            version: row.next()?,
            state: State::from_code(row.next()?).ok_or_else(|| unknown("state"))?,
            concern: ConcernId(row.next()?),
            category: {
                row.skip();
                code(row.next()?)?
            },
            service: code(row.next()?)?,
            priority: Priority::from_code(row.next()?).ok_or_else(|| unknown("priority"))?,
            sensitivity: Sensitivity::from_code(row.next()?).ok_or_else(|| unknown("sensitivity"))?,
            hidden_from_referrer: row.next()?,
            referrer: referrer(row.next()?, row.next()?)?,
            place: Whereabouts {
                point: row.next::<Option<f64>>()?.zip(row.next()?).map(|(lat, lon)| Point { lat, lon }),
                address: row.next::<Option<String>>()?.map(TryInto::try_into).transpose().map_err(Error::corrupt)?,
            },
            areas: row.next::<Json<_>>()?.0,
            replies: row.next::<Json<_>>()?.0,
            origin: Origin::from_code(row.next()?).ok_or_else(|| unknown("origin"))?,
            sent: row.next::<Option<Json<&RawValue>>>()?.map(|Json(kept)| self.sent(kept.get())).transpose()?,
            handovers: row.next()?,
            reroutes: row.next()?,
            reopened: row.next()?,
            followers: row.next()?,
            assignee: row.next::<Option<Uuid>>()?.map(UserId),
            filed_at: row.next()?,
            handed_over_at: row.next()?,
            received_at: row.next()?,
            acknowledged_at: row.next()?,
            resolved_at: row.next()?,
            closed_at: row.next()?,
            ack_due_at: row.next()?,
            resolve_due_at: row.next()?,
            pauses: row.next::<Json<_>>()?.0,
            remind_at: row.next()?,
            rungs: row.next()?,
            scheduled_for: {
                row.skip();
                row.next()?
            },
            resume_on: row.next()?,
            closure_reason: row
                .next::<Option<&str>>()?
                .map(|code| ClosureReason::from_code(code).ok_or_else(|| unknown("closure reason")))
                .transpose()?,
            duplicate_of: row.next::<Option<Uuid>>()?.map(TicketId),
            feedback: Feedback::from_code(row.next()?).ok_or_else(|| unknown("feedback"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{IdenStatic as _, Iterable as _};

    use super::super::entity::Column;

    /// Several have the same type: one in another's place would be read without a word.
    #[test]
    fn columns_have_the_order_in_which_they_are_read() {
        let columns: Vec<&str> = Column::iter().map(|column| column.as_str()).collect();
        let read = "id reference version state concern_id cafe_id category_code service_code priority sensitivity
            hidden_from_referrer referrer_id client_id lat lon address areas answers origin sent handovers reroutes reopened
            followers assignee_id filed_at handed_over_at received_at acknowledged_at resolved_at closed_at ack_due_at
            resolve_due_at pauses remind_at rungs wound_at scheduled_for resume_on closure_reason duplicate_of feedback";
        assert_eq!(columns, read.split_whitespace().collect::<Vec<_>>());
    }
}
