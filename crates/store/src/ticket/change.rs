//! Changing tickets: locked, then kept as a change left them, with the event, the handover and the messages that follow
//! from it. One statement keeps any number of changes.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::city::catalogue::ClosureReason;
use domain::id::TicketId;
use domain::ticket::notice::Follower;
use domain::ticket::{Event, Ticket};
use sea_orm::sea_query::LockType;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement,
};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::entity::{self, Column};
use super::follower::followers;
use super::sibling::{SAVE_AND_OPEN, opened};
use super::{Named, Seen, named};
use crate::connect::sql;
use crate::idempotency::{First, keep_first};
use crate::outbox::Message;
use crate::partner::{PartnerLink, keep_links, link_rows};
use crate::{Error, Result, Scope, SealingKeys, Tx};

/// A ticket as a change left it, and what follows.
#[derive(Debug, Clone)]
pub struct Saved {
    /// The ticket afterwards.
    pub ticket: Ticket,
    /// The event that tells of the change.
    pub event: Event,
    /// The messages that follow.
    pub messages: Vec<Message>,
    /// The link for the partner that it was passed to.
    pub link: Option<PartnerLink>,
    /// The tickets of the same concern that are opened.
    pub opened: Vec<NewTicket>,
    /// When the service answered with the change: after how much working time, in seconds.
    pub answered_after: Option<i64>,
    /// The revision of the city that the clocks were wound by.
    pub revision: i64,
}

/// A ticket to be opened.
#[derive(Debug, Clone)]
pub struct NewTicket {
    /// The ticket.
    pub ticket: Ticket,
    /// That it was submitted.
    pub event: Event,
    /// The messages that follow.
    pub messages: Vec<Message>,
    /// The link for the partner that it is for.
    pub link: Option<PartnerLink>,
    /// The revision of the city that the clocks were wound by.
    pub revision: i64,
}

#[derive(Serialize)]
struct SavedRow<'a> {
    id: Uuid,
    version: i64,
    state: &'static str,
    service_code: &'a str,
    priority: &'static str,
    handovers: i32,
    reroutes: i32,
    reopened: i32,
    followers: i32,
    assignee_id: Option<Uuid>,
    handed_over_at: DateTime<Utc>,
    received_at: Option<DateTime<Utc>>,
    acknowledged_at: Option<DateTime<Utc>>,
    resolved_at: Option<DateTime<Utc>>,
    closed_at: Option<DateTime<Utc>>,
    ack_due_at: DateTime<Utc>,
    resolve_due_at: DateTime<Utc>,
    pauses: Value,
    remind_at: Option<DateTime<Utc>>,
    rungs: i16,
    wound_at: i64,
    scheduled_for: Option<NaiveDate>,
    resume_on: Option<NaiveDate>,
    closure_reason: Option<&'static str>,
    duplicate_of: Option<Uuid>,
    feedback: &'static str,
    event_id: Uuid,
    at: DateTime<Utc>,
    actor: Value,
    fact: Value,
    hand_received: bool,
    hand_answer: Option<&'static str>,
    hand_answered_after: Option<i64>,
    hand_ends: bool,
    hand_begins: bool,
}

fn saved_row(saved: &Saved) -> Result<SavedRow<'_>> {
    let Saved { ticket, event, answered_after, revision, .. } = saved;
    let turn = event.fact.turn();
    Ok(SavedRow {
        id: ticket.id.0,
        version: ticket.version,
        state: ticket.state.code(),
        service_code: ticket.service.as_str(),
        priority: ticket.priority.code(),
        handovers: ticket.handovers,
        reroutes: ticket.reroutes,
        reopened: ticket.reopened,
        followers: ticket.followers,
        assignee_id: ticket.assignee.map(|user| user.0),
        handed_over_at: ticket.handed_over_at,
        received_at: ticket.received_at,
        acknowledged_at: ticket.acknowledged_at,
        resolved_at: ticket.resolved_at,
        closed_at: ticket.closed_at,
        ack_due_at: ticket.ack_due_at,
        resolve_due_at: ticket.resolve_due_at,
        pauses: serde_json::to_value(&ticket.pauses).map_err(Error::corrupt)?,
        remind_at: ticket.remind_at,
        rungs: ticket.rungs,
        wound_at: *revision,
        scheduled_for: ticket.scheduled_for,
        resume_on: ticket.resume_on,
        closure_reason: ticket.closure_reason.map(ClosureReason::code),
        duplicate_of: ticket.duplicate_of.map(|ticket| ticket.0),
        feedback: ticket.feedback.code(),
        event_id: event.id.0,
        at: event.at,
        actor: serde_json::to_value(&event.by).map_err(Error::corrupt)?,
        fact: serde_json::to_value(&event.fact).map_err(Error::corrupt)?,
        hand_received: turn.received,
        hand_answer: turn.answer.map(domain::ticket::handover::Answer::code),
        hand_answered_after: *answered_after,
        hand_ends: turn.ends,
        hand_begins: turn.begins,
    })
}

#[derive(Serialize)]
pub(super) struct MessageRow<'a> {
    ticket_id: Uuid,
    version: i64,
    due_at: DateTime<Utc>,
    #[serde(flatten)]
    message: &'a Message,
}

/// The ticket that is changed was written since it was read: with a key, that undoes the statement, which has kept the answer.
const STALE: &str = "ticket_as_read";

/// Keeps changes, with what follows from them. What is done before them, on what condition besides they are kept, and what is done
/// after them, differs.
macro_rules! save_with {
    ($before:literal, $unless:literal, $after:literal) => {
        concat!(
            "
    with answered as (",
            keep_first!("$4"),
            "), c as (
        select * from jsonb_to_recordset($1) as c (
            id uuid, version bigint, state text, service_code text, priority text, handovers integer, reroutes integer,
            reopened integer, followers integer, assignee_id uuid, handed_over_at timestamptz, received_at timestamptz, acknowledged_at timestamptz,
            resolved_at timestamptz, closed_at timestamptz, ack_due_at timestamptz, resolve_due_at timestamptz,
            pauses jsonb, remind_at timestamptz, rungs smallint, wound_at bigint, scheduled_for date, resume_on date,
            closure_reason text, duplicate_of uuid, feedback text, event_id uuid, at timestamptz, actor jsonb, fact jsonb,
            hand_received boolean, hand_answer text, hand_answered_after bigint, hand_ends boolean, hand_begins boolean
        )
    )",
            $before,
            ", changed as (
        update ticket t set
            version = c.version, state = c.state, service_code = c.service_code, priority = c.priority,
            handovers = c.handovers, reroutes = c.reroutes, reopened = c.reopened, followers = c.followers, assignee_id = c.assignee_id,
            handed_over_at = c.handed_over_at, received_at = c.received_at, acknowledged_at = c.acknowledged_at,
            resolved_at = c.resolved_at, closed_at = c.closed_at, ack_due_at = c.ack_due_at,
            resolve_due_at = c.resolve_due_at, pauses = c.pauses, remind_at = c.remind_at, rungs = c.rungs,
            wound_at = c.wound_at, scheduled_for = c.scheduled_for, resume_on = c.resume_on,
            closure_reason = c.closure_reason, duplicate_of = c.duplicate_of,
            feedback = c.feedback
        from c
        where t.id = c.id and ($3::text is null or t.xmin::text = $3)
            and ($4 = '[]'::jsonb or exists (select from answered))",
            $unless,
            "
        returning t.id
    ), happened as (
        insert into ticket_event (ticket_id, version, id, at, actor, fact)
        select id, version, event_id, at, actor, fact from c join changed using (id)
    ), left_off as (
        update handover h set
            received_at = case when c.hand_received then coalesce(h.received_at, c.at) else h.received_at end,
            answer = coalesce(c.hand_answer, h.answer),
            answered_at = case when c.hand_answer is null then h.answered_at else c.at end,
            answered_by = case when c.hand_answer is null then h.answered_by else c.actor end,
            answered_after = case when c.hand_answer is null then h.answered_after else c.hand_answered_after end,
            ended_at = case when c.hand_ends then c.at end
        from c join changed using (id)
        where h.ticket_id = c.id and h.ended_at is null and (c.hand_received or c.hand_answer is not null or c.hand_ends)
    ), taken_up as (
        insert into handover (ticket_id, number, service_code, sent_at)
        select id, handovers, service_code, at from c join changed using (id) where hand_begins
    ), told as (
        insert into outbox (id, lane, kind, recipient, ticket_id, event_version, due_at)
        select m.id, m.lane, m.kind, m.recipient, m.ticket_id, m.version, m.due_at
        from jsonb_to_recordset($2) as m (
            id uuid, lane text, kind text, recipient jsonb, ticket_id uuid, version bigint, due_at timestamptz
        ) join changed on changed.id = m.ticket_id
    ), linked as (",
            keep_links!("$5", "exists (select from changed)"),
            "
    )",
            $after,
            "
    select 1 from changed
    union all select ticket_as_read() from answered where not exists (select from changed)"
        )
    };
}

pub(super) use save_with;

const SAVE: &str = save_with!("", "", "");

/// [`SAVE`] beside another ticket ($6, $7), which stays as it was seen: whoever has read it and is about to change it will see that it was
/// written since, although nothing of it changes, and tells those who follow it from now on. Both are locked in the order of their
/// ids, so that those who lock several cannot wait for one another.
const SAVE_BESIDE: &str = save_with!(
    ", locked as (
        select id from ticket
        where id = any (array(select id from c) || $6::uuid) and xmin::text = case id when $6 then $7 else $3 end
            and ($4 = '[]'::jsonb or exists (select from answered))
        order by id for no key update
    )",
    " and (select count(*) from locked) = 2",
    ", touched as (update ticket set version = version where id = $6 and exists (select from changed))"
);

impl Tx {
    /// The ticket of that name, if the scope holds it, locked until the transaction ends; not against what only names it, as figures do
    /// and messages.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lock_ticket(&self, scope: &Scope, name: &Named) -> Result<Option<Ticket>> {
        named(scope, name).lock(LockType::NoKeyUpdate).one(&self.db).await?.map(super::ticket).transpose()
    }

    /// Those of these tickets that the scope holds, locked until the transaction ends. They are locked in the order of
    /// their ids, so that those who lock several cannot wait for one another.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn lock_tickets(&self, scope: &Scope, names: &[Named]) -> Result<Vec<Ticket>> {
        let rows = among(scope, names).order_by_asc(Column::Id).lock(LockType::NoKeyUpdate).all(&self.db).await?;
        rows.into_iter().map(super::ticket).collect()
    }

    /// Keeps tickets that were locked as changes left them, with everything that follows: one statement.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn save_changes(&self, saved: &[Saved]) -> Result<()> {
        save(&self.db, &self.keys, saved, None, None).await?;
        Ok(())
    }

    /// Who follows each of these tickets: its own concern first, then those that were attached to it, then the same of
    /// the tickets that were merged into it; five hundred at most.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn followers(&self, tickets: &[TicketId]) -> Result<BTreeMap<TicketId, Vec<Follower>>> {
        followers(&self.db, &self.keys, tickets).await
    }
}

/// The links that follow from a change, and when they are made.
fn links(saved: &Saved) -> impl Iterator<Item = (&PartnerLink, DateTime<Utc>)> {
    let opened = saved.opened.iter().filter_map(|new| new.link.as_ref());
    saved.link.iter().chain(opened).map(|link| (link, saved.event.at))
}

/// Keeps changes; that of one as it was seen only, if it was seen, and with it the first answer under a key, unless
/// that has one. Returns how many there were.
pub(super) async fn save(
    db: &impl ConnectionTrait,
    keys: &SealingKeys,
    saved: &[Saved],
    seen: Option<&Seen>,
    first: Option<&First<'_>>,
) -> Result<usize> {
    let rows = saved.iter().map(saved_row).collect::<Result<Vec<_>>>()?;
    let told = saved.iter().flat_map(|s| messages(&s.ticket, s.event.at, &s.messages));
    let always: [sea_orm::Value; 5] = [
        serde_json::to_value(rows).map_err(Error::corrupt)?.into(),
        serde_json::to_value(told.collect::<Vec<_>>()).map_err(Error::corrupt)?.into(),
        seen.map(|seen| seen.row.as_str()).into(),
        First::rows(first)?.into(),
        link_rows(keys, saved.iter().flat_map(links))?.into(),
    ];
    let postgres = DatabaseBackend::Postgres;
    let statement = if let Some((other, as_seen)) = seen.and_then(|seen| seen.other.as_ref()) {
        let beside = [other.0.into(), as_seen.as_str().into()];
        Statement::from_sql_and_values(postgres, SAVE_BESIDE, always.into_iter().chain(beside))
    } else if let Some((concern, as_seen)) = seen.and_then(|seen| seen.concern.as_ref()) {
        let [rows, told] = opened(saved)?;
        let beside = [rows, told, concern.0.into(), as_seen.as_str().into()];
        Statement::from_sql_and_values(postgres, SAVE_AND_OPEN, always.into_iter().chain(beside))
    } else {
        sql(SAVE, always)
    };
    match db.query_all_raw(statement).await.map_err(Error::from) {
        Err(error) if error.constraint() == Some(STALE) => Ok(0),
        rows => Ok(rows?.len()),
    }
}

/// Those of these tickets that the scope holds.
pub(super) fn among(scope: &Scope, names: &[Named]) -> sea_orm::Select<entity::Entity> {
    let ids = names.iter().filter_map(|name| if let Named::Id(id) = name { Some(id.0) } else { None });
    let references =
        names.iter().filter_map(|name| if let Named::Reference(text) = name { Some(text.as_str()) } else { None });
    let any = Condition::any().add(Column::Id.is_in(ids)).add(Column::Reference.is_in(references));
    entity::Entity::find().filter(scope.tickets()).filter(any)
}

pub(super) fn messages<'a>(
    ticket: &Ticket,
    due_at: DateTime<Utc>,
    messages: &'a [Message],
) -> impl Iterator<Item = MessageRow<'a>> + use<'a> {
    let (ticket_id, version) = (ticket.id.0, ticket.version);
    messages.iter().map(move |message| MessageRow { ticket_id, version, due_at, message })
}
