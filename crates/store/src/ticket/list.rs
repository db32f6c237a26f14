//! Pages of tickets, sorted: one statement a page, each beginning where the last one ended.
//!
//! What a list asks for differs from one request to the next, and so does the index that serves it best: PostgreSQL plans
//! these statements each time, for the values that they have; but for lists of work, which are asked for most.

use chrono::{DateTime, Utc};
use domain::id::TicketId;
use domain::ticket::{Priority, Ticket};
use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, PostgresQueryBuilder, SelectStatement, Value};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait as _, EntityTrait, QueryFilter, QueryResult, QueryTrait};
use sea_query_sqlx::SqlxBinder as _;
use uuid::Uuid;

use super::Rows;
use super::entity::{self, Column};
use super::filter::Filter;
use super::period::Period;
use super::search::Search;
use crate::{Page, Result, Scope, Store};

/// In which order tickets are listed. Those that are equal in it stand in the order of their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// The last filed first.
    #[default]
    LastFiled,
    /// The first filed first.
    FirstFiled,
    /// Those first which should be taken in hand first.
    AckDue,
    /// Those first which should be settled first.
    ResolveDue,
    /// The most pressing first; among those, the last filed.
    Priority,
    /// Those first which fit the words best. Only the thousand last filed are compared.
    Relevance,
}

/// How many tickets are compared by how well they fit.
const COMPARED: u64 = 1000;

/// Where a page begins: after this ticket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct After {
    /// Its place in the order of the list.
    pub key: Key,
    /// Its id.
    pub id: TicketId,
    /// Whether the list is of tickets that hold words which only resemble those that were searched for.
    pub fuzzy: bool,
}

/// A ticket's place in an order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Key {
    /// When it was filed, in [`Sort::LastFiled`].
    LastFiled(DateTime<Utc>),
    /// When it was filed, in [`Sort::FirstFiled`].
    FirstFiled(DateTime<Utc>),
    /// Its target.
    AckDue(DateTime<Utc>),
    /// Its target.
    ResolveDue(DateTime<Utc>),
    /// Its priority, and when it was filed.
    Priority(Priority, DateTime<Utc>),
    /// How well it fits, and when the first page was asked for: what was filed later is not compared.
    Relevance(f32, DateTime<Utc>),
}

impl Key {
    /// The order that it is a place in.
    #[must_use]
    pub const fn sort(self) -> Sort {
        match self {
            Self::LastFiled(_) => Sort::LastFiled,
            Self::FirstFiled(_) => Sort::FirstFiled,
            Self::AckDue(_) => Sort::AckDue,
            Self::ResolveDue(_) => Sort::ResolveDue,
            Self::Priority(..) => Sort::Priority,
            Self::Relevance(..) => Sort::Relevance,
        }
    }
}

/// When the first page of a list by relevance was asked for.
fn asked(after: Option<After>, now: DateTime<Utc>) -> DateTime<Utc> {
    match after.map(|after| after.key) {
        Some(Key::Relevance(_, asked)) => asked,
        Some(_) | None => now,
    }
}

/// A priority as the column `urgency` has it.
pub(super) const fn urgency(priority: Priority) -> i16 {
    match priority {
        Priority::Low => 0,
        Priority::Normal => 1,
        Priority::High => 2,
        Priority::Urgent => 3,
    }
}

/// The column `urgency`, which the entity leaves out.
pub(super) fn urgency_column() -> Expr {
    Expr::col((Alias::new("ticket"), Alias::new("urgency")))
}

/// Comes after, in ascending or descending order.
fn beyond(order: &Order, position: impl IntoIterator<Item = Expr>, last: impl IntoIterator<Item = Expr>) -> Expr {
    let (position, last) = (Expr::tuple(position), Expr::tuple(last));
    if *order == Order::Desc { position.lt(last) } else { position.gt(last) }
}

/// How a page is sorted, and after what it begins.
struct Position {
    /// The expressions that are sorted by, before the id.
    by: Vec<Expr>,
    order: Order,
    /// The values of the last ticket of the page before.
    last: Option<Vec<Expr>>,
}

impl Position {
    fn new(sort: Sort, after: Option<Key>, rank: Option<&Expr>) -> Self {
        let filed = || Expr::col((Alias::new("ticket"), Alias::new("filed_at")));
        let (by, order) = match sort {
            Sort::LastFiled => (vec![filed()], Order::Desc),
            Sort::FirstFiled => (vec![filed()], Order::Asc),
            Sort::AckDue => (vec![Expr::col((Alias::new("ticket"), Alias::new("ack_due_at")))], Order::Asc),
            Sort::ResolveDue => (vec![Expr::col((Alias::new("ticket"), Alias::new("resolve_due_at")))], Order::Asc),
            Sort::Priority => (vec![urgency_column(), filed()], Order::Desc),
            Sort::Relevance => (rank.cloned().into_iter().collect(), Order::Desc),
        };
        let last = after.map(|key| match key {
            Key::LastFiled(at) | Key::FirstFiled(at) | Key::AckDue(at) | Key::ResolveDue(at) => vec![Expr::val(at)],
            Key::Priority(priority, at) => vec![Expr::val(urgency(priority)), Expr::val(at)],
            Key::Relevance(rank, _) => vec![Expr::val(rank)],
        });
        Self { by, order, last }
    }

    fn apply(self, select: &mut SelectStatement, id: Option<TicketId>) {
        let Self { by, order, last } = self;
        let ticket_id = || Expr::col((Alias::new("ticket"), Alias::new("id")));
        if let (Some(last), Some(id)) = (last, id) {
            let position = by.iter().cloned().chain([ticket_id()]);
            select.and_where(beyond(&order, position, last.into_iter().chain([Expr::val::<Uuid>(id.0)])));
        }
        for expression in by.into_iter().chain([ticket_id()]) {
            select.order_by_expr(expression, order.clone());
        }
    }
}

/// The tickets that are asked for, in that order, beginning after that one.
fn page(
    scope: &Scope,
    filter: &Filter,
    sort: Sort,
    after: Option<After>,
    found: Option<Condition>,
    now: DateTime<Utc>,
) -> SelectStatement {
    let all = filter.condition(scope, now).add_option(found);
    let mut select = entity::Entity::find().filter(all).into_query();
    Position::new(sort, after.map(|after| after.key), None).apply(&mut select, after.map(|after| after.id));
    select
}

/// Those of these tickets that fit the words, the best first, beginning after that one; with `rank`.
fn ranked(scope: &Scope, search: &Search, after: Option<After>, those: Expr) -> SelectStatement {
    let rank = search.rank(scope);
    let mut select = entity::Entity::find().filter(scope.tickets()).filter(those).into_query();
    select.expr_as(rank.clone(), Alias::new("rank"));
    let position = Position::new(Sort::Relevance, after.map(|after| after.key), Some(&rank));
    position.apply(&mut select, after.map(|after| after.id));
    select
}

/// The tickets of the rows, of which none fits better than another.
fn unranked(rows: &[QueryResult]) -> Result<Vec<(Ticket, f32)>> {
    Rows::all(rows).map(|ticket| Ok((ticket?, 0.0))).collect()
}

/// When the last one was filed that a list by time may begin with.
fn begins(after: Option<After>, now: DateTime<Utc>) -> DateTime<Utc> {
    match after.map(|after| after.key) {
        Some(Key::LastFiled(last)) => last,
        Some(_) | None => now,
    }
}

/// Whether the steps of a search bring little, because the list holds few of those that it finds: then PostgreSQL chooses for each what
/// to begin with.
fn steps_bring_little(scope: &Scope, filter: &Filter) -> bool {
    filter.narrows() || !scope.is_wide()
}

/// What a page is asked for.
struct Wanted<'a> {
    scope: &'a Scope,
    filter: &'a Filter,
    sort: Sort,
    after: Option<After>,
    limit: u64,
    now: DateTime<Utc>,
}

impl Store {
    /// A page of the scope's tickets.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tickets(
        &self,
        scope: &Scope,
        filter: &Filter,
        sort: Sort,
        after: Option<After>,
        limit: u64,
        now: DateTime<Utc>,
    ) -> Result<Page<Ticket, After>> {
        let wanted = Wanted { scope, filter, sort, after, limit, now };
        let tickets = match &filter.search {
            Some(search) if sort == Sort::Relevance => self.best_first(&wanted, search).await?,
            Some(search) if sort == Sort::LastFiled => self.words_last_filed(&wanted, search).await?,
            Some(_) | None => self.by_columns(&wanted).await?,
        };
        let asked = asked(after, now);
        let fuzzy = filter.search.as_ref().is_some_and(|search| search.fuzzy);
        let Page { items, next } = Page::cut(tickets, limit, |(ticket, rank)| {
            let key = match sort {
                Sort::LastFiled => Key::LastFiled(ticket.filed_at),
                Sort::FirstFiled => Key::FirstFiled(ticket.filed_at),
                Sort::AckDue => Key::AckDue(ticket.ack_due_at),
                Sort::ResolveDue => Key::ResolveDue(ticket.resolve_due_at),
                Sort::Priority => Key::Priority(ticket.priority, ticket.filed_at),
                Sort::Relevance => Key::Relevance(*rank, asked),
            };
            After { key, id: ticket.id, fuzzy }
        });
        Ok(Page { items: items.into_iter().map(|(ticket, _)| ticket).collect(), next })
    }

    /// Those that hold the words, those that fit best first, with how well they do.
    async fn best_first(&self, wanted: &Wanted<'_>, search: &Search) -> Result<Vec<(Ticket, f32)>> {
        let Wanted { scope, filter, after, limit, now, .. } = *wanted;
        let asked = asked(after, now);
        let compared = |scope: &Scope, found| {
            let mut select = page(scope, filter, Sort::LastFiled, None, Some(found), now);
            select.clear_selects().column((Alias::new("ticket"), Column::Id)).and_where(Column::FiledAt.lte(asked));
            select
        };
        let rows = if steps_bring_little(scope, filter) {
            let of = |period: &Period| compared(scope, search.condition(scope, Some(period)));
            let rows = self.last_filed((asked, now), search, COMPARED, of).await?;
            let ids = rows.iter().map(|row| row.try_get_by_index(0));
            let ids = ids.collect::<std::result::Result<Vec<Uuid>, _>>()?;
            let those = Expr::cust_with_values("ticket.id = any($1)", [Value::from(ids)]);
            self.planned(ranked(scope, search, after, those).limit(limit + 1)).await?
        } else {
            let (scope, still) = scope.apart();
            let steps = search.walk(&scope, (asked, now), (still, COMPARED), |found| compared(&scope, found));
            let mut select = ranked(&scope, search, after, Search::walked(COMPARED));
            self.searching.query_all(select.limit(limit + 1).with_cte(steps)).await?
        };
        Rows::all(&rows).zip(&rows).map(|(ticket, row)| Ok((ticket?, row.try_get("", "rank")?))).collect()
    }

    /// Those that hold the words, the last filed first.
    async fn words_last_filed(&self, wanted: &Wanted<'_>, search: &Search) -> Result<Vec<(Ticket, f32)>> {
        let Wanted { scope, filter, sort, after, limit, now } = *wanted;
        let last = begins(after, now);
        let rows = if steps_bring_little(scope, filter) {
            let found = |period: &Period| search.condition(scope, Some(period));
            let of = |period: &Period| page(scope, filter, sort, after, Some(found(period)), now);
            self.last_filed((last, now), search, limit + 1, of).await?
        } else {
            let (scope, still) = scope.apart();
            let steps = search.walk(&scope, (last, now), (still, limit + 1), |found| {
                let mut select = page(&scope, filter, sort, after, Some(found), now);
                select.clear_selects().column((Alias::new("ticket"), Column::Id));
                select
            });
            let mut select = entity::Entity::find().filter(Search::walked(limit + 1)).into_query();
            Position::new(sort, None, None).apply(&mut select, None);
            self.searching.query_all(select.limit(limit + 1).with_cte(steps)).await?
        };
        unranked(&rows)
    }

    /// Those in the order of an index.
    async fn by_columns(&self, wanted: &Wanted<'_>) -> Result<Vec<(Ticket, f32)>> {
        let Wanted { scope, filter, sort, after, limit, now } = *wanted;
        let found = filter.search.as_ref().map(|search| search.condition(scope, search.at_once(now).as_ref()));
        let mut select = page(scope, filter, sort, after, found, now);
        select.limit(limit + 1);
        let mut reading = Rows::default();
        let read = |row: QueryResult| Ok((reading.ticket(&row)?, 0.0));
        if after.is_none() && filter.is_of_work() && scope.names_nobody() {
            return self.planned_once(&select, read).await;
        }
        let (text, values) = select.build_sqlx(PostgresQueryBuilder);
        self.planned_text(text, values, read).await
    }

    /// Those that hold the words, the last filed first, from that instant on back into the past: as the page of each period has them.
    async fn last_filed(
        &self,
        (last, now): (DateTime<Utc>, DateTime<Utc>),
        search: &Search,
        limit: u64,
        page: impl Fn(&Period) -> SelectStatement,
    ) -> Result<Vec<QueryResult>> {
        let mut rows = Vec::new();
        for period in search.periods(last, now) {
            let mut select = page(&period);
            select.limit(limit.saturating_sub(rows.len() as u64));
            rows.extend(self.planned(&select).await?);
            if rows.len() as u64 >= limit {
                break;
            }
        }
        Ok(rows)
    }
}
