//! How many tickets there are in each state: counted up to a bound, along the index of each state.

use chrono::{DateTime, Utc};
use domain::ticket::State;
use sea_orm::sea_query::{Alias, Asterisk, CommonTableExpression, Expr, Func, Query, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};

use super::entity::{self, Column};
use super::filter::Filter;
use crate::{Result, Scope, Store};

/// Up to how many tickets of a state are counted.
pub const COUNTED: u32 = 1000;

/// How many tickets are in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The state.
    pub state: State,
    /// How many, [`COUNTED`] at most.
    pub count: u32,
    /// Whether there are more.
    pub more: bool,
}

impl Store {
    /// How many of the scope's tickets are in each of these states. One statement.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count_tickets(
        &self,
        scope: &Scope,
        filter: &Filter,
        states: &[State],
        now: DateTime<Utc>,
    ) -> Result<Vec<Count>> {
        let mut select = Query::select();
        // What holds the words is looked for once, not once for each state.
        let hits = || Query::select().column(Alias::new("ticket_id")).from(Alias::new("hits")).to_owned();
        for state in states {
            let of_state = entity::Entity::find()
                .filter(Column::State.eq(state.code()))
                .filter(filter.condition(scope, now))
                .apply_if(filter.search.as_ref(), |query, _| query.filter(Column::Id.in_subquery(hits())))
                // The order makes the planner walk an index, which ends at the bound.
                .order_by_desc(Column::FiledAt)
                .order_by_desc(Column::Id);
            let counted = up_to(of_state, COUNTED);
            select.expr_as(Expr::SubQuery(None, Box::new(counted.into())), Alias::new(state.code()));
        }
        let rows = if let Some(search) = &filter.search {
            let hits = CommonTableExpression::new()
                .query(search.found(scope, search.at_once(now).as_ref()))
                .column(Alias::new("ticket_id"))
                .table_name(Alias::new("hits"))
                .materialized(true)
                .to_owned();
            self.planned(&select.with(Query::with().cte(hits).to_owned())).await?
        } else {
            self.planned(&select).await?
        };
        let row = rows.first();
        let count = |state: &State| {
            let counted: i64 = row.map_or(Ok(0), |row| row.try_get("", state.code()))?;
            let counted = u32::try_from(counted).unwrap_or(u32::MAX);
            Ok(Count { state: *state, count: Ord::min(counted, COUNTED), more: counted > COUNTED })
        };
        states.iter().map(count).collect()
    }
}

/// How many of these there are, counted up to one more than `most`.
pub(super) fn up_to(those: Select<entity::Entity>, most: u32) -> SelectStatement {
    let one = those.select_only().expr_as(Expr::val(1), "one").limit(u64::from(most) + 1).into_query();
    Query::select().expr(Func::count(Expr::col(Asterisk))).from_subquery(one, Alias::new("some")).to_owned()
}
