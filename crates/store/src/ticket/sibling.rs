//! Tickets of the same concern that a change opens at other services: kept by the statement that keeps the change.

use chrono::{DateTime, Utc};
use domain::id::TicketId;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::NewTicket;
use super::change::{Saved, messages, save_with};
use crate::idempotency::keep_first;
use crate::partner::keep_links;
use crate::{Error, Result};

/// Keeps a change with tickets ($6) of the same concern, and messages about them ($7), if nobody has opened others of the concern
/// ($8, $9) since it was seen: who does writes its row, although nothing of it changes.
pub(super) const SAVE_AND_OPEN: &str = save_with!(
    ", concern_seen as (
        update concern set outcome = outcome
        where id = $8 and xmin::text = $9 and ($4 = '[]'::jsonb or exists (select from answered)) returning id
    )",
    " and exists (select from concern_seen)",
    ", wanted as (
        select w.* from jsonb_to_recordset($6) as w (
            of uuid, id uuid, reference text, service_code text, priority text, ack_due_at timestamptz, resolve_due_at timestamptz,
            remind_at timestamptz, wound_at bigint, at timestamptz, event_id uuid, actor jsonb, fact jsonb
        ) join changed on changed.id = w.of
    ), opened as (
        insert into ticket (
            id, reference, version, state, concern_id, cafe_id, category_code, service_code, priority, sensitivity,
            hidden_from_referrer, referrer_id, client_id, lat, lon, address, areas, answers, origin, handovers,
            filed_at, handed_over_at, ack_due_at, resolve_due_at, remind_at, wound_at
        )
        select w.id, w.reference, 1, 'submitted', t.concern_id,
            t.cafe_id, t.category_code, w.service_code, w.priority, t.sensitivity, t.hidden_from_referrer,
            t.referrer_id, t.client_id, t.lat, t.lon, t.address, t.areas, t.answers, t.origin, 1, w.at, w.at,
            w.ack_due_at, w.resolve_due_at, w.remind_at, w.wound_at
        from wanted w join ticket t on t.id = w.of
    ), begun as (
        insert into ticket_event (ticket_id, version, id, at, actor, fact)
        select id, 1, event_id, at, actor, fact from wanted
    ), handed as (
        insert into handover (ticket_id, number, service_code, sent_at) select id, 1, service_code, at from wanted
    ), announced as (
        insert into outbox (id, lane, kind, recipient, ticket_id, event_version, due_at)
        select m.id, m.lane, m.kind, m.recipient, m.ticket_id, m.version, m.due_at
        from jsonb_to_recordset($7) as m (
            id uuid, lane text, kind text, recipient jsonb, ticket_id uuid, version bigint, due_at timestamptz
        ) join wanted on wanted.id = m.ticket_id
    )"
);

#[derive(Serialize)]
struct OpenRow<'a> {
    of: Uuid,
    id: Uuid,
    reference: &'a str,
    service_code: &'a str,
    priority: &'static str,
    ack_due_at: DateTime<Utc>,
    resolve_due_at: DateTime<Utc>,
    remind_at: Option<DateTime<Utc>>,
    wound_at: i64,
    at: DateTime<Utc>,
    event_id: Uuid,
    actor: Value,
    fact: Value,
}

fn open_row(of: TicketId, new: &NewTicket) -> Result<OpenRow<'_>> {
    let NewTicket { ticket, event, revision, .. } = new;
    Ok(OpenRow {
        of: of.0,
        id: ticket.id.0,
        reference: &ticket.reference,
        service_code: ticket.service.as_str(),
        priority: ticket.priority.code(),
        ack_due_at: ticket.ack_due_at,
        resolve_due_at: ticket.resolve_due_at,
        remind_at: ticket.remind_at,
        wound_at: *revision,
        at: event.at,
        event_id: event.id.0,
        actor: serde_json::to_value(&event.by).map_err(Error::corrupt)?,
        fact: serde_json::to_value(&event.fact).map_err(Error::corrupt)?,
    })
}

/// The parameters of [`SAVE_AND_OPEN`] that tell of what is opened.
pub(super) fn opened(saved: &[Saved]) -> Result<[sea_orm::Value; 2]> {
    let opened = || saved.iter().flat_map(|s| s.opened.iter().map(|new| (s.ticket.id, new)));
    let rows = opened().map(|(of, new)| open_row(of, new)).collect::<Result<Vec<_>>>()?;
    let told = opened().flat_map(|(_, new)| messages(&new.ticket, new.event.at, &new.messages));
    Ok([
        serde_json::to_value(rows).map_err(Error::corrupt)?.into(),
        serde_json::to_value(told.collect::<Vec<_>>()).map_err(Error::corrupt)?.into(),
    ])
}
