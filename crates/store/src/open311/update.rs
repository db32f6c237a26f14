//! What happened to requests, as programs follow them; and which updates programs sent.

use chrono::{DateTime, Utc};
use domain::id::{CategoryCode, ClientId, ServiceCode, TicketId};
use domain::ticket::Fact;
use sea_orm::{ConnectionTrait as _, FromQueryResult};
use serde_json::Value as Json;
use uuid::Uuid;

use super::codes;
use crate::connect::sql;
use crate::{Error, Result, Store, Tx, Window};

/// Something that happened to a ticket, as programs follow it.
#[derive(Debug, Clone)]
pub struct Update {
    /// The event.
    pub id: Uuid,
    /// The request's reference.
    pub reference: String,
    /// Whether another ticket of the request has not ended then.
    pub others_open: bool,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub fact: Fact,
    /// Whether the ticket came over Open311, and nobody asked that it is erased: what its resident was told is published.
    pub public_words: bool,
}

/// Which updates a program is told of.
#[derive(Debug, Clone, Default)]
pub struct Following {
    /// What others did than this one: it knows what it did.
    pub not_by: Option<ClientId>,
    /// At these services; at any when empty.
    pub services: Vec<ServiceCode>,
    /// About these; about anything when empty.
    pub categories: Vec<CategoryCode>,
    /// Not about these: the public is told of none.
    pub hidden: Vec<CategoryCode>,
}

#[derive(FromQueryResult)]
struct UpdateRow {
    id: Uuid,
    reference: String,
    at: DateTime<Utc>,
    fact: Json,
    public_words: bool,
    others_open: bool,
}

impl Store {
    /// What happened in that time to tickets that the public may know of, the first thing first; what is said of their
    /// handling inside of the house, their opening, and that one which was resolved is closed, left out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn service_request_updates(
        &self,
        Window { from, to }: Window,
        of: &Following,
        limit: u64,
    ) -> Result<Vec<Update>> {
        let statement = sql(
            "select e.id, e.at, e.fact, t.origin = 'open311' and not c.to_erase as public_words,
                 (select f.reference from ticket f where f.concern_id = t.concern_id order by f.id limit 1) as reference,
                 exists (
                     select from ticket o where o.concern_id = t.concern_id and o.id <> t.id and o.filed_at <= e.at
                         and o.state <> 'cancelled' and coalesce(o.resolved_at, o.closed_at, 'infinity') > e.at
                 ) as others_open
             from ticket_event e join ticket t on t.id = e.ticket_id join concern c on c.id = t.concern_id
             where e.at between $1 and $2 and t.sensitivity = 'standard' and not t.hidden_from_referrer
                 and (cardinality($3::text[]) = 0 or t.service_code = any($3))
                 and (cardinality($4::text[]) = 0 or t.category_code = any($4))
                 and e.fact ->> 'type' not in ('submitted', 'received', 'assigned', 'prioritised', 'followed', 'split',
                     'attachment_added', 'attachment_removed', 'pseudonymised')
                 and (e.fact ->> 'type' <> 'closed' or (e.fact ->> 'closure_reason' is not null and (
                     select b.fact ->> 'type' from ticket_event b
                     where b.ticket_id = e.ticket_id and b.version < e.version
                         and b.fact ->> 'type' in ('refused', 'resolved')
                     order by b.version desc limit 1
                 ) is distinct from 'resolved'))
                 and e.actor ->> 'client' is distinct from $5 and t.category_code <> all($7)
             order by e.at, e.id limit $6",
            [
                from.into(),
                to.into(),
                codes(&of.services),
                codes(&of.categories),
                // Nobody is called nothing: all that people did is told.
                of.not_by.map(|client| client.0.to_string()).unwrap_or_default().into(),
                i64::try_from(limit).unwrap_or(i64::MAX).into(),
                codes(&of.hidden),
            ],
        );
        let rows = UpdateRow::find_by_statement(statement).all(&self.db).await?;
        let update = |row: UpdateRow| {
            Ok(Update {
                id: row.id,
                reference: row.reference,
                others_open: row.others_open,
                at: row.at,
                fact: serde_json::from_value(row.fact).map_err(Error::corrupt)?,
                public_words: row.public_words,
            })
        };
        rows.into_iter().map(update).collect()
    }
}

impl Tx {
    /// Notes that a program's update of that name is this one. None the first time; else what it was called in the answer
    /// then, and of which ticket it was. While another transaction notes the same, waits for its end.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim_update(
        &self,
        client: ClientId,
        name: &str,
        ticket: TicketId,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Option<(TicketId, Uuid)>> {
        let insert = sql(
            "insert into open311_update (client_id, update_id, ticket_id, id, at) values ($1, $2, $3, $4, $5)
             on conflict do nothing",
            [client.0.into(), name.into(), ticket.0.into(), id.into(), now.into()],
        );
        if self.db.execute_raw(insert).await?.rows_affected() == 1 {
            return Ok(None);
        }
        let select = sql(
            "select ticket_id, id from open311_update where client_id = $1 and update_id = $2",
            [client.0.into(), name.into()],
        );
        let row = self.db.query_one_raw(select).await?;
        let row = row.ok_or_else(|| Error::corrupt("an update was noted and is not there"))?;
        Ok(Some((TicketId(row.try_get_by_index(0)?), row.try_get_by_index(1)?)))
    }
}
