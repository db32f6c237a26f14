//! Figures of cafés.

use auth::Grant;
use auth::permission::ReadStatistics;
use domain::city::City;
use domain::statistics::mask::{Cell, column};
use store::Store;
use store::statistics::{CafeGroup, Cafes, CafesBy};

use super::{StatisticsError, fine_bounds};
use crate::{Context, of};

/// Cafés, group by group.
#[derive(Debug, Clone)]
pub struct CafeTable {
    /// Each group, and how many concerns were heard there, if that is shown.
    pub groups: Vec<(CafeGroup, Option<u64>)>,
    /// How many cafés.
    pub cafes: u64,
    /// How many concerns were heard there, if that is shown.
    pub concerns: Option<u64>,
    /// Whether numbers of concerns are shown as outside the municipal police.
    pub masked: bool,
}

/// How many cafés were held, and how many concerns were heard there. They are the city's: everybody counts all of them.
///
/// # Errors
/// [`StatisticsError::TooFine`] for who may not know of every ticket and asks for another period than months.
pub async fn cafes(
    cx: &Context,
    who: &Grant<ReadStatistics>,
    cafes: &Cafes,
    by: &CafesBy,
) -> Result<CafeTable, StatisticsError> {
    let loaded = cx.city()?;
    let (city, caller) = (of(&loaded), who.caller());
    let bounds = [("starts_from", cafes.from), ("starts_before", cafes.before)];
    let fine: Vec<&'static str> = fine_bounds(caller, bounds, city.zone()).collect();
    if !fine.is_empty() {
        return Err(StatisticsError::TooFine(fine));
    }
    Ok(counted(cx, city, cafes, by, !caller.reaches_everything()).await?)
}

pub(super) async fn counted(
    cx: &Context,
    city: &City,
    cafes: &Cafes,
    by: &CafesBy,
    masked: bool,
) -> Result<CafeTable, store::Error> {
    let read = async |store: &Store| store.cafe_figures(cafes, by, city.zone(), cx.now()).await;
    let groups = cx.store.aside(read).await?;
    let cell = |count: i64| Cell { count: count.unsigned_abs(), hidden: false };
    let cells: Vec<Cell> = groups.iter().map(|group| cell(group.concerns)).collect();
    let total = Cell { count: cells.iter().map(|cell| cell.count).sum(), hidden: false };
    let held = groups.iter().map(|group| group.cafes.unsigned_abs()).sum();
    let (shown, concerns) = if masked {
        column(&cells, total)
    } else {
        (cells.iter().map(|cell| Some(cell.count)).collect(), Some(total.count))
    };
    Ok(CafeTable { groups: groups.into_iter().zip(shown).collect(), cafes: held, concerns, masked })
}
