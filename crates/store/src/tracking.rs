//! The resident's link: what it shows, renewing and ending it, and whether mails go to the resident.

use chrono::{DateTime, Utc};
use data_encoding::BASE64_MIME;
use domain::id::{CategoryCode, ConcernId};
use domain::language::Language;
use domain::text::{Answer, BodyTold, MessageToResident};
use domain::ticket::Ticket;
use sea_orm::sea_query::Expr;
use sea_orm::{ConnectionTrait as _, FromQueryResult};
use serde::Deserialize;
use uuid::Uuid;

use crate::connect::sql;
use crate::feedback::Given;
use crate::resident::{Contact, tracking_token};
use crate::seal::digest;
use crate::ticket::Named;
use crate::{Error, Result, Scope, Store, Tx};

mod said;

/// A concern as its resident may follow it.
#[derive(Debug, Clone)]
pub struct Tracked {
    /// The concern.
    pub concern: ConcernId,
    /// What it is about.
    pub category: CategoryCode,
    /// When it was filed.
    pub filed_at: DateTime<Utc>,
    /// The language in which the resident wants to be answered.
    pub language: Language,
    /// What was answered on the spot.
    pub answer: Option<Answer>,
    /// Whether mails go to the resident.
    pub mails: Mails,
    /// Its tickets, with what the resident was told about each.
    pub tickets: Vec<Followed>,
}

/// Whether mails go to a resident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mails {
    /// They left no address.
    NoAddress,
    /// They do.
    On,
    /// They did, until the resident stopped them.
    Stopped,
    /// The address takes none: they came back.
    Returned,
}

/// A ticket as a resident may follow it.
#[derive(Debug, Clone)]
pub struct Followed {
    /// The ticket.
    pub ticket: Ticket,
    /// What they were told about it.
    pub told: Vec<Told>,
    /// What they last said of how it ended.
    pub said: Option<Given>,
    /// What its end said, if it has ended.
    pub end: Option<End>,
}

/// What the end of a ticket said to its resident.
#[derive(Debug, Clone)]
pub struct End {
    /// The competent body that was told.
    pub body_told: Option<BodyTold>,
    /// Whether it came with a message of its own.
    pub explained: bool,
}

/// Something that the resident was told.
#[derive(Debug, Clone)]
pub struct Told {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub text: MessageToResident,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    category_code: String,
    filed_at: DateTime<Utc>,
    answer: Option<String>,
}

/// What was left of a resident's address, and what became of it.
#[derive(FromQueryResult, Deserialize)]
struct MailsRow {
    key_id: String,
    /// In base 64.
    sealed: String,
    returned: bool,
    stopped: bool,
}

/// What the resident of a concern left, if anything.
macro_rules! mails {
    ($concern:literal) => {
        concat!(
            "select r.key_id, encode(r.sealed, 'base64') as sealed,
                 exists (select from muted_address m where m.digest = r.address_digest) as returned,
                 coalesce(l.ended_at, l.mails_stopped_at) is not null as stopped
             from resident_contact r left join tracking_link l on l.concern_id = r.concern_id
             where r.concern_id = ",
            $concern
        )
    };
}

/// The same, of the concern of the ticket in whose row it stands.
const OF_THE_ROW: &str = concat!("(select to_jsonb(m) from (", mails!("ticket.concern_id"), ") m)");

impl Store {
    /// The concern that a tracking link leads to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tracked(&self, token: &str, now: DateTime<Utc>) -> Result<Option<Tracked>> {
        let statement = sql(
            "select c.id, c.category_code, c.filed_at, c.answer
             from tracking_link l join concern c on c.id = l.concern_id where l.digest = $1 and l.ended_at is null",
            [digest(token).into()],
        );
        let Some(row) = Row::find_by_statement(statement).one(&self.db).await? else { return Ok(None) };
        let concern = ConcernId(row.id);
        let (mails, language) = self.mails(concern).await?;
        let written = self.messages_that_left(concern, now).await?;
        let mut tickets = Vec::new();
        let all = self.tickets_of(&Scope::everything(), concern).await?;
        let ids: Vec<Uuid> = all.iter().map(|ticket| ticket.id.0).collect();
        let with_events = self.told_with_events(&ids).await?;
        let mut answers = self.last_answers(concern, &ids).await?;
        let mut ends = self.ends(&ids).await?;
        let merged = all.iter().filter(|ticket| ticket.concern == concern && ticket.duplicate_of.is_some());
        let since = merged.filter_map(|ticket| ticket.closed_at).min().unwrap_or(row.filed_at);
        for ticket in all {
            let own = ticket.concern == concern;
            // What a followed ticket was merged into is followed in its place.
            if !own && ticket.duplicate_of.is_some() {
                continue;
            }
            let with_events = with_events.iter().rev().filter(|(of, _)| *of == ticket.id).map(|(_, told)| told.clone());
            let beside = written.iter().rev().filter(|(of, _)| *of == ticket.id);
            let beside = beside.map(|(_, message)| Told { at: message.leaves_at, text: message.text.clone() });
            let mut told: Vec<Told> = with_events.chain(beside).collect();
            // What was said before they came was said to others.
            told.retain(|told| own || told.at >= since);
            told.sort_by_key(|told| told.at);
            let (said, end) = (answers.remove(&ticket.id), ends.remove(&ticket.id));
            let end = end.filter(|_| ticket.state.has_ended());
            tickets.push(Followed { ticket, told, said, end });
        }
        Ok(Some(Tracked {
            concern,
            category: row.category_code.try_into().map_err(Error::corrupt)?,
            filed_at: row.filed_at,
            language,
            answer: row.answer.map(Answer::try_from).transpose().map_err(Error::corrupt)?,
            mails,
            tickets,
        }))
    }

    /// Whether that was ever a link that leads, or led, to a concern.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn was_mailed(&self, token: &str) -> Result<bool> {
        let statement = sql(
            "select from tracking_link where digest = $1 union all select from former_link where digest = $1 limit 1",
            [digest(token).into()],
        );
        Ok(self.db.query_one_raw(statement).await?.is_some())
    }

    /// Whether mails go to the resident of a concern, and the resident's language.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn mails(&self, concern: ConcernId) -> Result<(Mails, Language)> {
        let statement = sql(mails!("$1"), [concern.0.into()]);
        let row = MailsRow::find_by_statement(statement).one(&self.db).await?;
        self.told_of(concern, row)
    }

    /// The ticket of that name, if the scope holds it, and whether mails go to the resident of its concern.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ticket_with_mails(&self, scope: &Scope, name: &Named) -> Result<Option<(Ticket, Mails)>> {
        let Some((ticket, told)) = self.ticket_beside(scope, name, Expr::cust(OF_THE_ROW)).await? else {
            return Ok(None);
        };
        let (mails, _) = self.told_of(ticket.concern, told)?;
        Ok(Some((ticket, mails)))
    }

    fn told_of(&self, concern: ConcernId, row: Option<MailsRow>) -> Result<(Mails, Language)> {
        let Some(MailsRow { key_id, sealed, returned, stopped }) = row else {
            return Ok((Mails::NoAddress, Language::Fr));
        };
        // PostgreSQL breaks its lines (RFC 2045).
        let sealed = BASE64_MIME.decode(sealed.as_bytes()).map_err(Error::corrupt)?;
        let contact = Contact::open(&self.keys.residents, concern, &key_id, &sealed)?;
        let mails = match contact.email {
            None => Mails::NoAddress,
            Some(_) if returned => Mails::Returned,
            Some(_) if stopped => Mails::Stopped,
            Some(_) => Mails::On,
        };
        Ok((mails, contact.language))
    }
}

impl Tx {
    /// The concern that a link leads to, the link locked until the transaction ends.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lock_link_of_resident(&self, token: &str) -> Result<Option<ConcernId>> {
        let statement = sql(
            "select concern_id from tracking_link where digest = $1 and ended_at is null for update",
            [digest(token).into()],
        );
        let row = self.db.query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.map(ConcernId))
    }

    /// The concern whose mails a link stops: any that was ever mailed does, whether it was replaced, ended, or neither. The
    /// link is locked until the transaction ends.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lock_mails_of_resident(&self, token: &str) -> Result<Option<ConcernId>> {
        let statement = sql(
            "select concern_id from tracking_link where concern_id in (
                 select concern_id from tracking_link where digest = $1
                 union all select concern_id from former_link where digest = $1
             ) for update",
            [digest(token).into()],
        );
        let row = self.db.query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.map(ConcernId))
    }

    /// Holds what a resident left until the transaction ends: whoever erases it comes before, or waits.
    pub(crate) async fn hold_contact(&self, concern: ConcernId) -> Result<()> {
        let statement = sql("select from concern where id = $1 for no key update", [concern.0.into()]);
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Replaces a concern's link by another; the earlier ones, and its slip, are dead, but for stopping the mails. False when it never had one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn renew_link(&self, concern: ConcernId) -> Result<bool> {
        self.hold_contact(concern).await?;
        let statement =
            sql("select generation from tracking_link where concern_id = $1 for update", [concern.0.into()]);
        let Some(row) = self.db.query_one_raw(statement).await? else { return Ok(false) };
        let generation: i32 = row.try_get_by_index::<i32>(0)? + 1;
        let token = tracking_token(&self.keys.residents, concern, generation);
        let statement = sql(
            "with slip as (
                 delete from tracking_slip where concern_id = $1
             ), former as (
                 insert into former_link (digest, concern_id) select digest, concern_id from tracking_link where concern_id = $1
             )
             update tracking_link set generation = $2, digest = $3, ended_at = null where concern_id = $1",
            [concern.0.into(), generation.into(), digest(&token).into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(true)
    }

    /// Ends a concern's link and its slip. False when it never had a link.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn end_link(&self, concern: ConcernId, now: DateTime<Utc>) -> Result<bool> {
        let statement = sql(
            "update tracking_link set ended_at = coalesce(ended_at, $2) where concern_id = $1",
            [concern.0.into(), now.into()],
        );
        Ok(self.db.execute_raw(statement).await?.rows_affected() == 1)
    }

    /// From now on, no mails go to a resident.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn stop_mails(&self, concern: ConcernId, now: DateTime<Utc>) -> Result<()> {
        let statement = sql(
            "update tracking_link set mails_stopped_at = coalesce(mails_stopped_at, $2) where concern_id = $1",
            [concern.0.into(), now.into()],
        );
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// From now on, mails go to a resident again. Whether they missed something meanwhile: a mail that ended unsent, or
    /// what would have been one ([`domain::ticket::notice::Told`]).
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn resume_mails(&self, concern: ConcernId) -> Result<bool> {
        let statement = sql(
            "with recursive stopped as (
                 select mails_stopped_at as at from tracking_link
                 where concern_id = $1 and mails_stopped_at is not null
             ), resumed as (
                 update tracking_link set mails_stopped_at = null where concern_id = $1
             ), about (id, depth) as (
                 select id, 0 from ticket where concern_id = $1
                 union
                 select ticket_id, 0 from concern_follow where concern_id = $1
                 union
                 select t.duplicate_of, depth + 1 from about a join ticket t on t.id = a.id
                 where t.duplicate_of is not null and depth < 20
             )
             select exists (
                 select from stopped s join ticket_event e on e.at >= s.at join ticket t on t.id = e.ticket_id
                 where e.ticket_id in (select id from about) and (
                     e.fact ->> 'type' in ('acknowledged', 'resolved', 'cancelled', 'merged')
                     or (e.fact ->> 'type' in ('rerouted', 'submitted') and e.fact ->> 'organisation' is not null)
                     or (e.fact ->> 'type' = 'closed'
                         and (t.resolved_at is null or e.fact ->> 'message_to_resident' is not null))
                 )
             ) or exists (
                 select from stopped s join outbox o on o.finished_at >= s.at
                 where o.recipient ->> 'type' = 'resident' and (o.recipient ->> 'concern')::uuid = $1
                     and o.state = 'stopped'
             )",
            [concern.0.into()],
        );
        let row = self.db.query_one_raw(statement).await?.ok_or_else(|| Error::corrupt("nothing was resumed"))?;
        Ok(row.try_get_by_index(0)?)
    }

    /// Whether mails go to the resident of a concern.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_mailed(&self, concern: ConcernId) -> Result<bool> {
        let statement = sql(
            "select from tracking_link where concern_id = $1 and ended_at is null and mails_stopped_at is null",
            [concern.0.into()],
        );
        if self.db.query_one_raw(statement).await?.is_none() {
            return Ok(false);
        }
        let contact = crate::resident::contact(&self.db, &self.keys.residents, concern).await?;
        Ok(contact.is_some_and(|contact| contact.email.is_some()))
    }
}
