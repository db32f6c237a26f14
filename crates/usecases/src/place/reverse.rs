//! Which addresses are near a point.

use auth::Grant;
use auth::permission::ReadCity;
use domain::place::Point;

use super::{Located, LookUpError, located};
use crate::{Context, of};

/// The addresses nearest to a point, the nearest first.
///
/// # Errors
/// See [`LookUpError`].
pub async fn reverse(cx: &Context, _who: &Grant<ReadCity>, at: Point, limit: u8) -> Result<Vec<Located>, LookUpError> {
    let (geocoder, loaded) = (cx.geocoder.as_ref().ok_or(LookUpError::NoGeocoder)?, cx.city()?);
    let found = geocoder.reverse(at, limit).await?;
    Ok(located(of(&loaded), &found))
}
