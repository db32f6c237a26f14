//! Tickets whose answers residents will ask for at the next café: open ones of concerns that were heard at earlier cafés.

use chrono::{DateTime, Utc};
use domain::id::{AreaCode, CafeId, ZoningCode};
use domain::ticket::{State, Ticket};
use sea_orm::sea_query::{Alias, Expr, Query};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::count::up_to;
use super::entity::{self, Column};
use crate::{Result, Scope, Store, Tx};

/// The café before which tickets are due back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeforeCafe {
    /// Which.
    pub cafe: CafeId,
    /// The zoning whose areas say which earlier cafés were in the same part of the city.
    pub zoning: ZoningCode,
}

/// Up to how many tickets of an area are counted.
const COUNTED: u32 = 1000;

/// How many tickets of an area owe an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owed {
    /// How many, 1000 at most.
    pub count: u32,
    /// Whether there are more.
    pub more: bool,
}

/// Not at its end.
pub(super) const OPEN: [State; 6] =
    [State::Submitted, State::Acknowledged, State::Scheduled, State::InProgress, State::OnHold, State::Refused];

// Arrays, made once: a subquery beside another condition would keep the planner from any index. A concern that was attached
// to the ticket of another one waits for that ticket.
const BEFORE: &str = "(ticket.cafe_id = any (array(
        select e.id from cafe n join cafe e on e.starts_at < n.starts_at and e.areas ->> $2 = n.areas ->> $2 where n.id = $1
    )) or ticket.id = any (array(
        select f.ticket_id from cafe n join cafe e on e.starts_at < n.starts_at and e.areas ->> $2 = n.areas ->> $2
            join concern c on c.cafe_id = e.id join concern_follow f on f.concern_id = c.id
        where n.id = $1
    )))";
const IN_AREA: &str = "(ticket.cafe_id = any (array(
        select e.id from cafe e where e.areas ->> $1 = $2 and e.starts_at <= $3
    )) or ticket.id = any (array(
        select f.ticket_id from cafe e join concern c on c.cafe_id = e.id join concern_follow f on f.concern_id = c.id
        where e.areas ->> $1 = $2 and e.starts_at <= $3
    )))";

fn open() -> Expr {
    Column::State.is_in(OPEN.map(State::code))
}

impl BeforeCafe {
    /// Open, and heard at an earlier café in the area of that one.
    pub(super) fn condition(&self) -> Condition {
        let values: [sea_orm::Value; 2] = [self.cafe.0.into(), self.zoning.as_str().into()];
        Condition::all().add(open()).add(Expr::cust_with_values(BEFORE, values))
    }
}

impl Store {
    /// How many of the scope's tickets that were heard at cafés in each of these areas owe an answer. One statement.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_owed(
        &self,
        scope: &Scope,
        zoning: &ZoningCode,
        areas: &[AreaCode],
        now: DateTime<Utc>,
    ) -> Result<Vec<Owed>> {
        if areas.is_empty() {
            return Ok(Vec::new());
        }
        let mut select = Query::select();
        for (at, area) in areas.iter().enumerate() {
            let values: [sea_orm::Value; 3] = [zoning.as_str().into(), area.as_str().into(), now.into()];
            let owed = entity::Entity::find()
                .filter(scope.tickets())
                .filter(open())
                .filter(Expr::cust_with_values(IN_AREA, values));
            let counted = up_to(owed, COUNTED);
            select.expr_as(Expr::SubQuery(None, Box::new(counted.into())), Alias::new(format!("area{at}")));
        }
        let rows = self.planned(&select).await?;
        let row = rows.first();
        let count = |at: usize| {
            let counted: i64 = row.map_or(Ok(0), |row| row.try_get("", &format!("area{at}")))?;
            let counted = u32::try_from(counted).unwrap_or(u32::MAX);
            Ok(Owed { count: counted.min(COUNTED), more: counted > COUNTED })
        };
        (0..areas.len()).map(count).collect()
    }
}

impl Tx {
    /// The tickets that are due back before a café, `limit` at most, for Continuum itself.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn owed_before(&self, before: &BeforeCafe, limit: u64) -> Result<Vec<Ticket>> {
        let select = entity::Entity::find().filter(before.condition()).order_by_asc(Column::Id).limit(limit);
        select.all(&self.db).await?.into_iter().map(super::ticket).collect()
    }
}
