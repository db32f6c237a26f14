//! Figures: what became of tickets, group by group; how many cafés were held; the annual report. Whoever may not know of
//! every ticket reads them as [`domain::statistics::mask`] shows them.

mod cafe;
mod keep;
mod remember;
mod report;
mod ticket;

pub use cafe::{CafeTable, cafes};
pub use keep::{keep, rebuild};
pub use remember::Remembered;
pub use report::{Report, report};
pub use store::statistics::{CafeGroup, Cafes, CafesBy};
pub use ticket::{Asked, Shown, tickets};

use chrono::{DateTime, Utc};
use domain::rights::Caller;
use domain::statistics::begins_month;
use domain::time::Zone;

use crate::NoCity;

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum StatisticsError {
    /// These parameters would ask for so few tickets that numbers told of single ones.
    #[error("too fine for this reader: {0:?}")]
    TooFine(Vec<&'static str>),
    /// The period ends no later than it begins, or is longer than 366 days.
    #[error("the period is empty or too long")]
    OutOfRange,
    /// There is no such year, or it has not begun.
    #[error("there is no such year")]
    NoSuchYear,
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The bounds of a period, of those by this name, that are finer than who asks may draw them.
pub(crate) fn fine_bounds(
    caller: &Caller,
    bounds: [(&'static str, Option<DateTime<Utc>>); 2],
    zone: Zone,
) -> impl Iterator<Item = &'static str> {
    let exact = caller.reaches_everything();
    bounds
        .into_iter()
        .filter(move |(_, at)| !exact && at.is_some_and(|at| !begins_month(at, zone)))
        .map(|(name, _)| name)
}
