//! The feed: what happened, in the order in which it was committed.
//!
//! The transaction in which something happens appends it to `feed_due` (triggers do). Whoever holds the row `feed_head` moves
//! what is there, that is: what is committed, to `feed`, and gives each the next position. Positions become visible
//! together, so that nobody who has read up to one ever finds a lower one that is new.

use chrono::{DateTime, Utc};
use domain::feed::{About, EventType, Filter, Happened, Position};
use domain::id::{CafeId, ConcernId, TicketId};
use domain::rights::{Caller, Client, ClientScope, Reach, Remembered, Secrecy};
use sea_orm::ConnectionTrait;
use serde_json::{Map, Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use crate::columns::Columns;
use crate::connect::sql;
use crate::scope::token_holds;
use crate::{Error, Result, Store, Tx, texts};

/// Where it is announced that the feed has grown.
pub const CHANNEL: &str = "feed";

/// How many positions one look passes over at most, however few of their events are asked for.
const LOOK: i64 = 20_000;

/// A part of the feed.
#[derive(Debug, Clone)]
pub struct Look {
    /// The events, in order.
    pub items: Vec<Happened>,
    /// The position up to which everything was looked at.
    pub until: Position,
    /// The last position that is no longer kept.
    pub expired: Position,
    /// The last position that was given.
    pub head: Position,
}

/// The event of a row of [`READ`], behind its position.
fn happened(position: Position, mut row: Columns<'_>) -> Result<Happened> {
    let missing = || Error::corrupt("an event lacks what it tells of");
    let (id, event_type, at) = (row.next()?, row.next::<&str>()?, row.next()?);
    let (ticket, version, cafe) = (row.next::<Option<Uuid>>()?, row.next()?, row.next::<Option<Uuid>>()?);
    let (state, services, category) = (row.next()?, row.next::<Vec<String>>()?, row.next::<Option<String>>()?);
    let (Json(areas), traceparent) = (row.next()?, row.next()?);
    let (reference, concern) = (row.next::<Option<String>>()?, row.next::<Option<Uuid>>()?);
    let about = match (ticket, cafe) {
        (Some(id), _) => About::Ticket {
            id: TicketId(id),
            reference: reference.ok_or_else(missing)?,
            concern: ConcernId(concern.ok_or_else(missing)?),
            category: category.ok_or_else(missing)?.try_into().map_err(Error::corrupt)?,
            service: services.into_iter().next().ok_or_else(missing)?.try_into().map_err(Error::corrupt)?,
            areas,
            state,
            version,
        },
        (None, Some(id)) => About::Cafe { id: CafeId(id), areas, state },
        (None, None) => return Err(missing()),
    };
    let by = row.next::<Option<Json<_>>>()?.map(|Json(by)| by);
    let details: Option<Json<Map<String, Value>>> = row.next()?;
    let name = row.next()?;
    Ok(Happened {
        position,
        id,
        event_type: EventType::from_code(event_type).ok_or_else(|| Error::corrupt("an event has an unknown type"))?,
        at,
        about,
        by: by.map(|by| (by, name)),
        details: details.map(|Json(details)| details).unwrap_or_default(),
        traceparent,
    })
}

const PLACE: &str = "
    with head as materialized (select position from feed_head for update skip locked),
    taken as (
        delete from feed_due where exists (select from head) and seq in (select seq from feed_due order by seq limit $1)
        returning *
    ), placed as (
        insert into feed (
            position, id, type, at, ticket_id, version, cafe_id, source_id, state, services, category_code, areas, secrecy,
            traceparent
        )
        select h.position + row_number() over (order by t.seq), t.id, t.type, t.at, t.ticket_id, t.version, t.cafe_id,
            t.source_id, t.state, t.services, t.category_code, t.areas, t.secrecy, t.traceparent
        from taken t cross join head h
        returning position
    ), moved as (
        update feed_head set position = position + (select count(*) from placed) where exists (select from placed)
    )
    select count(*) as placed, pg_notify($2, '') from placed having count(*) > 0";

const READ: &str = "
    select h.position as head, h.expired, f.position, f.id, f.type, f.at, f.ticket_id, f.version, f.cafe_id, f.state, f.services, f.category_code, f.areas, f.traceparent,
        t.reference, t.concern_id, w.actor, w.details, coalesce(u.name, c.name) as name
    from feed_head h
    left join lateral (
        select f.* from feed f
        where f.position > greatest($1, h.expired) and f.position <= least(h.position, greatest($1, h.expired) + $2)
            and (
                (f.ticket_id is not null and f.secrecy = any ($4)
                    and (cardinality($6::text[]) = 0 or f.services && $6)
                    and (cardinality($7::text[]) = 0 or f.category_code = any ($7)))
                or (f.ticket_id is not null and f.secrecy = any ($5) and f.services && $6)
                or (f.cafe_id is not null and $8)
            )
            and (cardinality($9::text[]) = 0 or f.type = any ($9))
            and (cardinality($10::text[]) = 0 or f.services && $10)
            and (cardinality($11::text[]) = 0 or f.category_code = any ($11))
            and (cardinality($12::jsonb[]) = 0 or f.areas @> any ($12))
        order by f.position limit $3
    ) f on true
    left join ticket t on t.id = f.ticket_id
    left join lateral (
        select e.actor, e.fact - 'type' as details from ticket_event e
        where f.version is not null and e.ticket_id = f.ticket_id and e.version = f.version
        union all
        select n.actor, jsonb_build_object('id', n.id, 'text', n.text) from note n
        where f.type = 'ticket.note_added' and n.id = f.source_id
        union all
        select m.actor, jsonb_build_object('id', m.id, 'text', m.text) from referrer_message m
        where f.type = 'ticket.referrer_message_written' and m.id = f.source_id
        union all
        select m.actor, jsonb_build_object('id', m.id, 'text', m.text, 'leaves_at', m.leaves_at) from resident_message m
        where f.type = 'ticket.resident_message_written' and m.id = f.source_id
        union all
        select '{\"type\": \"resident\"}', jsonb_strip_nulls(jsonb_build_object(
            'solved', b.solved, 'reason', b.reason, 'text', b.text, 'reopened', b.reopened
        )) from feedback b
        where f.type = 'ticket.feedback_given' and b.id = f.source_id
    ) w on true
    left join user_account u on u.id = (w.actor ->> 'user')::uuid
    left join api_client c on c.id = (w.actor ->> 'client')::uuid
    where $13::uuid is null or token_holds($13, $14, $15, $16, $17, $18, $19)
    order by f.position";

impl Store {
    /// Gives the events that have none yet their position, `limit` at most. Nothing is done while another does. Returns
    /// how many there were.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn place_events(&self, limit: u32) -> Result<u64> {
        let row = self.db.query_one_raw(sql(PLACE, [i64::from(limit).into(), CHANNEL.into()])).await?;
        let placed: i64 = row.map(|row| row.try_get("", "placed")).transpose()?.unwrap_or_default();
        Ok(placed.unsigned_abs())
    }

    /// What a program may know of, after a position, `limit` events at most.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn events(&self, who: &Client, filter: &Filter, after: Position, limit: u64) -> Result<Look> {
        let texts = || None::<Vec<String>>.into();
        let nobody = [
            None::<Uuid>.into(),
            None::<Uuid>.into(),
            None::<DateTime<Utc>>.into(),
            texts(),
            texts(),
            texts(),
            texts(),
        ];
        self.look(who, nobody, filter, after, limit).await?.ok_or_else(no_head)
    }

    /// The same for who is remembered; none unless they are so still.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn events_recalled(
        &self,
        who: &Remembered,
        filter: &Filter,
        after: Position,
        limit: u64,
    ) -> Result<Option<Look>> {
        match who {
            Remembered::Person { .. } => Ok(None),
            Remembered::Client { client, token, asked, issued_at } => {
                let still = token_holds(client, *token, asked, *issued_at);
                self.look(client, still, filter, after, limit).await
            }
        }
    }

    async fn look(
        &self,
        who: &Client,
        still: [sea_orm::Value; 7],
        filter: &Filter,
        after: Position,
        limit: u64,
    ) -> Result<Option<Look>> {
        let among = |reach: Reach| -> Vec<String> {
            let caller = Caller::Client(who.clone());
            let has = |secrecy: &Secrecy| caller.reaches(*secrecy).any(|one| one == reach);
            Secrecy::ALL.into_iter().filter(has).map(|secrecy| code(secrecy).to_owned()).collect()
        };
        let areas: Vec<Value> =
            filter.areas.iter().map(|(zoning, area)| json!({ zoning.as_str(): area.as_str() })).collect();
        let types: Vec<String> = filter.types.iter().map(|one| one.code().to_owned()).collect();
        let [holder, token, issued_at, scopes, others, services, categories] = still;
        let statement = sql(
            READ,
            [
                after.min(Position::MAX - LOOK).into(),
                LOOK.into(),
                i64::try_from(limit).unwrap_or(i64::MAX).into(),
                among(Reach::WithinLimits).into(),
                among(Reach::OfTheirServices).into(),
                texts(&who.services).into(),
                texts(&who.categories).into(),
                who.scopes.contains(&ClientScope::CafesRead).into(),
                types.into(),
                texts(&filter.services).into(),
                texts(&filter.categories).into(),
                areas.into(),
                holder,
                token,
                issued_at,
                scopes,
                others,
                services,
                categories,
            ],
        );
        let (mut head, mut expired, mut items) = (None, 0, Vec::new());
        for row in self.db.query_all_raw(statement).await? {
            let mut row = Columns::of(&row)?;
            (head, expired) = (Some(row.next()?), row.next()?);
            if let Some(position) = row.next()? {
                items.push(happened(position, row)?);
            }
        }
        let Some(head): Option<Position> = head else { return Ok(None) };
        // A full page: there may be more behind its last event.
        let full = items.len() as u64 >= limit;
        let passed = head.min(after.max(expired).saturating_add(LOOK)).max(after);
        let until = items.last().filter(|_| full).map_or(passed, |last| last.position);
        Ok(Some(Look { items, until, expired, head }))
    }
}

impl Tx {
    /// Forgets events of that time and before, some at a time. Returns how many.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn forget_events(&self, before: DateTime<Utc>) -> Result<u64> {
        let statement = sql(
            "with head as materialized (select expired from feed_head for update skip locked),
             gone as (
                 delete from feed where exists (select from head) and position in (
                     select position from feed where position <= (
                         select min(position) + 4999 from feed
                     ) and position < coalesce((select min(position) from feed where at >= $1), 9223372036854775807)
                 ) returning position
             ), moved as (
                 update feed_head set expired = (select max(position) from gone) where exists (select from gone)
             )
             select count(*) as gone from gone",
            [before.into()],
        );
        let row = self.db.query_one_raw(statement).await?;
        let gone: i64 = row.map(|row| row.try_get("", "gone")).transpose()?.unwrap_or_default();
        Ok(gone.unsigned_abs())
    }
}

fn no_head() -> Error {
    Error::corrupt("the feed has no head")
}

/// As the triggers write it.
const fn code(secrecy: Secrecy) -> &'static str {
    match secrecy {
        Secrecy::Standard => "standard",
        Secrecy::Restricted => "restricted",
        Secrecy::HiddenFromReferrer => "hidden_from_referrer",
    }
}
