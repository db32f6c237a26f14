//! Tickets near a place that may be about the same thing: found, measured and ranked by one statement, however many
//! there are. The same draws the numbers of the tickets that will be opened.

use chrono::{DateTime, Utc};
use domain::city::catalogue::Sensitivity;
use domain::concern::Referrer;
use domain::id::{CategoryCode, ServiceCode, TicketId};
use domain::place::{Circle, EARTH_RADIUS, Point};
use domain::rights::Secrecy;
use domain::ticket::State;
use domain::ticket::duplicate::{AGE, METRES, MOST};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, JoinType, Order, Query, SelectStatement, SimpleExpr, Value};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DatabaseBackend, FromQueryResult};
use uuid::Uuid;

use super::entity::{Column, Entity};
use crate::idempotency::Claim;
use crate::{Error, Result, Scope, Store, Tx};

/// What a concern is about that is being filed.
#[derive(Debug, Clone, Copy)]
pub struct Near<'a> {
    /// Its category.
    pub category: &'a CategoryCode,
    /// Who files it: of restricted tickets, it can only be attached to their own.
    pub referrer: Referrer,
    /// Where.
    pub point: Point,
    /// What was said.
    pub description: Option<&'a str>,
}

/// An open ticket that may be about the same thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The ticket.
    pub ticket: TicketId,
    /// What people say on the phone.
    pub reference: String,
    /// Its state.
    pub state: State,
    /// The service that has it.
    pub service: ServiceCode,
    /// When it was filed.
    pub filed_at: DateTime<Utc>,
    /// How far it is kept from others.
    pub secrecy: Secrecy,
    /// How far away it is.
    pub metres: f64,
    /// How much what was said is alike, 0 to 1; none when nothing was said.
    pub likeness: Option<f64>,
    /// How likely it is about the same thing, 0 to 1.
    pub score: f64,
}

#[derive(FromQueryResult)]
struct Row {
    id: Uuid,
    reference: String,
    state: String,
    service_code: String,
    filed_at: DateTime<Utc>,
    sensitivity: String,
    hidden_from_referrer: bool,
    metres: f64,
    likeness: Option<f64>,
    score: f64,
}

impl TryFrom<Row> for Candidate {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let unknown = |what: &str| Error::Corrupt(format!("a ticket has an unknown {what}"));
        let sensitivity = Sensitivity::from_code(&row.sensitivity).ok_or_else(|| unknown("sensitivity"))?;
        Ok(Self {
            ticket: TicketId(row.id),
            reference: row.reference,
            state: State::from_code(&row.state).ok_or_else(|| unknown("state"))?,
            service: row.service_code.try_into().map_err(Error::corrupt)?,
            filed_at: row.filed_at,
            secrecy: Secrecy::of(sensitivity, row.hidden_from_referrer),
            metres: row.metres,
            likeness: row.likeness,
            score: row.score,
        })
    }
}

/// How many are compared by what was said: the nearest ones. More stand in one place only where nobody looks.
const COMPARED: u64 = 50;

/// In the very words of the index `ticket_near_idx`, so that the planner can prove that it fits.
const OPEN: &str = "ticket.state in ('submitted', 'acknowledged', 'scheduled', 'in_progress', 'on_hold', 'refused')";

/// The haversine formula.
const METRES_AWAY: &str = "2 * $3 * asin(least(1, sqrt(power(sin(radians(ticket.lat - $1) / 2), 2)
    + cos(radians($1)) * cos(radians(ticket.lat)) * power(sin(radians(ticket.lon - $2) / 2), 2))))";

/// [`domain::ticket::duplicate::score`], said in SQL.
const SCORE: &str = "case when likeness is null then 0.6 * (1 - metres / $1) + 0.4 * (1 - age / $2)
    else 0.5 * likeness + 0.3 * (1 - metres / $1) + 0.2 * (1 - age / $2) end";

/// What is shown of a candidate as it stands in its row.
const SHOWN: [Column; 7] = [
    Column::Id,
    Column::Reference,
    Column::State,
    Column::ServiceCode,
    Column::FiledAt,
    Column::Sensitivity,
    Column::HiddenFromReferrer,
];

/// Open tickets of the scope within the circle, the nearest first, with what was said: no more than can be compared.
fn nearest(scope: &Scope, near: Near<'_>, now: DateTime<Utc>) -> SelectStatement {
    let bounds = Circle { centre: near.point, metres: METRES }.bounds();
    let place = [near.point.lat, near.point.lon, EARTH_RADIUS];
    let age = "extract(epoch from $1 - ticket.filed_at)::double precision";
    let concern = |column: &'static str| Expr::col((name("concern"), name(column)));
    Query::select()
        .columns(SHOWN.map(|column| (Entity, column)))
        .column((name("concern"), name("description")))
        .expr_as(Expr::cust_with_values(METRES_AWAY, place), name("metres"))
        .expr_as(Expr::cust_with_values(age, [now]), name("age"))
        .from(Entity)
        .inner_join(name("concern"), concern("id").equals((Entity, Column::ConcernId)))
        .cond_where(scope.tickets())
        .and_where(Column::CategoryCode.eq(near.category.as_str()))
        .and_where(Expr::cust(OPEN))
        .cond_where(takes(near.referrer))
        .and_where(Column::FiledAt.gte(now - AGE))
        .and_where(Column::Lat.between(bounds.south, bounds.north))
        .and_where(Column::Lon.between(bounds.west, bounds.east))
        .order_by(name("metres"), Order::Asc)
        .limit(COMPARED)
        .to_owned()
}

/// The tickets to which somebody's concern can be attached, as [`domain::ticket::Ticket::can_take`] says.
fn takes(referrer: Referrer) -> Condition {
    let own = match referrer {
        Referrer::Person(user) => Column::ReferrerId.eq(user.0),
        Referrer::Client(client) => Column::ClientId.eq(client.0),
    };
    Condition::any()
        .add(Column::Sensitivity.eq(Sensitivity::Standard.code()))
        .add(Column::HiddenFromReferrer.eq(true))
        .add(own)
}

fn name(name: &'static str) -> Alias {
    Alias::new(name)
}

/// Open tickets of the scope that may be about the same thing, to be ranked.
fn compared(scope: &Scope, near: Near<'_>, now: DateTime<Utc>) -> SelectStatement {
    let likeness: SimpleExpr = match near.description {
        Some(text) => Expr::cust_with_values("text_similarity(description, $1)::double precision", [text]),
        None => Expr::cust("null::double precision"),
    };
    Query::select()
        .columns(SHOWN)
        .columns(["metres", "age"].map(name))
        .expr_as(likeness, name("likeness"))
        .from_subquery(nearest(scope, near, now), name("nearest"))
        .and_where(Expr::col(name("metres")).lte(METRES))
        // Keeps the planner from writing this into the ranking, where it would be worked out three times over.
        .offset(0)
        .to_owned()
}

/// Numbers of the tickets that will be opened; none when the key has an answer: then none will be.
fn numbers(tickets: usize, claim: Option<&Claim>) -> SelectStatement {
    let tickets = i32::try_from(tickets).unwrap_or(i32::MAX);
    let numbers = match claim {
        None => Expr::cust_with_values("array(select nextval('ticket_number') from generate_series(1, $1))", [tickets]),
        Some(claim) => Expr::cust_with_values(
            "array(select nextval('ticket_number') from generate_series(1, $1)
                where not exists (select from idempotency_key where client = $2 and key = $3))",
            [Value::from(tickets), claim.client.into(), claim.key.as_str().into()],
        ),
    };
    Query::select().expr_as(numbers, name("numbers")).to_owned()
}

async fn look(
    db: &impl ConnectionTrait,
    near: Option<(&Scope, Near<'_>)>,
    now: DateTime<Utc>,
    (tickets, claim): (usize, Option<&Claim>),
) -> Result<(Vec<Candidate>, Vec<i64>)> {
    if near.is_none() && tickets == 0 {
        return Ok((Vec::new(), Vec::new()));
    }
    #[expect(clippy::cast_precision_loss, reason = "30 days are few seconds")]
    let scales = [METRES, AGE.num_seconds() as f64];
    let mut select =
        Query::select().column(name("numbers")).from_subquery(numbers(tickets, claim), name("drawn")).to_owned();
    if let Some((scope, near)) = near {
        select
            .columns(SHOWN)
            .columns(["metres", "likeness"].map(name))
            .expr_as(Expr::cust_with_values(SCORE, scales), name("score"))
            .join_subquery(JoinType::LeftJoin, compared(scope, near, now), name("compared"), Condition::all())
            .order_by(name("score"), Order::Desc)
            .order_by(name("filed_at"), Order::Desc)
            .order_by(name("id"), Order::Desc)
            .limit(MOST);
    }
    let rows = db.query_all_raw(DatabaseBackend::Postgres.build(&select)).await?;
    let numbers = rows.first().map_or_else(|| Ok(Vec::new()), |row| row.try_get("", "numbers"))?;
    let mut candidates = Vec::new();
    // The one row without a candidate has the numbers alone.
    for row in rows.iter().filter(|_| near.is_some()) {
        if row.try_get::<Option<Uuid>>("", "id")?.is_some() {
            candidates.push(Row::from_query_result(row, "")?.try_into()?);
        }
    }
    Ok((candidates, numbers))
}

impl Store {
    /// The open tickets of the scope that may be about the same thing, the best first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn candidates(&self, scope: &Scope, near: Near<'_>, now: DateTime<Utc>) -> Result<Vec<Candidate>> {
        Ok(look(&self.db, Some((scope, near)), now, (0, None)).await?.0)
    }

    /// What has to be known before a concern is filed, in one statement: its [`Self::candidates`], and the numbers of so many new
    /// tickets. Fewer when the key has an answer: then nothing is filed.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn before_filing(
        &self,
        near: Option<(&Scope, Near<'_>)>,
        now: DateTime<Utc>,
        tickets: usize,
        claim: Option<&Claim>,
    ) -> Result<(Vec<Candidate>, Vec<i64>)> {
        look(&self.db, near, now, (tickets, claim)).await
    }
}

impl Tx {
    /// [`Store::before_filing`], as the transaction sees it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn before_filing(
        &self,
        near: Option<(&Scope, Near<'_>)>,
        now: DateTime<Utc>,
        tickets: usize,
    ) -> Result<(Vec<Candidate>, Vec<i64>)> {
        look(&self.db, near, now, (tickets, None)).await
    }
}
