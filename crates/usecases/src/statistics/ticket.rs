//! Figures of tickets.

use auth::Grant;
use auth::permission::ReadStatistics;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::city::zoning::Zoning;
use domain::statistics::{GroupBy, Table, mask};
use store::ticket::{Filter, Sort};
use store::{Scope, Store};

use super::{StatisticsError, fine_bounds};
use crate::ticket::{Listing, whole};
use crate::{Context, of};

/// Which figures are asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Of which tickets.
    pub filter: Filter,
    /// By what.
    pub group_by: GroupBy,
}

/// Figures as they are shown to who asks.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The figures.
    pub table: Table,
    /// What happened later may not be counted yet.
    pub as_of: DateTime<Utc>,
    /// Whether they are shown as outside the municipal police.
    pub masked: bool,
}

/// The figures of the tickets that are counted for the caller.
///
/// # Errors
/// [`StatisticsError::TooFine`] for who may not know of every ticket and asks for a choice of single ones.
pub async fn tickets(cx: &Context, who: &Grant<ReadStatistics>, asked: Asked) -> Result<Shown, StatisticsError> {
    let Asked { filter, group_by } = asked;
    let loaded = cx.city()?;
    let (city, caller) = (of(&loaded), who.caller());
    let masked = !caller.reaches_everything();
    let bounds = [("filed_from", filter.filed_from), ("filed_before", filter.filed_before)];
    let fine: Vec<&'static str> =
        fine_bounds(caller, bounds, city.zone()).chain(choices(&filter).into_iter().filter(|_| masked)).collect();
    if !fine.is_empty() {
        return Err(StatisticsError::TooFine(fine));
    }
    let filter = whole(cx, Listing { filter, sort: Sort::default() })?.filter;
    let scope = Scope::counted_for(caller);
    // Everything that the figures depend on; who asks for them is in the scope.
    let question = format!("{scope:?} {filter:?} {group_by:?} {:?}", city.zone());
    let count = async || counted(cx, city, &scope, &filter, &group_by).await;
    let (table, as_of) = cx.counted.or_count(question, cx.now(), count).await?;
    Ok(Shown { table: if masked { mask::table(table, city.zone()) } else { table }, as_of, masked })
}

/// The figures, each number as it is, the groups in the city's order; and until when they tell what has happened: until now,
/// unless the worker is behind.
pub(super) async fn counted(
    cx: &Context,
    city: &City,
    scope: &Scope,
    filter: &Filter,
    group_by: &GroupBy,
) -> Result<(Table, DateTime<Utc>), store::Error> {
    // Before the figures are read: it may be too early, never too late.
    let now = cx.now();
    let read = async |store: &Store| store.ticket_figures(scope, filter, group_by, city.zone(), now).await;
    let (mut table, behind) = cx.store.aside(read).await?;
    let order: Vec<&str> = match group_by {
        GroupBy::Nothing | GroupBy::Month => Vec::new(),
        GroupBy::Service => city.services.iter().map(|service| service.code.as_str()).collect(),
        GroupBy::Category | GroupBy::CategoryGroup => {
            city.catalogue.iter().map(|category| category.code.as_str()).collect()
        }
        GroupBy::Area(zoning) => {
            let areas = city.zoning(zoning).map(Zoning::areas).unwrap_or_default();
            areas.iter().map(|area| area.code.as_str()).collect()
        }
    };
    // What the city no longer has comes last; the order tells nothing of the numbers.
    let place = |key: Option<&str>| order.iter().position(|code| Some(*code) == key).unwrap_or(order.len());
    table.groups.sort_by_key(|group| place(group.key.as_deref()));
    Ok((table, behind.map_or(now, |since| since.min(now))))
}

/// The parameters that choose tickets by what they are like one by one: by where they lie exactly, by who has them or filed
/// them, by how far they are.
fn choices(filter: &Filter) -> Vec<&'static str> {
    let asked = [
        ("status", !filter.states.is_empty()),
        ("late", filter.late.is_some()),
        ("due_before", filter.due_before.is_some()),
        ("assignee", !filter.assignees.is_empty()),
        ("referrer", !filter.referrers.is_empty()),
        ("bbox", filter.within.is_some()),
        ("near", filter.around.is_some()),
        ("duplicate_of", filter.duplicate_of.is_some()),
        ("has_duplicates", filter.has_duplicates.is_some()),
        ("reopened", filter.reopened.is_some()),
    ];
    asked.into_iter().filter(|(_, asked)| *asked).map(|(name, _)| name).collect()
}
