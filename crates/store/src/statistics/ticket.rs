//! The figures of tickets, summed up group by group: one statement. Figures say themselves of which service, category and
//! areas a ticket is; the tickets are read beside them only when something else is asked for. Tickets that are no longer
//! kept are counted from what was kept of their figures (`past_figure`).

use chrono::{DateTime, Utc};
use domain::city::catalogue::ClosureReason;
use domain::statistics::{Counted, Delay, Figures, Group, GroupBy, Table};
use domain::time::Zone;
use sea_orm::sea_query::{Alias, Expr, PostgresQueryBuilder, Query, UnionType, Value};
use sea_orm::{ColumnTrait, QueryResult};
use sea_query_sqlx::SqlxBinder as _;

use crate::ticket::Filter;
use crate::ticket::entity::{self, Column};
use crate::{Result, Scope, Store};

/// What is counted, in the order of [`Counted::ALL`].
const COUNTS: &str = "count(*), count(*) filter (where acknowledged), count(*) filter (where acknowledged_on_time),
    count(first_status_after), count(first_status_after_working), count(resolved_after),
    count(*) filter (where rerouted), count(*) filter (where refused), count(*) filter (where reopened),
    count(*) filter (where without_work),
    coalesce(sum(residents_to_tell), 0)::bigint, coalesce(sum(residents_told), 0)::bigint,
    coalesce(sum(referrers_to_tell), 0)::bigint, coalesce(sum(referrers_told), 0)::bigint, count(*) filter (where open)";

/// The columns that they are counted from, of the figures of a ticket and of those of one that is no longer kept.
const COUNTED: [&str; 12] = [
    "acknowledged",
    "acknowledged_on_time",
    "first_status_after",
    "first_status_after_working",
    "resolved_after",
    "rerouted",
    "refused",
    "reopened",
    "residents_to_tell",
    "residents_told",
    "referrers_to_tell",
    "referrers_told",
];

const DELAYS: &str = "percentile_cont(array[0.5, 0.9]) within group (order by first_status_after),
    percentile_cont(array[0.5, 0.9]) within group (order by first_status_after_working),
    percentile_cont(array[0.5, 0.9]) within group (order by resolved_after)";

/// The key of a ticket's group.
fn key(group_by: &GroupBy, zone: Zone) -> Expr {
    match group_by {
        GroupBy::Nothing => Expr::cust("null::text"),
        GroupBy::Service => Expr::cust("ticket.service_code"),
        GroupBy::Category => Expr::cust("ticket.category_code"),
        GroupBy::CategoryGroup => Expr::cust(
            "(select coalesce(category.parent_code, category.code) from category where category.code = ticket.category_code)",
        ),
        GroupBy::Area(zoning) => Expr::cust_with_values("ticket.areas ->> $1", [zoning.to_string()]),
        GroupBy::Month => Expr::cust_with_values("to_char(ticket.filed_at at time zone $1, 'YYYY-MM')", [zone.name()]),
    }
}

/// Whether a ticket ended without work and without an answer.
fn without_work(figures: &str) -> Expr {
    let reasons = ClosureReason::ALL.into_iter().filter(|reason| !reason.is_an_answer());
    let reasons: Vec<String> = reasons.map(|reason| reason.code().to_owned()).collect();
    Expr::cust_with_values(format!("coalesce({figures}.closure_reason = any($1), false)"), [Value::from(reasons)])
}

fn figures(row: &QueryResult) -> Result<Figures> {
    let mut counts = [0; Counted::ALL.len()];
    for (at, count) in counts.iter_mut().enumerate() {
        *count = row.try_get_by_index::<i64>(at + 2)?.unsigned_abs();
    }
    let after = counts.len() + 2;
    let delay = |at: usize| -> Result<Delay> {
        let both: Option<Vec<f64>> = row.try_get_by_index(after + at)?;
        let both = both.unwrap_or_default();
        Ok(Delay { median: both.first().copied(), ninth_decile: both.get(1).copied() })
    };
    let mut figures = Figures::new(counts);
    figures.first_status = delay(0)?;
    figures.first_status_working = delay(1)?;
    figures.resolution = delay(2)?;
    figures.oldest_open = row.try_get_by_index(after + 3)?;
    Ok(figures)
}

impl Store {
    /// The figures of the scope's tickets that are asked for, in the order of the groups' keys. Those that are no longer kept
    /// are among them, unless something is asked for that is not kept of them ([`Filter::asks_for_what_is_always_kept`]). And
    /// since when something has happened that the figures do not tell yet; none when they tell everything.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ticket_figures(
        &self,
        scope: &Scope,
        filter: &Filter,
        group_by: &GroupBy,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> Result<(Table, Option<DateTime<Utc>>)> {
        let from = |figures: &'static str, called: &'static str| {
            let mut counted = Query::select();
            counted
                .expr_as(key(group_by, zone), Alias::new("key"))
                .column(Column::FiledAt.as_column_ref())
                .columns(COUNTED.map(|name| (Alias::new(called), Alias::new(name))))
                .expr_as(without_work(called), Alias::new("without_work"))
                .from_as(Alias::new(figures), Alias::new(called))
                .cond_where(filter.condition(scope, now));
            counted
        };
        // What is asked of tickets is asked of their figures, by the same names.
        let tickets = if filter.asks_for_what_is_always_kept() {
            let mut past = from("past_figure", "ticket");
            past.expr_as(Expr::val(false), Alias::new("open"));
            let mut kept = from("ticket_figure", "ticket");
            kept.column((Alias::new("ticket"), Alias::new("open"))).union(UnionType::All, past).take()
        } else {
            let mut kept = from("ticket_figure", "ticket_figure");
            let theirs = Expr::cust("ticket.id = ticket_figure.ticket_id");
            kept.column((Alias::new("ticket_figure"), Alias::new("open"))).inner_join(entity::Entity, theirs).take()
        };
        let (text, values) = tickets.build_sqlx(PostgresQueryBuilder);
        let (group, grouped) = match group_by {
            GroupBy::Nothing => ("true, null::text", ""),
            _ => ("grouping(key) = 1, key", "group by grouping sets ((key), ()) order by 1, 2 nulls last"),
        };
        let text = format!(
            "select {group}, {COUNTS}, {DELAYS}, min(filed_at) filter (where open),
                (select at from figure_due order by seq limit 1) as behind_since
             from ({text}) figures {grouped}"
        );
        let (mut groups, mut total, mut behind) = (Vec::new(), Figures::new([0; Counted::ALL.len()]), None);
        for row in self.in_turn(&self.figures, text, values, Ok).await? {
            if row.try_get_by_index(0)? {
                total = figures(&row)?;
                behind = row.try_get("", "behind_since")?;
            } else {
                groups.push(Group { key: row.try_get_by_index(1)?, figures: figures(&row)? });
            }
        }
        Ok((Table { groups, total }, behind))
    }
}
