//! Listing tickets.

use auth::Grant;
use auth::permission::ReadTickets;
use chrono::{DateTime, Utc};
use domain::ticket::{State, Ticket};
use store::ticket::{After, Count, Filter, Search, Sort};
use store::{Page, Scope, Store};

use super::read::record_shown;
use crate::{Context, NoCity, Reader, of};

/// What is listed: which tickets, in which order.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Which.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The page.
    pub page: Page<Ticket, After>,
    /// No ticket holds the words that were searched for: these hold words which resemble them.
    pub fuzzy: bool,
}

/// Why nothing is listed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A page of the tickets that the reader may know of.
///
/// # Errors
/// See [`ListError`].
pub async fn list(
    cx: &Context,
    reader: &Reader,
    listing: Listing,
    after: Option<After>,
    limit: u64,
) -> Result<Listed, ListError> {
    let mut listing = whole(cx, listing)?;
    let (page, fuzzy) = begin(&cx.store, cx.now(), reader.scope(), &mut listing, after, limit).await?;
    record_shown(cx, reader.who(), &page.items).await?;
    Ok(Listed { page, fuzzy })
}

/// A category that others are part of stands for these too.
pub(crate) fn whole(cx: &Context, mut listing: Listing) -> Result<Listing, NoCity> {
    let loaded = cx.city()?;
    listing.filter.categories = of(&loaded).with_parts(listing.filter.categories);
    Ok(listing)
}

/// A page. When it is the first one and nothing holds the words, those are listed from now on that hold similar ones.
pub(super) async fn begin(
    store: &Store,
    now: DateTime<Utc>,
    scope: &Scope,
    listing: &mut Listing,
    after: Option<After>,
    limit: u64,
) -> Result<(Page<Ticket, After>, bool), store::Error> {
    let fuzzy = after.is_some_and(|after| after.fuzzy);
    if let Some(search) = &mut listing.filter.search {
        search.fuzzy = fuzzy;
    }
    let page = store.tickets(scope, &listing.filter, listing.sort, after, limit, now).await?;
    match &mut listing.filter.search {
        Some(Search { fuzzy, .. }) if after.is_none() && page.items.is_empty() => {
            *fuzzy = true;
            Ok((store.tickets(scope, &listing.filter, listing.sort, None, limit, now).await?, true))
        }
        Some(_) | None => Ok((page, fuzzy)),
    }
}

/// How many of the tickets that the caller may know of are in each state; in each of those that are asked for, when
/// some are. Words that no ticket holds count those that hold similar ones.
///
/// # Errors
/// See [`ListError`].
pub async fn count(cx: &Context, who: &Grant<ReadTickets>, filter: Filter) -> Result<Vec<Count>, ListError> {
    let mut filter = whole(cx, Listing { filter, sort: Sort::default() })?.filter;
    let asked = std::mem::take(&mut filter.states);
    let states: Vec<State> = State::ALL.into_iter().filter(|s| asked.is_empty() || asked.contains(s)).collect();
    let scope = Scope::of(who.caller());
    let now = cx.now();
    let counts = cx.store.count_tickets(&scope, &filter, &states, now).await?;
    match &mut filter.search {
        Some(search) if counts.iter().all(|count| count.count == 0) => {
            search.fuzzy = true;
            Ok(cx.store.count_tickets(&scope, &filter, &states, now).await?)
        }
        Some(_) | None => Ok(counts),
    }
}
