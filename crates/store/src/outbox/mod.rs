//! The outbox: messages appended by the transaction that they tell of, leased by a worker, sent, and marked.
//!
//! Messages of one lane leave one after the other: the later ones wait while an earlier one is pending, also while it
//! waits for its next attempt. A dead one no longer holds up the others. When a new one leaves, and with which others, is
//! settled before it is leased.

mod bounce;
mod dead;
mod lease;
mod leased;
mod plan;
mod returns;
mod said;

use chrono::{DateTime, Utc};
use domain::account::Affair;
use domain::concern::News;
use domain::id::{ClientId, ConcernId, MessageId, ServiceCode, TicketId, UserId, WritingId};
use domain::ticket::list::TicketList;
use domain::ticket::notice::{Notice, Recipient};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::{Serialize, Serializer};
use uuid::Uuid;

pub use bounce::{Bounced, Limit};
pub use lease::SILENT;
pub use leased::{About, AboutConcern, Addressee, AffairTopic, Door, Leased, Referred, Topic};
pub use plan::{Member, Plan, Planned, Unplanned};
pub use returns::{Mark, Returns};
pub use said::{NO_TOKEN, Said, To};

use leased::LATE;

use crate::connect::sql;
use crate::{Error, Page, Result, Store, Tx, one_more};

/// Why a message is not sent of which the recipient may no longer know.
pub const UNSEEN: &str = "the recipient may no longer know of it";

/// The channel on which new messages are announced.
pub const CHANNEL: &str = "continuum_outbox";

/// What is selected of how much is waiting at the instant `$1`.
macro_rules! counted_messages {
    () => {
        "(select count(*) from (
            select from outbox where state = 'pending' and (attempts > 0 or due_at <= $1) limit 10000
        ) p) as pending,
        (select count(*) from (select from outbox where state = 'dead' limit 10000) d) as dead,
        (select coalesce(m.leaves_at, m.since, e.at) from outbox m
         left join ticket_event e on e.ticket_id = m.ticket_id and e.version = m.event_version
         where m.state = 'pending' and (m.attempts > 0 or m.due_at <= $1) order by m.seq limit 1) as oldest"
    };
}
pub(crate) use counted_messages;

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
    #[serde(skip)]
    concern: Option<ConcernId>,
}

/// What a message tells of that no ticket's event is.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
enum Subject {
    Affair(Affair),
    List(TicketList),
    /// Settled when it leaves.
    Late {},
}

/// The kind of message that lists tickets.
const TICKET_LIST: &str = "ticket_list";

fn recipient<S: Serializer>(recipient: &Recipient, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    recipient.serialize(serializer)
}

impl Message {
    const fn new(id: MessageId, lane: String, kind: &'static str, recipient: Recipient) -> Self {
        Self { id: id.0, lane, kind, recipient, about: None, concern: None }
    }

    /// A message to a person about their account, in the person's lane.
    #[must_use]
    pub fn to_person(user: UserId, id: MessageId, affair: Affair) -> Self {
        let message = Self::new(id, format!("user:{user}"), affair.code(), Recipient::Person { user });
        Self { about: Some(Subject::Affair(affair)), ..message }
    }

    /// A message to who looks after a program, in the program's lane.
    #[must_use]
    pub fn to_client(client: ClientId, id: MessageId, affair: Affair) -> Self {
        let message = Self::new(id, format!("client:{client}"), affair.code(), Recipient::Client { client });
        Self { about: Some(Subject::Affair(affair)), ..message }
    }

    /// A message to a service that lists tickets, in a lane of its own.
    #[must_use]
    pub fn to_service(service: ServiceCode, id: MessageId, list: TicketList) -> Self {
        let recipient = Recipient::Service { code: service };
        let about = Some(Subject::List(list));
        Self { about, ..Self::new(id, format!("list:{id}"), TICKET_LIST, recipient) }
    }

    /// A message to a resident about their concern as a whole, in the concern's lane.
    #[must_use]
    pub fn to_resident(concern: ConcernId, id: MessageId, news: News) -> Self {
        let recipient = Recipient::Resident { concern };
        Self { concern: Some(concern), ..Self::new(id, format!("concern:{concern}"), news.code(), recipient) }
    }

    /// A message to a service that tells of no ticket, in the service's lane.
    #[must_use]
    pub fn to_desk(code: &ServiceCode, id: MessageId, affair: Affair) -> Self {
        let recipient = Recipient::Service { code: code.clone() };
        let message = Self::new(id, format!("service:{code}"), affair.code(), recipient);
        Self { about: Some(Subject::Affair(affair)), ..message }
    }

    /// A message to a person that lists what is late when it leaves.
    #[must_use]
    pub fn late(user: UserId, id: MessageId) -> Self {
        let about = Some(Subject::Late {});
        Self { about, ..Self::new(id, format!("late:{user}"), LATE, Recipient::Person { user }) }
    }

    /// A message about something written to a resident, in a lane of its own: it waits, and holds nothing up.
    #[must_use]
    pub fn about_writing(writing: WritingId, id: MessageId, notice: Notice) -> Self {
        let Notice { kind, recipient } = notice;
        Self::new(id, Self::lane_of_writing(writing), kind.code(), recipient)
    }

    pub(crate) fn lane_of_writing(writing: WritingId) -> String {
        format!("writing:{writing}")
    }

    /// A message about a ticket, in the ticket's lane.
    #[must_use]
    pub fn about(ticket: TicketId, id: MessageId, notice: Notice) -> Self {
        let Notice { kind, recipient } = notice;
        Self::new(id, format!("ticket:{ticket}"), kind.code(), recipient)
    }
}

/// A message as the operator's list shows it.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Listed {
    /// Its id.
    pub id: Uuid,
    /// Its place in the order of sending.
    pub seq: i64,
    /// `pending`, `sent`, `dead`, `bounced` or `stopped`.
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
    /// Appends a message that tells of no single ticket.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn append_message(&self, message: &Message, now: DateTime<Utc>) -> Result<()> {
        self.append(message, None, now).await
    }

    /// Appends a message that tells of a ticket's event apart from the change that made it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn append_message_about(
        &self,
        message: &Message,
        ticket: TicketId,
        version: i64,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.append(message, Some((ticket, version)), now).await
    }

    /// Appends messages that tell each of a ticket's event, apart from the changes that made them. One statement.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn append_messages_about(&self, told: &[(Message, TicketId, i64)], now: DateTime<Utc>) -> Result<()> {
        let of = told.iter().map(|(_, ticket, version)| (ticket.0, *version));
        let (tickets, versions): (Vec<Uuid>, Vec<i64>) = of.unzip();
        let messages: Vec<&Message> = told.iter().map(|(message, ..)| message).collect();
        let messages = serde_json::to_value(messages).map_err(Error::corrupt)?;
        let statement = sql(
            "insert into outbox (id, lane, kind, recipient, since, due_at, ticket_id, event_version)
             select m.id, m.lane, m.kind, m.recipient, $2, $2, m.ticket_id, m.version
             from rows from (
                 jsonb_to_recordset($1) as (id uuid, lane text, kind text, recipient jsonb), unnest($3::uuid[]),
                 unnest($4::bigint[])
             ) with ordinality as m (id, lane, kind, recipient, ticket_id, version, place)
             order by m.place",
            [messages.into(), now.into(), tickets.into(), versions.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    async fn append(&self, message: &Message, of: Option<(TicketId, i64)>, now: DateTime<Utc>) -> Result<()> {
        let statement = sql(
            "insert into outbox (id, lane, kind, recipient, about, concern_id, since, due_at, ticket_id, event_version)
             values ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9)",
            [
                message.id.into(),
                message.lane.clone().into(),
                message.kind.into(),
                serde_json::to_value(&message.recipient).map_err(Error::corrupt)?.into(),
                message.about.as_ref().map(serde_json::to_value).transpose().map_err(Error::corrupt)?.into(),
                message.concern.map(|concern| concern.0).into(),
                now.into(),
                of.map(|(ticket, _)| ticket.0).into(),
                of.map(|(_, version)| version).into(),
            ],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }
}

impl Tx {
    /// Ends the messages that wait for a resident.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn stop_messages_to(&self, concern: ConcernId, now: DateTime<Utc>, why: &str) -> Result<()> {
        let statement = sql(
            "update outbox set state = 'stopped', finished_at = $2, last_error = $3
             where state = 'pending' and recipient @> jsonb_build_object('type', 'resident', 'concern', $1::uuid)",
            [concern.0.into(), now.into(), why.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }
}

impl Store {
    /// Marks an e-mail as sent. Messages that were `left_out` of it, because the recipient may no longer know of what they
    /// tell, are in no e-mail and end unsent.
    ///
    /// # Errors
    /// When the database does not answer: the e-mail will be sent again, under the same id.
    pub async fn mark_sent(&self, id: MessageId, left_out: &[MessageId], now: DateTime<Utc>) -> Result<()> {
        let left_out: Vec<Uuid> = left_out.iter().map(|id| id.0).collect();
        let statement = sql(
            "update outbox set leased_until = null, finished_at = $2,
                 state = case when id = any($3) then 'stopped' else 'sent' end,
                 mail = case when id = any($3) then null else mail end,
                 last_error = case when id = any($3) then $4 end
             where mail = $1 and state in ('pending', 'stopped')",
            [id.0.into(), now.into(), left_out.into(), UNSEEN.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Ends an e-mail that need not be sent any more, or may not.
    ///
    /// # Errors
    /// When the database does not answer: its lease runs out instead.
    pub async fn stop_mail(&self, id: MessageId, now: DateTime<Utc>, why: &str) -> Result<()> {
        let statement = sql(
            "update outbox set state = 'stopped', leased_until = null, finished_at = $2, last_error = $3
             where mail = $1 and state = 'pending'",
            [id.0.into(), now.into(), why.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Puts an e-mail off until later, as if nobody had tried: one that nobody has tried before can still tell of more.
    ///
    /// # Errors
    /// When the database does not answer: its lease runs out instead.
    pub async fn hold_mail(&self, id: MessageId, until: DateTime<Utc>, why: &str) -> Result<()> {
        let statement = sql(
            "update outbox set due_at = $2, leased_until = null, last_error = $3, attempts = attempts - 1,
                 mail = case when attempts > 1 then mail end
             where mail = $1 and state = 'pending'",
            [id.0.into(), until.into(), why.into()],
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
            [state.into(), after.into(), one_more(limit).into()],
        );
        let rows = Listed::find_by_statement(statement).all(&self.db).await?;
        Ok(Page::cut(rows, limit, |row| row.seq))
    }

    /// Tells the workers that there are messages.
    ///
    /// # Errors
    /// When the database does not answer: the workers look by themselves, later.
    pub async fn announce_messages(&self) -> Result<()> {
        self.db.execute_raw(sql("select pg_notify($1, '')", [CHANNEL.into()])).await?;
        Ok(())
    }

    /// How much is waiting, what waits on purpose (for a digest, or to be taken back) left out. Pending and dead messages
    /// have an index each; both are few unless something is wrong, and the counts stop at 10 000.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn backlog(&self, now: DateTime<Utc>) -> Result<Backlog> {
        let statement = sql(concat!("select ", counted_messages!()), [now.into()]);
        let row = Backlog::find_by_statement(statement).one(&self.db).await?;
        row.ok_or_else(|| Error::corrupt("nothing was counted"))
    }
}
