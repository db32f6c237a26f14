//! The cafés of the public calendar.

use chrono::Months;
use domain::cafe::Cafe;
use domain::id::{AreaCode, ZoningCode};
use store::Error;

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
