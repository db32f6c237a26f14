//! The outbox: messages appended by the transaction that they tell of, leased by a worker, sent, and marked.
//!
//! Messages of one lane leave one after the other: the later ones wait while an earlier one is pending, also while it
//! waits for its next attempt. A dead one no longer holds up the others. When a new one leaves, and with which others, is
//! settled before it is leased.

mod lease;
mod plan;

use chrono::{DateTime, Utc};
use domain::account::Affair;
use domain::audit::{Act, By, Record};
use domain::id::{ClientId, MessageId, TicketId, UserId, WritingId};
use domain::ticket::notice::{Notice, Recipient};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::{Serialize, Serializer};
use uuid::Uuid;

pub use lease::{About, Addressee, AffairTopic, Leased, Topic};
pub use plan::{Member, Plan, Planned, Unplanned};

use lease::LATE;

use crate::connect::sql;
use crate::{Error, Page, Result, Store, Tx};

/// The channel on which new messages are announced.
pub const CHANNEL: &str = "continuum_outbox";

/// A message to be appended.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    id: Uuid,
    lane: String,
    kind: &'static str,
    #[serde(serialize_with = "recipient")]
    recipient: Recipient,
    #[serde(skip)]
    about: Option<Subject>,
}

/// What a message tells of that is no ticket's event.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Subject {
    Affair(Affair),
    Late {},
}

fn recipient<S: Serializer>(recipient: &Recipient, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    recipient.serialize(serializer)
}

impl Message {
    /// A message to a person about their account, in the person's lane.
    #[must_use]
    pub fn to_person(user: UserId, id: MessageId, affair: Affair) -> Self {
        let recipient = Recipient::Person { user };
        Self {
            id: id.0,
            lane: format!("user:{user}"),
            kind: affair.code(),
            recipient,
            about: Some(Subject::Affair(affair)),
        }
    }

    /// A message to who looks after a program, in the program's lane.
    #[must_use]
    pub fn to_client(client: ClientId, id: MessageId, affair: Affair) -> Self {
        let recipient = Recipient::Client { client };
        Self {
            id: id.0,
            lane: format!("client:{client}"),
            kind: affair.code(),
            recipient,
            about: Some(Subject::Affair(affair)),
        }
    }

    /// A message to a person that lists what is late when it leaves.
    #[must_use]
    pub fn late(user: UserId, id: MessageId) -> Self {
        let recipient = Recipient::Person { user };
        Self { id: id.0, lane: format!("late:{user}"), kind: LATE, recipient, about: Some(Subject::Late {}) }
    }

    /// A message about something written to a resident, in a lane of its own: it waits, and holds nothing up.
    #[must_use]
    pub fn about_writing(writing: WritingId, id: MessageId, notice: Notice) -> Self {
        let Notice { kind, recipient } = notice;
        Self { id: id.0, lane: Self::lane_of_writing(writing), kind: kind.code(), recipient, about: None }
    }

    pub(crate) fn lane_of_writing(writing: WritingId) -> String {
        format!("writing:{writing}")
    }

    /// A message about a ticket, in the ticket's lane.
    #[must_use]
    pub fn about(ticket: TicketId, id: MessageId, notice: Notice) -> Self {
        let Notice { kind, recipient } = notice;
        Self { id: id.0, lane: format!("ticket:{ticket}"), kind: kind.code(), recipient, about: None }
    }
}

/// A message as the operator's list shows it.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Listed {
    /// Its id.
    pub id: Uuid,
    /// Its place in the order of sending.
    pub seq: i64,
    /// `pending`, `sent`, `dead` or `withheld`.
    pub state: String,
    /// Which message.
    pub kind: String,
    /// Whom: a service's code, a person's id, or `resident`.
    pub recipient: String,
    /// The ticket; `-` when it tells of none.
    pub reference: String,
    /// How often it was tried.
    pub attempts: i32,
    /// When it is tried next.
    pub due_at: DateTime<Utc>,
    /// The mail server's words.
    pub last_error: Option<String>,
}

/// How many messages are in a state, and since when the oldest waits.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Backlog {
    /// Waiting to be sent.
    pub pending: i64,
    /// Given up.
    pub dead: i64,
    /// When the oldest pending one happened.
    pub oldest: Option<DateTime<Utc>>,
}

impl Tx {
    /// Appends a message that tells of no ticket.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn append_message(&self, message: &Message, now: DateTime<Utc>) -> Result<()> {
        let statement = sql(
            "insert into outbox (id, lane, kind, recipient, about, since, due_at) values ($1, $2, $3, $4, $5, $6, $6)",
            [
                message.id.into(),
                message.lane.clone().into(),
                message.kind.into(),
                serde_json::to_value(&message.recipient).map_err(Error::corrupt)?.into(),
                message.about.as_ref().map(serde_json::to_value).transpose().map_err(Error::corrupt)?.into(),
                now.into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }
}

impl Store {
    /// Marks an e-mail as sent.
    ///
    /// # Errors
    /// When the database does not answer: the message will be sent again, under the same id.
    pub async fn mark_sent(&self, id: MessageId, now: DateTime<Utc>) -> Result<()> {
        let statement = sql(
            "update outbox set state = 'sent', leased_until = null, finished_at = $2, last_error = null
             where mail = $1 and state = 'pending'",
            [id.0.into(), now.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Puts an e-mail off until later.
    ///
    /// # Errors
    /// When the database does not answer: its lease runs out instead.
    pub async fn put_off(&self, id: MessageId, until: DateTime<Utc>, why: &str) -> Result<()> {
        let statement = sql(
            "update outbox set due_at = $2, leased_until = null, last_error = $3
             where mail = $1 and state = 'pending'",
            [id.0.into(), until.into(), why.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Gives an e-mail up: it waits for an operator.
    ///
    /// # Errors
    /// When the database does not answer: its lease runs out instead.
    pub async fn give_up(&self, id: MessageId, now: DateTime<Utc>, why: &str) -> Result<()> {
        let statement = sql(
            "update outbox set state = 'dead', leased_until = null, finished_at = $2, last_error = $3
             where mail = $1 and state = 'pending'",
            [id.0.into(), now.into(), why.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Marks an e-mail as one that is not to be sent.
    ///
    /// # Errors
    /// When the database does not answer: its lease runs out instead.
    pub async fn withhold_mail(&self, id: MessageId, now: DateTime<Utc>, why: &str) -> Result<()> {
        let statement = sql(
            "update outbox set state = 'withheld', leased_until = null, finished_at = $2, last_error = $3
             where mail = $1 and state = 'pending'",
            [id.0.into(), now.into(), why.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// A page of the messages in a state, the oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn messages(&self, state: &str, after: i64, limit: u64) -> Result<Page<Listed, i64>> {
        let statement = sql(
            "select m.id, m.seq, m.state, m.kind, m.attempts, m.due_at, m.last_error,
                    coalesce(t.reference, '-') as reference,
                    coalesce(m.recipient ->> 'code', m.recipient ->> 'user', m.recipient ->> 'type') as recipient
             from outbox m left join ticket t on t.id = m.ticket_id
             where m.state = $1 and m.seq > $2 order by m.seq limit $3",
            [state.into(), after.into(), i64::try_from(limit + 1).unwrap_or(i64::MAX).into()],
        );
        let rows = Listed::find_by_statement(statement).all(&self.db).await?;
        Ok(Page::cut(rows, limit, |row| row.seq))
    }

    /// Sends dead messages again: the ones named with those of the same e-mails, or all of them. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn replay_messages(&self, ids: Option<Vec<Uuid>>, now: DateTime<Utc>) -> Result<u64> {
        let tx = self.begin().await?;
        let statement = sql(
            "update outbox set state = 'pending', due_at = $2, leaves_at = $2, attempts = 0, finished_at = null
             where state = 'dead' and (
                 $1::uuid[] is null or id = any($1) or mail in (select mail from outbox where id = any($1))
             )",
            [ids.into(), now.into()],
        );
        let replayed = tx.db.execute_raw(statement).await?.rows_affected();
        let act = Act::OutboxReplayed { count: replayed };
        tx.audit(&Record { at: now, by: By::Operator, from: None, act, why: None });
        tx.commit().await?;
        self.announce_messages().await?;
        Ok(replayed)
    }

    /// Tells the workers that there are messages.
    ///
    /// # Errors
    /// When the database does not answer: the workers look by themselves, later.
    pub async fn announce_messages(&self) -> Result<()> {
        self.db.execute_raw(sql("select pg_notify($1, '')", [CHANNEL.into()])).await?;
        Ok(())
    }

    /// How much is waiting, what waits on purpose (for a digest, or to be taken back) left out. Pending and dead messages have an index each; both are few unless something is wrong, and
    /// the counts stop at 10 000.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn backlog(&self, now: DateTime<Utc>) -> Result<Backlog> {
        let statement = sql(
            "select (select count(*) from (
                        select from outbox where state = 'pending' and (attempts > 0 or due_at <= $1) limit 10000
                    ) p) as pending,
                    (select count(*) from (select from outbox where state = 'dead' limit 10000) d) as dead,
                    (select coalesce(m.leaves_at, m.since, e.at) from outbox m
                     left join ticket_event e on e.ticket_id = m.ticket_id and e.version = m.event_version
                     where m.state = 'pending' and (m.attempts > 0 or m.due_at <= $1) order by m.seq limit 1) as oldest",
            [now.into()],
        );
        let row = Backlog::find_by_statement(statement).one(&self.db).await?;
        row.ok_or_else(|| Error::corrupt("nothing was counted"))
    }
}
