//! Suggesting what a concern is about, before it is filed. Nothing is kept of the question.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use auth::Grant;
use auth::permission::FileConcerns;
use domain::city::catalogue::Category;
use domain::place::Point;
use domain::suggestion::{Suggestion, Unknown};
use domain::text::Description;
use store::suggestion::Trained;
use tokio::sync::Mutex;

use crate::{Context, NoCity, of};

/// A concern that is about to be filed.
#[derive(Debug, Clone)]
pub struct Said {
    /// What the resident said.
    pub description: Description,
    /// Where, if it is on the map.
    pub point: Option<Point>,
}

/// What it may be about.
#[derive(Debug, Clone)]
pub struct Suggested {
    /// The categories, the best first; or why none is suggested.
    pub items: Result<Vec<Suggestion>, Unknown>,
    /// What was learnt; none before there was a training.
    pub trained: Option<Arc<Trained>>,
}

/// What was last learnt, as this process last read it.
#[derive(Default)]
pub struct Learnt {
    latest: ArcSwapOption<Trained>,
    reading: Mutex<()>,
}

/// Why nothing is looked for.
#[derive(Debug, thiserror::Error)]
pub enum SuggestError {
    /// The place is outside the city.
    #[error("the place is outside the city")]
    OutsideCity,
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What a concern may be about, as the city's agents chose before.
///
/// # Errors
/// See [`SuggestError`].
pub async fn suggest(cx: &Context, _who: &Grant<FileConcerns>, said: &Said) -> Result<Suggested, SuggestError> {
    let loaded = cx.city()?;
    let city = of(&loaded);
    let areas = said.point.map(|point| city.areas_at(point)).unwrap_or_default();
    if said.point.is_some() && !city.is_inside(&areas) {
        return Err(SuggestError::OutsideCity);
    }
    let Some(trained) = trained(cx).await? else {
        return Ok(Suggested { items: Err(Unknown::TooLittleData), trained: None });
    };
    let may_be = |code: &_| city.category(code).is_some_and(Category::is_suggested);
    let items = trained.model.suggest(said.description.as_str(), &areas, may_be);
    Ok(Suggested { items, trained: Some(trained) })
}

/// The latest model: whether the one at hand still is it, the database is asked each time, so that all instances suggest
/// the same.
async fn trained(cx: &Context) -> Result<Option<Arc<Trained>>, store::Error> {
    let latest = cx.store.suggestion_revision().await?;
    let Some(latest) = latest else { return Ok(None) };
    let at_hand = || cx.learnt.latest.load_full().filter(|held| held.revision >= latest);
    if let Some(held) = at_hand() {
        return Ok(Some(held));
    }
    // One reads it, whoever else asks meanwhile waits for that.
    let _turn = cx.learnt.reading.lock().await;
    if let Some(held) = at_hand() {
        return Ok(Some(held));
    }
    let read = cx.store.suggestion_model().await?.map(Arc::new);
    cx.learnt.latest.store(read.clone());
    Ok(read)
}
