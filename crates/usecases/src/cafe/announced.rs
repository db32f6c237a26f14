//! The cafés of the public calendar, which are also those of the public map.

use chrono::Months;
use domain::cafe::Cafe;
use domain::id::{AreaCode, CafeId, ZoningCode};
use store::cafe::{After, Filter};
use store::{Error, Page};

use crate::Context;

/// How far back the calendar goes.
const BACK: Months = Months::new(12);
/// How many cafés it holds at most.
const MOST: u64 = 1000;

/// The announced cafés of the last twelve months and those to come, called off or not, the earliest first. For everybody.
///
/// # Errors
/// When the database does not answer.
pub async fn announced(cx: &Context, areas: &[(ZoningCode, AreaCode)]) -> Result<Vec<Cafe>, Error> {
    cx.store.announced_cafes(areas, cx.now() - BACK, MOST).await
}

/// A page of these cafés, narrowed, the latest first. For everybody.
///
/// # Errors
/// When the database does not answer.
pub async fn announced_page(
    cx: &Context,
    filter: Filter,
    after: Option<After>,
    limit: u64,
) -> Result<Page<Cafe, After>, Error> {
    let filter = Filter { announced_from: Some(cx.now() - BACK), ..filter };
    cx.store.cafes(&filter, after, limit).await
}

/// One of these cafés; none when the public does not know of it. For everybody.
///
/// # Errors
/// When the database does not answer.
pub async fn announced_one(cx: &Context, id: CafeId) -> Result<Option<Cafe>, Error> {
    let cafe = cx.store.cafe(id).await?;
    Ok(cafe.filter(|cafe| cafe.announced_at.is_some() && cafe.starts_at >= cx.now() - BACK))
}
