//! Which addresses some words may mean.

use auth::Grant;
use auth::permission::ReadCity;
use domain::place::Point;
use domain::text::SearchWords;

use super::{Located, LookUpError, located};
use crate::{Context, of};

/// The addresses of the city that the words may mean, the likeliest first; those near the point before others, if one is
/// given.
///
/// # Errors
/// See [`LookUpError`].
pub async fn search(
    cx: &Context,
    _who: &Grant<ReadCity>,
    words: &SearchWords,
    near: Option<Point>,
    limit: u8,
) -> Result<Vec<Located>, LookUpError> {
    let (geocoder, loaded) = (cx.geocoder.as_ref().ok_or(LookUpError::NoGeocoder)?, cx.city()?);
    let found = geocoder.search(words.as_str(), &of(&loaded).settings.insee, near, limit).await?;
    Ok(located(of(&loaded), &found))
}
