//! E-mails that come in: what became of each, and those that could not be put with a ticket.

use chrono::{DateTime, Utc};
use domain::id::{ConcernId, MessageId, TicketId, UserId};
use domain::ticket::Ticket;
use domain::ticket::notice::Recipient;
use sea_orm::{ConnectionTrait, FromQueryResult, Statement};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::connect::sql;
use crate::resident::{Contact, address_digest};
use crate::{Error, Page, Result, Store, Tx, one_more};

/// An e-mail that left, as far as an answer to it needs to know.
#[derive(Debug, Clone)]
pub struct Answered {
    /// Whom it was for.
    pub recipient: Recipient,
    /// Their address, as it is now.
    pub address: Option<String>,
    /// The ticket that it told of, or, where it told of a resident's concern, the one that the concern is about; none when
    /// there are several, or none.
    pub ticket: Option<TicketId>,
}

/// What an e-mail says, sealed before it reaches the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// Who says that they wrote it.
    pub from: Option<String>,
    /// Its subject.
    pub subject: String,
    /// What its writer says.
    pub text: String,
    /// The names of its attachments, which are not kept.
    pub attachments: Vec<String>,
}

/// An e-mail that could not be put with a ticket.
#[derive(Debug, Clone)]
pub struct Unplaced {
    /// Its id.
    pub id: Uuid,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// Why it could not.
    pub why: String,
    /// The ticket that it answers to, and its reference.
    pub ticket: Option<(TicketId, String)>,
    /// What it says.
    pub words: Words,
    /// When a dispatcher settled it.
    pub settled_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct AnsweredRow {
    recipient: Value,
    ticket_id: Option<Uuid>,
    address: Option<String>,
    key_id: Option<String>,
    sealed: Option<Vec<u8>>,
}

#[derive(FromQueryResult)]
struct UnplacedRow {
    id: Uuid,
    received_at: DateTime<Utc>,
    why: String,
    ticket_id: Option<Uuid>,
    reference: Option<String>,
    key_id: String,
    sealed: Vec<u8>,
    settled_at: Option<DateTime<Utc>>,
}

macro_rules! unplaced {
    () => {
        "select m.id, m.received_at, m.why, m.ticket_id, t.reference, m.key_id, m.sealed, m.settled_at
         from unplaced_mail m left join ticket t on t.id = m.ticket_id"
    };
}

impl Store {
    /// The e-mail of that id, which is the id of the first message that was to be in it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn answered(&self, id: MessageId) -> Result<Option<Answered>> {
        let statement = sql(
            "select m.recipient,
                 coalesce(
                     (select min(o.ticket_id::text)::uuid from outbox o where o.mail = m.id
                      having count(distinct o.ticket_id) = 1),
                     (select min(c.id::text)::uuid from (
                          select t.id from ticket t where t.concern_id = m.concern_id
                          union select w.ticket_id from concern_follow w where w.concern_id = m.concern_id
                      ) c having count(*) = 1)
                 ) as ticket_id,
                 coalesce(s.mailbox, p.email) as address, r.key_id, r.sealed
             from outbox m
             left join service s on s.code = m.recipient ->> 'code'
             left join user_account p on p.id = (m.recipient ->> 'user')::uuid and p.active
             left join resident_contact r on r.concern_id = (m.recipient ->> 'concern')::uuid
             where m.id = $1",
            [id.0.into()],
        );
        let Some(row) = AnsweredRow::find_by_statement(statement).one(&self.db).await? else { return Ok(None) };
        let recipient: Recipient = serde_json::from_value(row.recipient).map_err(Error::corrupt)?;
        let address = match (&recipient, row.key_id.zip(row.sealed)) {
            (Recipient::Resident { concern }, Some((key_id, sealed))) => {
                Contact::open(&self.keys.residents, *concern, &key_id, &sealed)?.email
            }
            _ => row.address,
        };
        Ok(Some(Answered { recipient, address, ticket: row.ticket_id.map(TicketId) }))
    }

    /// What became of an e-mail that came before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn mail_outcome(&self, digest: &[u8]) -> Result<Option<Value>> {
        let statement = sql("select outcome from inbound_mail where digest = $1", [digest.into()]);
        let row = self.db.query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?)
    }

    /// Forgets what became of e-mails that came before `before`, at most a thousand. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_mail(&self, before: DateTime<Utc>) -> Result<u64> {
        let statement = sql(
            "delete from inbound_mail where digest in (
                 select digest from inbound_mail where received_at < $1 order by received_at limit 1000
             )",
            [before.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected())
    }

    /// Deletes e-mails that belonged to no ticket and were settled before `before`, at most a thousand. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn clear_settled_mail(&self, before: DateTime<Utc>) -> Result<u64> {
        let statement = sql(
            "delete from unplaced_mail where id in (
                 select id from unplaced_mail where settled_at < $1 order by settled_at limit 1000
             )",
            [before.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected())
    }

    /// A page of the e-mails that could not be put with a ticket and are not settled, the first one first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unplaced_mail(&self, after: Uuid, limit: u64) -> Result<Page<Unplaced, Uuid>> {
        let most = one_more(limit);
        let statement = concat!(unplaced!(), " where m.settled_at is null and m.id > $1 order by m.id limit $2");
        let mails = self.unplaced(sql(statement, [after.into(), most.into()])).await?;
        Ok(Page::cut(mails, limit, |mail| mail.id))
    }

    /// The e-mails that could not be put with a ticket of those who left the addresses of these concerns, the first first; two
    /// hundred at most.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unplaced_mail_of(&self, concerns: &[ConcernId]) -> Result<Vec<Unplaced>> {
        let concerns: Vec<Uuid> = concerns.iter().map(|concern| concern.0).collect();
        let statement = concat!(
            unplaced!(),
            " where m.from_digest in (select address_digest from resident_contact where concern_id = any($1))
              order by m.received_at, m.id limit 200"
        );
        self.unplaced(sql(statement, [concerns.into()])).await
    }

    /// The e-mails that could not be put with a ticket of whoever has this address, the first first; two hundred at most.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unplaced_mail_from(&self, address: &str) -> Result<Vec<Unplaced>> {
        let statement = concat!(unplaced!(), " where m.from_digest = $1 order by m.received_at, m.id limit 200");
        self.unplaced(sql(statement, [address_digest(&self.keys.residents, address).into()])).await
    }

    async fn unplaced(&self, statement: Statement) -> Result<Vec<Unplaced>> {
        let rows = UnplacedRow::find_by_statement(statement).all(&self.db).await?;
        let open = |row: UnplacedRow| {
            let words = self.keys.residents.open(row.id, &row.key_id, &row.sealed)?;
            Ok(Unplaced {
                id: row.id,
                received_at: row.received_at,
                why: row.why,
                ticket: row.ticket_id.map(TicketId).zip(row.reference),
                words: serde_json::from_slice(&words).map_err(Error::corrupt)?,
                settled_at: row.settled_at,
            })
        };
        rows.into_iter().map(open).collect()
    }
}

impl Tx {
    /// Marks an e-mail as settled, and gives back what it says. None when there is none of that id, or it was settled
    /// before; while another transaction settles it, waits for its end.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn settle_mail(&self, id: Uuid, by: UserId, now: DateTime<Utc>) -> Result<Option<Words>> {
        let statement = sql(
            "update unplaced_mail set settled_at = $3, settled_by = $2 where id = $1 and settled_at is null
             returning key_id, sealed",
            [id.into(), by.0.into(), now.into()],
        );
        let Some(row) = self.db.query_one_raw(statement).await? else { return Ok(None) };
        let (key_id, sealed): (String, Vec<u8>) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let words = self.keys.residents.open(id, &key_id, &sealed)?;
        Ok(Some(serde_json::from_slice(&words).map_err(Error::corrupt)?))
    }

    /// Deletes an e-mail that could not be put with a ticket. False when there is none of that id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn delete_mail(&self, id: Uuid) -> Result<bool> {
        let statement = sql("delete from unplaced_mail where id = $1", [id.into()]);
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }

    /// The concern of the resident whose address it is, if they hear what becomes of the ticket: its own rather than another.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn concern_of_resident(&self, address: &str, ticket: &Ticket) -> Result<Option<ConcernId>> {
        #[derive(FromQueryResult)]
        struct Row {
            concern_id: Uuid,
            key_id: String,
            sealed: Vec<u8>,
        }
        let statement = sql(
            "with recursive family (id, depth) as (
                 select $1, 0
                 union select d.id, f.depth + 1 from ticket d join family f on d.duplicate_of = f.id where f.depth < 20
             ), heard (concern_id) as (
                 select t.concern_id from family f join ticket t using (id)
                 union select w.concern_id from family f join concern_follow w on w.ticket_id = f.id
             )
             select r.concern_id, r.key_id, r.sealed from heard join resident_contact r using (concern_id)
             order by r.concern_id <> $2, r.concern_id limit 500",
            [ticket.id.0.into(), ticket.concern.0.into()],
        );
        for Row { concern_id, key_id, sealed } in Row::find_by_statement(statement).all(&self.db).await? {
            let concern = ConcernId(concern_id);
            let contact = Contact::open(&self.keys.residents, concern, &key_id, &sealed)?;
            if contact.email.is_some_and(|own| own.to_lowercase() == address) {
                return Ok(Some(concern));
            }
        }
        Ok(None)
    }

    /// How many answers were put with a ticket since.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn answers_since(&self, reference: &str, since: DateTime<Utc>) -> Result<i64> {
        let statement = sql(
            "select count(*) from inbound_mail where received_at > $2 and outcome ->> 'ticket' = $1",
            [reference.into(), since.into()],
        );
        let row = self.db.query_one_raw(statement).await?.ok_or_else(|| Error::corrupt("nothing was counted"))?;
        Ok(row.try_get_by_index(0)?)
    }

    /// Records what becomes of an e-mail. While another transaction records the same one, waits for its end; false when it
    /// was recorded: then nothing is to be done.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn record_mail(&self, digest: &[u8], outcome: &Value, now: DateTime<Utc>) -> Result<bool> {
        let statement = sql(
            "insert into inbound_mail (digest, received_at, outcome) values ($1, $2, $3) on conflict do nothing",
            [digest.into(), now.into(), outcome.clone().into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }

    /// Keeps an e-mail that could not be put with a ticket. True when the desk was not told of any in the last hour.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn keep_unplaced(
        &self,
        id: Uuid,
        why: &str,
        ticket: Option<TicketId>,
        words: &Words,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let key = &self.keys.residents;
        let sealed = key.seal(id, &serde_json::to_vec(words).map_err(Error::corrupt)?)?;
        let from = words.from.as_deref().map(|from| address_digest(key, from));
        let statement = sql(
            "with kept as (
                 insert into unplaced_mail (id, received_at, why, ticket_id, key_id, sealed, from_digest)
                 values ($1, $2, $3, $4, $5, $6, $7)
             )
             select not exists (select from unplaced_mail where received_at > $2 - interval '1 hour')",
            [
                id.into(),
                now.into(),
                why.into(),
                ticket.map(|ticket| ticket.0).into(),
                key.id().into(),
                sealed.into(),
                from.into(),
            ],
        );
        let row = self.db.query_one_raw(statement).await?.ok_or_else(|| Error::corrupt("nothing was kept"))?;
        Ok(row.try_get_by_index(0)?)
    }
}
