//! Open data: published by the worker, month by month, read by everybody.

pub use store::open_data::Published;

use domain::open_data::{bounds, due, rows};
use store::Error;

use crate::Context;

/// Publishes one month, if one is due and the city wishes open data. One worker at a time, a month a transaction: a worker
/// that is killed has published nothing, and none is published twice. Returns how many were published.
///
/// # Errors
/// When the database does not answer: then nothing was published.
pub async fn publish(cx: &Context) -> Result<usize, Error> {
    let Ok(loaded) = cx.city() else { return Ok(0) };
    let city = &loaded.city;
    let Some(open_data) = &city.settings.open_data else { return Ok(0) };
    let tx = cx.store.begin().await?;
    if !tx.try_hold_open_data().await? {
        return Ok(0);
    }
    let (now, zone) = (cx.now(), city.zone());
    let (Some(since), published) = tx.open_data_progress().await? else { return Ok(0) };
    let Some(month) = due(since, now, zone).find(|month| !published.contains(month)) else { return Ok(0) };
    let Some((from, before)) = bounds(month, zone) else { return Ok(0) };
    let records = tx.open_data_tickets(&open_data.zoning, from, before).await?;
    tx.publish_open_data(&Published { month, rows: rows(city, &records), at: now }).await?;
    tx.commit().await?;
    tracing::info!(%month, "open data of a month are published");
    Ok(1)
}

/// What was published, the first month first; none when the city wishes no open data. For everybody.
///
/// # Errors
/// When the database does not answer.
pub async fn published(cx: &Context) -> Result<Option<Vec<Published>>, Error> {
    let wished = cx.city().is_ok_and(|loaded| loaded.city.settings.open_data.is_some());
    if wished { Ok(Some(cx.store.open_data().await?)) } else { Ok(None) }
}
