//! What an operator watches.

use chrono::{DateTime, Utc};
use store::Error;
pub use store::watch::Connections;
use store::watch::Standing;

use crate::cafe::due;
use crate::{Context, of};

/// What an operator watches of a city.
#[derive(Debug, Clone)]
pub struct Watched {
    /// What waits, what is late, what was given up.
    pub standing: Standing,
    /// In how many areas the next café is overdue; none when the city wishes no rhythm.
    pub overdue_areas: Option<usize>,
    /// Whether attachments are scanned for viruses.
    pub scans: bool,
}

/// What an operator watches, as the database has it: the same from each instance.
///
/// # Errors
/// When the database does not answer.
pub async fn watch(cx: &Context) -> Result<Watched, Error> {
    let now = cx.now();
    let loaded = cx.city().ok();
    let rhythm = loaded.as_ref().and_then(|loaded| {
        let cadence = of(loaded).settings.cafes.as_ref()?;
        Some((of(loaded), cadence.every, of(loaded).zoning(&cadence.zoning)?))
    });
    let areas: Vec<_> = rhythm.iter().flat_map(|(_, _, zoning)| zoning.areas()).map(|area| area.code.clone()).collect();
    let standing = cx.store.standing(rhythm.map(|(_, _, zoning)| &zoning.code), &areas, now).await?;
    let overdue_areas = rhythm.map(|(city, every, _)| {
        standing.last_cafes.iter().filter(|last| due(city, Some(every), **last, now).1).count()
    });
    Ok(Watched { standing, overdue_areas, scans: cx.files.scans() })
}

/// The connections of this instance to the database.
pub fn connections(cx: &Context) -> impl Iterator<Item = Connections> {
    cx.store.connections()
}

/// Counts that a worker's task was done at that time, or was not.
pub fn worked(now: DateTime<Utc>, task: &'static str, done: bool) {
    // Counted from the beginning, so that the first failure is an increase.
    metrics::counter!("continuum_worker_errors_total", "task" => task).increment(u64::from(!done));
    if done {
        #[allow(clippy::cast_precision_loss, reason = "seconds since 1970")]
        metrics::gauge!("continuum_worker_success_timestamp_seconds", "task" => task).set(now.timestamp() as f64);
    }
}
