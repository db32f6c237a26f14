//! Exporting tickets: all of a list, batch after batch, so that memory does not grow with it.
//!
//! Restricted tickets are absent, also for those who may read them; so is what residents left to be reached.

use auth::Grant;
use auth::permission::ReadTickets;
use domain::audit::Act;
use domain::ticket::Ticket;
use store::ticket::After;
use store::{Scope, Store};
use tokio::sync::OwnedSemaphorePermit;

use super::list::{ListError, Listing, begin, whole};
use crate::Context;

/// How many tickets are in memory at once.
const BATCH: u64 = 500;

/// An export under way. Dropped, it makes room for another.
pub struct Export {
    cx: Context,
    scope: Scope,
    listing: Listing,
    position: Position,
    _permit: OwnedSemaphorePermit,
}

enum Position {
    Begin,
    After(After),
    End,
}

/// A ticket as it is exported.
#[derive(Debug, Clone)]
pub struct Exported {
    /// The ticket.
    pub ticket: Ticket,
    /// What its concern says.
    pub description: Option<String>,
}

/// Why nothing is exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// This instance writes as many as it can.
    #[error("too many exports are under way")]
    TooMany,
    /// The tickets cannot be listed.
    #[error(transparent)]
    List(#[from] ListError),
}

/// Begins an export; recorded before anything of it is shown. `by` are the names of the parameters that narrow it.
///
/// # Errors
/// See [`ExportError`].
pub async fn export(
    cx: &Context,
    who: &Grant<ReadTickets>,
    listing: Listing,
    format: &str,
    by: Vec<String>,
) -> Result<Export, ExportError> {
    let permit = cx.exports.clone().try_acquire_owned().map_err(|_| ExportError::TooMany)?;
    let mut listing = whole(cx, listing).map_err(ListError::from)?;
    listing.filter.standard_only = true;
    let act = Act::TicketsExported { format: format.to_owned(), by };
    cx.store.audit(&who.record(act, cx.now())).await.map_err(ListError::from)?;
    let scope = Scope::of(who.caller());
    Ok(Export { cx: cx.clone(), scope, listing, position: Position::Begin, _permit: permit })
}

impl Export {
    /// The next tickets; none when there are no more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next(&mut self) -> Result<Option<Vec<Exported>>, store::Error> {
        let after = match self.position {
            Position::Begin => None,
            Position::After(after) => Some(after),
            Position::End => return Ok(None),
        };
        let now = self.cx.now();
        let read = async |store: &Store| {
            let mut listing = self.listing.clone();
            let (page, _) = begin(store, now, &self.scope, &mut listing, after, BATCH).await?;
            let concerns: Vec<_> = page.items.iter().map(|ticket| ticket.concern).collect();
            Ok((page, store.descriptions(&concerns).await?, listing))
        };
        let (page, descriptions, listing) = self.cx.store.aside(read).await?;
        self.listing = listing;
        self.position = page.next.map_or(Position::End, Position::After);
        let whole = |ticket: Ticket| Exported { description: descriptions.get(&ticket.concern).cloned(), ticket };
        Ok(Some(page.items.into_iter().map(whole).collect()))
    }
}
