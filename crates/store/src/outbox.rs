//! The outbox: messages appended by the transaction that they tell of, leased by a worker, sent, and marked.
//!
//! Messages of one lane leave one after the other: the later ones wait while an earlier one is pending, also while it
//! waits for its next attempt. A dead one no longer holds up the others.

use chrono::{DateTime, Utc};
use domain::city::catalogue::Category;
use domain::city::organisation::Service;
use domain::id::{ConcernId, MessageId, TicketId};
use domain::language::Language;
use domain::ticket::notice::{Kind, Notice, Recipient};
use domain::ticket::{Event, Ticket};
use sea_orm::{ConnectionTrait, FromQueryResult};
use serde::{Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use crate::connect::sql;
use crate::ticket::entity as ticket_entity;
use crate::{Error, Page, Result, Store, TrackingToken};

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
}

fn recipient<S: Serializer>(recipient: &Recipient, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    recipient.serialize(serializer)
}

impl Message {
    /// A message about a ticket, in the ticket's lane.
    #[must_use]
    pub fn about(ticket: TicketId, id: MessageId, notice: Notice) -> Self {
        let Notice { kind, recipient } = notice;
        Self { id: id.0, lane: format!("ticket:{ticket}"), kind: kind.code(), recipient }
    }
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addressee {
    /// A service's mailbox.
    Service {
        /// Its address.
        email: String,
    },
    /// A person with an account.
    Person {
        /// Their address.
        email: String,
        /// Their language.
        language: Language,
    },
    /// A resident.
    Resident {
        /// Their address.
        email: String,
        /// Their language.
        language: Language,
        /// The token of their tracking link.
        token: String,
    },
}

/// A message that a worker has leased, with what it needs to write it.
#[derive(Debug, Clone)]
pub struct Leased {
    /// Its id.
    pub id: MessageId,
    /// Which message.
    pub kind: Kind,
    /// To whom; none when there is no address any more.
    pub addressee: Option<Addressee>,
    /// The ticket, as it is now.
    pub ticket: Ticket,
    /// The event that it tells of.
    pub event: Event,
    /// The ticket's category.
    pub category: Category,
    /// The ticket's service.
    pub service: Service,
    /// Which attempt this is, from 1.
    pub attempt: i32,
    /// When the message was first due.
    pub since: DateTime<Utc>,
}

/// A message as the operator's list shows it.
#[derive(Debug, Clone, FromQueryResult)]
pub struct Listed {
    /// Its id.
    pub id: Uuid,
    /// Its place in the order of sending.
    pub seq: i64,
    /// `pending`, `sent` or `dead`.
    pub state: String,
    /// Which message.
    pub kind: String,
    /// Whom: a service's code, a person's id, or `resident`.
    pub recipient: String,
    /// The ticket.
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

#[derive(FromQueryResult)]
struct LeasedRow {
    message_id: Uuid,
    kind: String,
    recipient: Value,
    attempts: i32,
    event_version: i64,
    event_id: Uuid,
    at: DateTime<Utc>,
    actor: Value,
    fact: Value,
    category: Value,
    service: Value,
    mailbox: Option<String>,
    person_email: Option<String>,
    person_language: Option<String>,
    key_id: Option<String>,
    sealed: Option<Vec<u8>>,
    generation: Option<i32>,
    #[sea_orm(nested)]
    ticket: ticket_entity::Model,
}

const LEASE: &str = "
    with ready as (
        select id from outbox o
        where state = 'pending' and due_at <= $1 and (leased_until is null or leased_until <= $1)
            and not exists (select from outbox e where e.lane = o.lane and e.state = 'pending' and e.seq < o.seq)
        order by seq limit $3 for update skip locked
    ), leased as (
        update outbox set leased_until = $2, attempts = attempts + 1 where id in (select id from ready) returning *
    )
    select m.id as message_id, m.kind, m.recipient, m.attempts, e.version as event_version, e.id as event_id, e.at,
        e.actor, e.fact, c.definition as category, s.definition as service, to_service.mailbox,
        person.email as person_email, person.language as person_language, contact.key_id, contact.sealed,
        link.generation, t.*
    from leased m
    join ticket t on t.id = m.ticket_id
    join ticket_event e on e.ticket_id = m.ticket_id and e.version = m.event_version
    join category c on c.code = t.category_code
    join service s on s.code = t.service_code
    left join service to_service on to_service.code = m.recipient ->> 'code'
    left join user_account person on person.id = (m.recipient ->> 'user')::uuid and person.active
    left join resident_contact contact on contact.concern_id = (m.recipient ->> 'concern')::uuid
    left join tracking_link link on link.concern_id = contact.concern_id
    order by m.seq";

impl Store {
    /// Leases the messages that are due, at most `limit`, each the first pending one of its lane.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lease_messages(&self, now: DateTime<Utc>, until: DateTime<Utc>, limit: u64) -> Result<Vec<Leased>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let statement = sql(LEASE, [now.into(), until.into(), limit.into()]);
        let rows = LeasedRow::find_by_statement(statement).all(&self.db).await?;
        rows.into_iter().map(|row| self.leased(row)).collect()
    }

    fn leased(&self, row: LeasedRow) -> Result<Leased> {
        let recipient: Recipient = serde_json::from_value(row.recipient).map_err(Error::corrupt)?;
        let language = |tag: &str| if tag == Language::En.tag() { Language::En } else { Language::Fr };
        let addressee = match recipient {
            Recipient::Service { .. } => row.mailbox.map(|email| Addressee::Service { email }),
            Recipient::Person { .. } => row
                .person_email
                .zip(row.person_language)
                .map(|(email, tag)| Addressee::Person { email, language: language(&tag) }),
            Recipient::Resident { concern } => match (row.key_id, row.sealed, row.generation) {
                (Some(key_id), Some(sealed), Some(generation)) => {
                    let contact = self.key.open(concern, &key_id, &sealed)?;
                    contact.email.map(|email| Addressee::Resident {
                        email,
                        language: contact.language,
                        token: self.token(concern, generation),
                    })
                }
                _ => None,
            },
        };
        Ok(Leased {
            id: MessageId(row.message_id),
            kind: Kind::from_code(&row.kind).ok_or_else(|| Error::corrupt("a message is of an unknown kind"))?,
            addressee,
            ticket: crate::ticket::ticket(row.ticket)?,
            event: Event {
                id: domain::id::EventId(row.event_id),
                version: row.event_version,
                at: row.at,
                by: serde_json::from_value(row.actor).map_err(Error::corrupt)?,
                fact: serde_json::from_value(row.fact).map_err(Error::corrupt)?,
            },
            category: serde_json::from_value(row.category).map_err(Error::corrupt)?,
            service: serde_json::from_value(row.service).map_err(Error::corrupt)?,
            attempt: row.attempts,
            since: row.at,
        })
    }

    fn token(&self, concern: ConcernId, generation: i32) -> String {
        TrackingToken::as_str(&self.key.tracking_token(concern, generation)).to_owned()
    }

    /// Marks a message as sent.
    ///
    /// # Errors
    /// When the database does not answer: the message will be sent again, under the same id.
    pub async fn mark_sent(&self, id: MessageId, now: DateTime<Utc>) -> Result<()> {
        let statement = sql(
            "update outbox set state = 'sent', leased_until = null, finished_at = $2, last_error = null where id = $1",
            [id.0.into(), now.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Puts a message off until later.
    ///
    /// # Errors
    /// When the database does not answer: its lease runs out instead.
    pub async fn put_off(&self, id: MessageId, until: DateTime<Utc>, why: &str) -> Result<()> {
        let statement = sql(
            "update outbox set due_at = $2, leased_until = null, last_error = $3 where id = $1",
            [id.0.into(), until.into(), why.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Gives a message up: it waits for an operator.
    ///
    /// # Errors
    /// When the database does not answer: its lease runs out instead.
    pub async fn give_up(&self, id: MessageId, now: DateTime<Utc>, why: &str) -> Result<()> {
        let statement = sql(
            "update outbox set state = 'dead', leased_until = null, finished_at = $2, last_error = $3 where id = $1",
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
            "select m.id, m.seq, m.state, m.kind, m.attempts, m.due_at, m.last_error, t.reference,
                    coalesce(m.recipient ->> 'code', m.recipient ->> 'user', m.recipient ->> 'type') as recipient
             from outbox m join ticket t on t.id = m.ticket_id
             where m.state = $1 and m.seq > $2 order by m.seq limit $3",
            [state.into(), after.into(), i64::try_from(limit + 1).unwrap_or(i64::MAX).into()],
        );
        let rows = Listed::find_by_statement(statement).all(&self.db).await?;
        Ok(Page::cut(rows, limit, |row| row.seq))
    }

    /// Sends dead messages again: the ones named, or all of them. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn replay_messages(&self, ids: Option<Vec<Uuid>>, now: DateTime<Utc>) -> Result<u64> {
        let statement = sql(
            "update outbox set state = 'pending', due_at = $2, attempts = 0, finished_at = null
             where state = 'dead' and ($1::uuid[] is null or id = any($1))",
            [ids.into(), now.into()],
        );
        let replayed = self.db.execute_raw(statement).await?.rows_affected();
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

    /// How much is waiting. Pending and dead messages have an index each; both are few unless something is wrong, and
    /// the counts stop at 10 000.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn backlog(&self) -> Result<Backlog> {
        let statement = sql(
            "select (select count(*) from (select from outbox where state = 'pending' limit 10000) p) as pending,
                    (select count(*) from (select from outbox where state = 'dead' limit 10000) d) as dead,
                    (select e.at from outbox m
                     join ticket_event e on e.ticket_id = m.ticket_id and e.version = m.event_version
                     where m.state = 'pending' order by m.seq limit 1) as oldest",
            [],
        );
        let row = Backlog::find_by_statement(statement).one(&self.db).await?;
        row.ok_or_else(|| Error::corrupt("nothing was counted"))
    }
}
