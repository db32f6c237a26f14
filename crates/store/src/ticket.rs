//! Tickets and their timelines.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::city::catalogue::{ClosureReason, Sensitivity};
use domain::concern::{Origin, Referrer};
use domain::id::{ClientId, ConcernId, EventId, TicketId, UserId};
use domain::place::{Point, Whereabouts};
use domain::ticket::{Actor, Event, Fact, Feedback, Priority, State, Ticket};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseBackend, EntityTrait, QueryFilter, QueryResult, QuerySelect, QueryTrait,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sqlx::types::Json;
use uuid::Uuid;

use crate::columns::Columns;
use crate::{Error, Page, Result, Scope, Store, one_more};

mod change;
mod clock;
mod count;
mod filter;
mod follower;
mod late;
mod list;
mod near;
mod owed;
mod period;
mod rows;
mod search;
mod seen;
mod sibling;
pub mod writing;

pub use change::{NewTicket, Saved};
pub use clock::{Due, Reminding};
pub use count::{COUNTED, Count};
pub use filter::Filter;
pub use late::Late;
pub use list::{After, Key, Sort};
pub use near::{Candidate, Near};
pub use owed::{BeforeCafe, Owed};
use rows::Rows;
pub use search::Search;
pub use seen::{Beside, Found, Looked, Seen};

#[allow(unreachable_pub, reason = "sea-orm's macro makes it so")]
pub(crate) mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "ticket")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub reference: String,
        pub version: i64,
        pub state: String,
        pub concern_id: Uuid,
        pub cafe_id: Option<Uuid>,
        pub category_code: String,
        pub service_code: String,
        pub priority: String,
        pub sensitivity: String,
        pub hidden_from_referrer: bool,
        pub referrer_id: Option<Uuid>,
        pub client_id: Option<Uuid>,
        pub lat: Option<f64>,
        pub lon: Option<f64>,
        pub address: Option<String>,
        pub areas: Json,
        pub answers: Json,
        pub origin: String,
        pub sent: Option<Json>,
        pub handovers: i32,
        pub reroutes: i32,
        pub reopened: i32,
        pub followers: i32,
        pub assignee_id: Option<Uuid>,
        pub filed_at: DateTimeUtc,
        pub handed_over_at: DateTimeUtc,
        pub received_at: Option<DateTimeUtc>,
        pub acknowledged_at: Option<DateTimeUtc>,
        pub resolved_at: Option<DateTimeUtc>,
        pub closed_at: Option<DateTimeUtc>,
        pub ack_due_at: DateTimeUtc,
        pub resolve_due_at: DateTimeUtc,
        pub pauses: Json,
        pub remind_at: Option<DateTimeUtc>,
        pub rungs: i16,
        pub wound_at: i64,
        pub scheduled_for: Option<Date>,
        pub resume_on: Option<Date>,
        pub closure_reason: Option<String>,
        pub duplicate_of: Option<Uuid>,
        pub feedback: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use entity::Column;

/// How a ticket is named: by its id or by its reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// By its id.
    Id(TicketId),
    /// By its reference, `AMI-26-004217`.
    Reference(String),
}

impl Named {
    /// Whether it is this ticket's name.
    #[must_use]
    pub fn names(&self, ticket: &Ticket) -> bool {
        match self {
            Self::Id(id) => ticket.id == *id,
            Self::Reference(reference) => ticket.reference == *reference,
        }
    }
}

/// An event as a timeline shows it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The event.
    pub event: Event,
    /// The name of the person or the program that did it, if it was one.
    pub name: Option<String>,
}

/// A page of the timeline of the ticket in whose row it stands, with the names of those who did something.
const TIMELINE: &str = "(
    select coalesce(jsonb_agg(entry order by entry.version), '[]')
    from (
        select e.version, e.id, e.at, e.actor, e.fact, coalesce(u.name, c.name) as name
        from ticket_event e
        left join user_account u on u.id = (e.actor ->> 'user')::uuid
        left join api_client c on c.id = (e.actor ->> 'client')::uuid
        where e.ticket_id = ticket.id and e.version > $1 order by e.version limit $2
    ) entry
)";

#[derive(Deserialize)]
struct EntryRow {
    version: i64,
    id: Uuid,
    at: DateTime<Utc>,
    actor: Actor,
    fact: Fact,
    name: Option<String>,
}

impl From<EntryRow> for Entry {
    fn from(row: EntryRow) -> Self {
        let EntryRow { version, id, at, actor, fact, name } = row;
        Self { event: Event { id: EventId(id), version, at, by: actor, fact }, name }
    }
}

/// Who filed a concern: exactly one of the two, as a constraint of the tables says.
pub(crate) fn referrer(user: Option<Uuid>, client: Option<Uuid>) -> Result<Referrer> {
    match (user, client) {
        (Some(user), None) => Ok(Referrer::Person(UserId(user))),
        (None, Some(client)) => Ok(Referrer::Client(ClientId(client))),
        (None, None) | (Some(_), Some(_)) => Err(Error::corrupt("a concern was filed by nobody, or by two")),
    }
}

/// The ticket of a row whose columns come first, in the order of the entity. By their names, each would be looked up anew in every
/// row; through the entity, each text and each document would be copied once more: a page has fifty.
fn of_row(row: &QueryResult) -> Result<Ticket> {
    Rows::default().ticket(row)
}

pub(crate) fn ticket(row: entity::Model) -> Result<Ticket> {
    let unknown = |what: &str| Error::Corrupt(format!("a ticket has an unknown {what}"));
    Ok(Ticket {
        id: TicketId(row.id),
        reference: row.reference,
        version: row.version,
        state: State::from_code(&row.state).ok_or_else(|| unknown("state"))?,
        concern: ConcernId(row.concern_id),
        category: row.category_code.try_into().map_err(Error::corrupt)?,
        service: row.service_code.try_into().map_err(Error::corrupt)?,
        priority: Priority::from_code(&row.priority).ok_or_else(|| unknown("priority"))?,
        sensitivity: Sensitivity::from_code(&row.sensitivity).ok_or_else(|| unknown("sensitivity"))?,
        hidden_from_referrer: row.hidden_from_referrer,
        origin: Origin::from_code(&row.origin).ok_or_else(|| unknown("origin"))?,
        referrer: referrer(row.referrer_id, row.client_id)?,
        place: Whereabouts {
            point: row.lat.zip(row.lon).map(|(lat, lon)| Point { lat, lon }),
            address: row.address.map(TryInto::try_into).transpose().map_err(Error::corrupt)?,
        },
        areas: serde_json::from_value(row.areas).map_err(Error::corrupt)?,
        replies: serde_json::from_value(row.answers).map_err(Error::corrupt)?,
        sent: row.sent.map(serde_json::from_value).transpose().map_err(Error::corrupt)?.map(Arc::new),
        handovers: row.handovers,
        reroutes: row.reroutes,
        reopened: row.reopened,
        followers: row.followers,
        assignee: row.assignee_id.map(UserId),
        filed_at: row.filed_at,
        handed_over_at: row.handed_over_at,
        received_at: row.received_at,
        acknowledged_at: row.acknowledged_at,
        resolved_at: row.resolved_at,
        closed_at: row.closed_at,
        ack_due_at: row.ack_due_at,
        resolve_due_at: row.resolve_due_at,
        pauses: serde_json::from_value(row.pauses).map_err(Error::corrupt)?,
        remind_at: row.remind_at,
        rungs: row.rungs,
        scheduled_for: row.scheduled_for,
        resume_on: row.resume_on,
        closure_reason: row
            .closure_reason
            .map(|code| ClosureReason::from_code(&code).ok_or_else(|| unknown("closure reason")))
            .transpose()?,
        duplicate_of: row.duplicate_of.map(TicketId),
        feedback: Feedback::from_code(&row.feedback).ok_or_else(|| unknown("feedback"))?,
    })
}

fn named(scope: &Scope, name: &Named) -> sea_orm::Select<entity::Entity> {
    let condition = match name {
        Named::Id(id) => Column::Id.eq(id.0),
        Named::Reference(reference) => Column::Reference.eq(reference.as_str()),
    };
    entity::Entity::find().filter(scope.tickets()).filter(condition)
}

impl Store {
    /// The ticket of that name, if the scope holds it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ticket(&self, scope: &Scope, name: &Named) -> Result<Option<Ticket>> {
        let row = self.db.query_one_raw(named(scope, name).build(DatabaseBackend::Postgres)).await?;
        row.map(|row| of_row(&row)).transpose()
    }

    /// The same, and what else is asked for in its row, as JSON.
    pub(crate) async fn ticket_beside<T: DeserializeOwned>(
        &self,
        scope: &Scope,
        name: &Named,
        asked: Expr,
    ) -> Result<Option<(Ticket, Option<T>)>> {
        let select = named(scope, name).expr_as(asked, "asked");
        let Some(row) = self.db.query_one_raw(select.build(DatabaseBackend::Postgres)).await? else { return Ok(None) };
        let mut beside = Columns::from(&row, "asked")?;
        Ok(Some((of_row(&row)?, beside.next::<Option<Json<T>>>()?.map(|Json(told)| told))))
    }

    /// The ticket of that name, if the scope holds it, with a page of its timeline: the first event first, beginning after
    /// that version.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ticket_with_timeline(
        &self,
        scope: &Scope,
        name: &Named,
        after: i64,
        limit: u64,
    ) -> Result<Option<(Ticket, Page<Entry, i64>)>> {
        let most = one_more(limit);
        let asked = Expr::cust_with_values(TIMELINE, [after, most]);
        let Some((ticket, entries)) = self.ticket_beside::<Vec<EntryRow>>(scope, name, asked).await? else {
            return Ok(None);
        };
        let entries = entries.unwrap_or_default().into_iter().map(Entry::from).collect();
        let page = Page::cut(entries, limit, |entry| entry.event.version);
        Ok(Some((ticket, page)))
    }
}
