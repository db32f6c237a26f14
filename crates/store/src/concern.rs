//! Concerns: filed with their tickets in one statement, read with those that the caller may know of.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::city::question::Replies;
use domain::concern::{Origin, Outcome, Referrer, Status};
use domain::id::{CafeId, CategoryCode, ConcernId, TicketId};
use domain::place::{Areas, Point, Whereabouts};
use domain::text::{Answer, Description};
use domain::ticket::{State, Ticket};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::connect::sql;
use crate::idempotency::{First, keep_first};
use crate::outbox::Message;
use crate::partner::{keep_links, link_rows};
use crate::resident::{Contact, tracking_token};
use crate::seal::digest;
use crate::ticket::{Named, NewTicket, entity as ticket_entity};
use crate::{Error, Result, Scope, SealingKeys, Store, Tx};

/// A concern as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Concern {
    /// Its id.
    pub id: ConcernId,
    /// Where it was heard.
    pub origin: Origin,
    /// The café at which it was heard.
    pub cafe: Option<CafeId>,
    /// What it is about.
    pub category: CategoryCode,
    /// What became of it when it was filed.
    pub outcome: Outcome,
    /// What the resident said; nothing for an emergency or a crime.
    pub description: Option<Description>,
    /// What the officer answered on the spot.
    pub answer: Option<Answer>,
    /// What was answered to the category's questions; nothing for an emergency or a crime.
    pub replies: Replies,
    /// Where; nothing for an emergency or a crime.
    pub place: Option<Whereabouts>,
    /// The areas of the place, as they were when it was filed.
    pub areas: Areas,
    /// Who filed it.
    pub referrer: Referrer,
    /// When.
    pub filed_at: DateTime<Utc>,
    /// When it was noted, if that was before, without a network.
    pub noted_at: Option<DateTime<Utc>>,
    /// The ticket of another concern that it was attached to, instead of opening tickets of its own.
    pub follows: Option<TicketId>,
}

/// How a concern was raised, for whoever has one of its tickets.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Raised {
    /// When it was filed: before a ticket that was opened later, beside another.
    pub filed_at: DateTime<Utc>,
    /// What the resident said; nothing for an emergency or a crime.
    pub description: Option<Description>,
}

#[derive(Serialize)]
struct TicketRow<'a> {
    id: Uuid,
    reference: &'a str,
    service_code: &'a str,
    priority: &'static str,
    sensitivity: &'static str,
    hidden_from_referrer: bool,
    sent: Value,
    ack_due_at: DateTime<Utc>,
    resolve_due_at: DateTime<Utc>,
    remind_at: Option<DateTime<Utc>>,
    wound_at: i64,
    event_id: Uuid,
    actor: Value,
    fact: Value,
}

#[derive(Serialize)]
struct MessageRow<'a> {
    ticket_id: Option<Uuid>,
    concern_id: Option<Uuid>,
    #[serde(flatten)]
    message: &'a Message,
}

fn ticket_row(new: &NewTicket) -> Result<TicketRow<'_>> {
    let NewTicket { ticket, event, revision, .. } = new;
    Ok(TicketRow {
        id: ticket.id.0,
        reference: &ticket.reference,
        service_code: ticket.service.as_str(),
        priority: ticket.priority.code(),
        sensitivity: ticket.sensitivity.code(),
        hidden_from_referrer: ticket.hidden_from_referrer,
        sent: serde_json::to_value(ticket.sent.as_deref()).map_err(Error::corrupt)?,
        ack_due_at: ticket.ack_due_at,
        resolve_due_at: ticket.resolve_due_at,
        remind_at: ticket.remind_at,
        wound_at: *revision,
        event_id: event.id.0,
        actor: serde_json::to_value(&event.by).map_err(Error::corrupt)?,
        fact: serde_json::to_value(&event.fact).map_err(Error::corrupt)?,
    })
}

const FILE: &str = concat!(
    "
    with held as (
        select where $3::uuid is null or exists (select from cafe where id = $3 and state <> 'cancelled')
    ), answered as (",
    keep_first!("case when exists (select from held) then $18 else '[]'::jsonb end"),
    "), new as (
        select from answered union all select from held where $18 = '[]'::jsonb
    ), filed as (
        insert into concern (
            id, origin, cafe_id, category_code, outcome, description, answer, lat, lon, address, areas, referrer_id,
            filed_at, client_id, answers
        )
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $20, $21 from new
    ), contact as (
        insert into resident_contact (concern_id, key_id, sealed, address_digest)
        select $1, $14::text, $15::bytea, $23::bytea from new where $15::bytea is not null
    ), link as (
        insert into tracking_link (concern_id, digest, generation)
        select $1, $16::bytea, 1 from new where $16::bytea is not null
    ), follow as (
        insert into concern_follow (concern_id, ticket_id, since)
        select $1, $22::uuid, $13 from new where $22::uuid is not null
    ), wanted as (
        select w.* from new, jsonb_to_recordset($17) as w (
            id uuid, reference text, service_code text, priority text, sensitivity text, hidden_from_referrer boolean, sent jsonb,
            ack_due_at timestamptz, resolve_due_at timestamptz, remind_at timestamptz, wound_at bigint, event_id uuid,
            actor jsonb, fact jsonb
        )
    ), opened as (
        insert into ticket (
            id, reference, version, state, concern_id, cafe_id, category_code, service_code, priority, sensitivity,
            hidden_from_referrer, referrer_id, lat, lon, address, areas, sent, handovers, filed_at, ack_due_at,
            resolve_due_at, client_id, origin, handed_over_at, remind_at, wound_at, answers
        )
        select id, reference, 1, 'submitted', $1, $3, $4, service_code, priority, sensitivity, hidden_from_referrer, $12,
            $8, $9, $10, $11, sent, 1, $13, ack_due_at, resolve_due_at, $20, $2, $13, remind_at, wound_at, $21
        from wanted
    ), happened as (
        insert into ticket_event (ticket_id, version, id, at, actor, fact)
        select id, 1, event_id, $13, actor, fact from wanted
    ), handed as (
        insert into handover (ticket_id, number, service_code, sent_at) select id, 1, service_code, $13 from wanted
    ), linked as (",
    keep_links!("$24", "exists (select from new)"),
    "
    ), told as (
        insert into outbox (id, lane, kind, recipient, ticket_id, event_version, concern_id, since, due_at)
        select m.id, m.lane, m.kind, m.recipient, m.ticket_id, case when m.ticket_id is not null then 1 end,
            m.concern_id, case when m.concern_id is not null then $13 end, $13
        from new, jsonb_to_recordset($19) as m (
            id uuid, lane text, kind text, recipient jsonb, ticket_id uuid, concern_id uuid
        )
    )
    select 1 from new"
);

/// An array, made once: a subquery beside another condition would keep the planner from any index.
macro_rules! followed {
    () => {
        "ticket.id = any (array(
    with recursive followed (id, depth) as (
        select ticket_id, 0 from concern_follow where concern_id = $1
        union
        select duplicate_of, 0 from ticket where concern_id = $1 and duplicate_of is not null
        union
        select t.duplicate_of, depth + 1 from followed f join ticket t on t.id = f.id
        where t.duplicate_of is not null and depth < 20
    )
    select id from followed
))"
    };
}

#[derive(FromQueryResult)]
struct DescriptionRow {
    id: Uuid,
    description: String,
}

#[derive(FromQueryResult)]
struct ConcernRow {
    id: Uuid,
    origin: String,
    cafe_id: Option<Uuid>,
    category_code: String,
    outcome: String,
    description: Option<String>,
    answer: Option<String>,
    answers: Value,
    lat: Option<f64>,
    lon: Option<f64>,
    address: Option<String>,
    areas: Value,
    referrer_id: Option<Uuid>,
    client_id: Option<Uuid>,
    filed_at: DateTime<Utc>,
    noted_at: Option<DateTime<Utc>>,
    follows: Option<Uuid>,
}

impl TryFrom<ConcernRow> for Concern {
    type Error = Error;

    fn try_from(row: ConcernRow) -> Result<Self> {
        let unknown = |what: &str| Error::Corrupt(format!("a concern has an unknown {what}"));
        let address = row.address.map(TryInto::try_into).transpose().map_err(Error::corrupt)?;
        let point = row.lat.zip(row.lon).map(|(lat, lon)| Point { lat, lon });
        Ok(Self {
            id: ConcernId(row.id),
            origin: Origin::from_code(&row.origin).ok_or_else(|| unknown("origin"))?,
            cafe: row.cafe_id.map(CafeId),
            category: row.category_code.try_into().map_err(Error::corrupt)?,
            outcome: Outcome::from_code(&row.outcome).ok_or_else(|| unknown("outcome"))?,
            description: row.description.map(TryInto::try_into).transpose().map_err(Error::corrupt)?,
            answer: row.answer.map(TryInto::try_into).transpose().map_err(Error::corrupt)?,
            replies: serde_json::from_value(row.answers).map_err(Error::corrupt)?,
            place: (point.is_some() || address.is_some()).then_some(Whereabouts { point, address }),
            areas: serde_json::from_value(row.areas).map_err(Error::corrupt)?,
            referrer: crate::ticket::referrer(row.referrer_id, row.client_id)?,
            filed_at: row.filed_at,
            noted_at: row.noted_at,
            follows: row.follows.map(TicketId),
        })
    }
}

/// A concern to be filed, with what follows from it.
#[derive(Debug, Clone, Copy)]
pub struct NewConcern<'a> {
    /// The concern.
    pub concern: &'a Concern,
    /// How the resident can be reached.
    pub contact: Option<&'a Contact>,
    /// What tells them that it was received.
    pub receipt: Option<&'a Message>,
    /// The tickets that it opens.
    pub tickets: &'a [NewTicket],
    /// What will be answered under a key.
    pub first: Option<&'a First<'a>>,
}

impl Tx {
    /// [`Store::file_concern`], as a part of the transaction.
    ///
    /// # Errors
    /// As there.
    pub async fn file_concern(&self, new: NewConcern<'_>) -> Result<bool> {
        file(&self.db, &self.keys, new).await
    }
}

async fn file(db: &impl ConnectionTrait, keys: &SealingKeys, new: NewConcern<'_>) -> Result<bool> {
    let NewConcern { concern, contact, receipt, tickets, first } = new;
    let sealed = contact.map(|contact| contact.seal(&keys.residents, concern.id)).transpose()?;
    let digest = contact.map(|_| digest(&tracking_token(&keys.residents, concern.id, 1)));
    let rows = tickets.iter().map(ticket_row).collect::<Result<Vec<_>>>()?;
    let messages: Vec<MessageRow<'_>> = tickets
        .iter()
        .flat_map(|new| new.messages.iter().map(|message| (Some(new.ticket.id.0), message)))
        .map(|(ticket_id, message)| MessageRow { ticket_id, concern_id: None, message })
        .chain(receipt.map(|message| MessageRow { ticket_id: None, concern_id: Some(concern.id.0), message }))
        .collect();
    let links = tickets.iter().filter_map(|new| new.link.as_ref()).map(|link| (link, concern.filed_at));
    let point = concern.place.as_ref().and_then(|place| place.point);
    let address = concern.place.as_ref().and_then(|place| place.address.as_ref());
    let statement = sql(
        FILE,
        [
            concern.id.0.into(),
            concern.origin.code().into(),
            concern.cafe.map(|cafe| cafe.0).into(),
            concern.category.as_str().into(),
            concern.outcome.code().into(),
            concern.description.as_ref().map(Description::as_str).into(),
            concern.answer.as_ref().map(Answer::as_str).into(),
            point.map(|point| point.lat).into(),
            point.map(|point| point.lon).into(),
            address.map(ToString::to_string).into(),
            serde_json::to_value(&concern.areas).map_err(Error::corrupt)?.into(),
            concern.referrer.person().map(|user| user.0).into(),
            concern.filed_at.into(),
            contact.map(|_| keys.residents.id()).into(),
            sealed.into(),
            digest.into(),
            serde_json::to_value(rows).map_err(Error::corrupt)?.into(),
            First::rows(first)?.into(),
            serde_json::to_value(messages).map_err(Error::corrupt)?.into(),
            concern.referrer.client().map(|client| client.0).into(),
            serde_json::to_value(&concern.replies).map_err(Error::corrupt)?.into(),
            concern.follows.map(|ticket| ticket.0).into(),
            contact.map(|contact| contact.address_digest(&keys.residents)).into(),
            link_rows(keys, links)?.into(),
        ],
    );
    Ok(!db.query_all_raw(statement).await?.is_empty())
}

impl Store {
    /// Files a concern with everything that follows from it: contact, tracking link, tickets, events, links for partners, messages, the
    /// resident's receipt among them. One statement. False, and nothing is filed, when the key has an answer, or the café takes no concerns
    /// ([`domain::cafe::Cafe::takes_concerns`], said in SQL).
    ///
    /// # Errors
    /// When the database does not answer, or the category is gone.
    pub async fn file_concern(&self, new: NewConcern<'_>) -> Result<bool> {
        file(&self.db, &self.keys, new).await
    }

    /// A concern with those of its tickets that the scope holds, and of those that it is attached to; none when it holds none of them, or, for a concern
    /// without tickets, when it is not the caller's own.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn concern(&self, scope: &Scope, id: ConcernId) -> Result<Option<(Concern, Vec<Ticket>)>> {
        let statement = sql(
            "select c.id, origin, c.cafe_id, category_code, outcome, description, answer, answers, lat, lon, address,
                    areas, referrer_id, client_id, filed_at, n.noted_at, f.ticket_id as follows
             from concern c left join concern_follow f on f.concern_id = c.id
                  left join concern_noted n on n.concern_id = c.id
             where c.id = $1",
            [id.0.into()],
        );
        let Some(row) = ConcernRow::find_by_statement(statement).one(&self.db).await? else { return Ok(None) };
        let concern = Concern::try_from(row)?;
        let tickets = self.tickets_of(scope, id).await?;
        let visible =
            if concern.outcome == Outcome::Referred { !tickets.is_empty() } else { scope.holds_own(&concern) };
        Ok(visible.then_some((concern, tickets)))
    }

    /// How far a concern is: the same for every reader, so all of its tickets say it, also those that a reader may not know of.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn concern_status(&self, id: ConcernId) -> Result<Status> {
        let statement =
            sql(concat!("select distinct state from ticket where concern_id = $1 or ", followed!()), [id.0.into()]);
        let rows = self.db.query_all_raw(statement).await?.into_iter();
        let states = rows.map(|row| {
            let code: String = row.try_get_by_index(0)?;
            State::from_code(&code).ok_or_else(|| Error::Corrupt(format!("a ticket has the state {code}")))
        });
        Ok(Status::of(states.collect::<Result<Vec<_>>>()?))
    }

    /// The ticket of that name, if the scope holds it, and how its concern was raised: who sees a ticket reads its concern.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ticket_as_raised(&self, scope: &Scope, name: &Named) -> Result<Option<(Ticket, Raised)>> {
        let raised = "(select jsonb_build_object('filed_at', c.filed_at, 'description', c.description)
             from concern c where c.id = ticket.concern_id)";
        let Some((ticket, raised)) = self.ticket_beside(scope, name, Expr::cust(raised)).await? else {
            return Ok(None);
        };
        let raised = raised.ok_or_else(|| Error::corrupt("a ticket has no concern"))?;
        Ok(Some((ticket, raised)))
    }

    /// How a concern was raised; what was said only if that is asked for.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn raised(&self, concern: ConcernId, described: bool) -> Result<Raised> {
        let statement = sql(
            "select jsonb_build_object('filed_at', filed_at, 'description', case when $2 then description end)
             from concern where id = $1",
            [concern.0.into(), described.into()],
        );
        let row = self.db.query_one_raw(statement).await?.ok_or_else(|| Error::corrupt("a ticket has no concern"))?;
        serde_json::from_value(row.try_get_by_index(0)?).map_err(Error::corrupt)
    }

    /// What these concerns say, as far as they say something. Whether the caller may read it is asked before.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn descriptions(&self, concerns: &[ConcernId]) -> Result<BTreeMap<ConcernId, String>> {
        let ids: Vec<Uuid> = concerns.iter().map(|concern| concern.0).collect();
        let statement =
            sql("select id, description from concern where id = any($1) and description is not null", [ids.into()]);
        let rows = DescriptionRow::find_by_statement(statement).all(&self.db).await?;
        Ok(rows.into_iter().map(|row| (ConcernId(row.id), row.description)).collect())
    }

    /// The tickets of a concern that the scope holds, the first filed first: its own; and those that it was attached to or
    /// that its own were merged into, with what these were merged into since.
    pub(crate) async fn tickets_of(&self, scope: &Scope, id: ConcernId) -> Result<Vec<Ticket>> {
        let rows = ticket_entity::Entity::find()
            .filter(scope.tickets())
            .filter(ticket_entity::Column::ConcernId.eq(id.0).or(Expr::cust_with_values(followed!(), [id.0])))
            .order_by_asc(ticket_entity::Column::Id)
            .limit(20)
            .all(&self.db)
            .await?;
        rows.into_iter().map(crate::ticket::ticket).collect()
    }
}
