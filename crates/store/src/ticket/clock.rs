//! What falls due by itself. Each look takes a few tickets that nobody else is working on; any number of instances may
//! look at once.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::{ServiceCode, UserId};
use domain::ticket::{Feedback, State, Ticket};
use sea_orm::sea_query::{LockBehavior, LockType};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use uuid::Uuid;

use super::change::{MessageRow, messages};
use super::entity::{self, Column};
use crate::connect::sql;
use crate::outbox::Message;
use crate::{Error, Result, Tx};

/// What falls due.
#[derive(Debug, Clone)]
pub enum Due {
    /// The waiting ends on that day or before.
    Resume(NaiveDate),
    /// It was resolved then or before.
    Close(DateTime<Utc>),
    /// It was to be taken in hand before then, and one of these services has not answered.
    Answer(DateTime<Utc>, Vec<ServiceCode>),
    /// A rung of the ladder of reminders is due then or before.
    Remind(DateTime<Utc>),
    /// It was resolved then or before, and its residents were asked once whether it is solved.
    AskAgain(DateTime<Utc>),
    /// Its clocks were wound by an earlier revision of the city.
    Wind(i64),
}

/// A ticket of which somebody is reminded: a service of its target, or its residents of a question.
#[derive(Debug, Clone)]
pub struct Reminding {
    /// The ticket, with its next rung, or with what it says of its residents.
    pub ticket: Ticket,
    /// To whom.
    pub messages: Vec<Message>,
}

#[derive(Serialize)]
struct ClockRow {
    id: Uuid,
    ack_due_at: DateTime<Utc>,
    resolve_due_at: DateTime<Utc>,
    remind_at: Option<DateTime<Utc>>,
    rungs: i16,
    feedback: &'static str,
}

impl From<&Ticket> for ClockRow {
    fn from(ticket: &Ticket) -> Self {
        Self {
            id: ticket.id.0,
            ack_due_at: ticket.ack_due_at,
            resolve_due_at: ticket.resolve_due_at,
            remind_at: ticket.remind_at,
            rungs: ticket.rungs,
            feedback: ticket.feedback.code(),
        }
    }
}

#[derive(FromQueryResult)]
struct ManagerRow {
    service_code: String,
    user_id: Uuid,
}

impl Tx {
    /// Tickets for which something is due, at most `limit`, locked until the transaction ends; those that somebody else
    /// has locked are passed over.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lock_due(&self, due: Due, limit: u64) -> Result<Vec<Ticket>> {
        let open =
            [State::Submitted, State::Acknowledged, State::Scheduled, State::InProgress, State::OnHold, State::Refused];
        let tickets = entity::Entity::find();
        let tickets = match due {
            Due::Resume(day) => tickets
                .filter(Column::State.eq(State::OnHold.code()))
                .filter(Column::ResumeOn.lte(day))
                .order_by_asc(Column::ResumeOn),
            Due::Close(at) => tickets
                .filter(Column::State.eq(State::Resolved.code()))
                .filter(Column::ResolvedAt.lte(at))
                .order_by_asc(Column::ResolvedAt),
            Due::AskAgain(at) => tickets
                .filter(Column::Feedback.eq(Feedback::Asked.code()))
                .filter(Column::ResolvedAt.lte(at))
                .order_by_asc(Column::ResolvedAt),
            Due::Answer(before, services) => tickets
                .filter(Column::State.eq(State::Submitted.code()))
                .filter(Column::AckDueAt.lt(before))
                .filter(Column::ServiceCode.is_in(services.iter().map(ServiceCode::as_str)))
                .order_by_asc(Column::AckDueAt),
            Due::Remind(at) => tickets.filter(Column::RemindAt.lte(at)).order_by_asc(Column::RemindAt),
            Due::Wind(revision) => tickets
                .filter(Column::State.is_in(open.map(State::code)))
                .filter(Column::WoundAt.lt(revision))
                .order_by_asc(Column::WoundAt),
        };
        let rows =
            tickets.limit(limit).lock_with_behavior(LockType::Update, LockBehavior::SkipLocked).all(&self.db).await?;
        rows.into_iter().map(super::ticket).collect()
    }

    /// Keeps the clocks of tickets that were locked, wound by that revision of the city.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_clocks(&self, tickets: &[Ticket], revision: i64) -> Result<()> {
        let rows: Vec<ClockRow> = tickets.iter().map(ClockRow::from).collect();
        let statement = sql(
            "update ticket t set ack_due_at = c.ack_due_at, resolve_due_at = c.resolve_due_at, remind_at = c.remind_at,
                 rungs = c.rungs, wound_at = $2
             from jsonb_to_recordset($1) as c (
                 id uuid, ack_due_at timestamptz, resolve_due_at timestamptz, remind_at timestamptz, rungs smallint
             ) where t.id = c.id",
            [serde_json::to_value(rows).map_err(Error::corrupt)?.into(), revision.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Keeps which rungs were climbed or who was asked again, with the messages to those who are reminded: one statement. A reminder changes
    /// nothing of a ticket that its readers see: it is no event.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_reminders(&self, reminding: &[Reminding], now: DateTime<Utc>) -> Result<()> {
        let rows: Vec<ClockRow> = reminding.iter().map(|reminding| (&reminding.ticket).into()).collect();
        let told = reminding.iter().flat_map(|reminding| messages(&reminding.ticket, now, &reminding.messages));
        let told: Vec<MessageRow<'_>> = told.collect();
        let statement = sql(
            "with climbed as (
                 update ticket t set remind_at = c.remind_at, rungs = c.rungs, feedback = c.feedback
                 from jsonb_to_recordset($1) as c (id uuid, remind_at timestamptz, rungs smallint, feedback text)
                 where t.id = c.id
             )
             insert into outbox (id, lane, kind, recipient, ticket_id, event_version, due_at, since)
             select m.id, m.lane, m.kind, m.recipient, m.ticket_id, m.version, m.due_at, m.due_at
             from jsonb_to_recordset($2) as m (
                 id uuid, lane text, kind text, recipient jsonb, ticket_id uuid, version bigint, due_at timestamptz
             )",
            [
                serde_json::to_value(rows).map_err(Error::corrupt)?.into(),
                serde_json::to_value(told).map_err(Error::corrupt)?.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// The people who manage each of these services.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn managers(&self, services: &[ServiceCode]) -> Result<BTreeMap<ServiceCode, Vec<UserId>>> {
        let codes: Vec<String> = services.iter().map(ToString::to_string).collect();
        let statement = sql(
            "select m.service_code, m.user_id from service_member m join user_account u on u.id = m.user_id
             where m.service_code = any($1) and u.active and 'service_manager' = any(u.roles)
             order by m.service_code, m.user_id limit 1000",
            [codes.into()],
        );
        let mut managers: BTreeMap<ServiceCode, Vec<UserId>> = BTreeMap::new();
        for row in ManagerRow::find_by_statement(statement).all(&self.db).await? {
            let service = row.service_code.try_into().map_err(Error::corrupt)?;
            managers.entry(service).or_default().push(UserId(row.user_id));
        }
        Ok(managers)
    }
}
