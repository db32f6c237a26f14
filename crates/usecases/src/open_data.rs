//! Open data: published by the worker, month by month, read by everybody.

pub use store::open_data::{Extent, Published};

use std::sync::Arc;

use domain::open_data::{bounds, due, rows};
use store::Error;
use store::city::Loaded;

use crate::{Context, NoCity};

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
    let mut records = tx.open_data_tickets(&open_data.zoning, from, before).await?;
    let hidden = loaded.hidden_from_public();
    records.retain(|record| !hidden.contains(&record.category));
    tx.publish_open_data(&Published { month, rows: rows(city, &records), at: now }).await?;
    tx.commit().await?;
    tracing::info!(%month, "open data of a month are published");
    Ok(1)
}

/// Why there are no open data to be read.
#[derive(Debug, thiserror::Error)]
pub enum OpenDataError {
    /// The city publishes none.
    #[error("the city publishes no open data")]
    NotWished,
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// The city, if it publishes open data.
///
/// # Errors
/// [`OpenDataError::NotWished`], [`OpenDataError::NoCity`].
pub fn wished(cx: &Context) -> Result<Arc<Loaded>, OpenDataError> {
    let loaded = cx.city()?;
    if loaded.city.settings.open_data.is_some() { Ok(loaded) } else { Err(OpenDataError::NotWished) }
}

/// What was published, the first month first. For everybody.
///
/// # Errors
/// See [`OpenDataError`].
pub async fn published(cx: &Context) -> Result<Vec<Published>, OpenDataError> {
    wished(cx)?;
    Ok(cx.store.open_data().await?)
}

/// From when to when it was published. For everybody.
///
/// # Errors
/// See [`OpenDataError`].
pub async fn extent(cx: &Context) -> Result<Option<Extent>, OpenDataError> {
    wished(cx)?;
    Ok(cx.store.open_data_extent().await?)
}
