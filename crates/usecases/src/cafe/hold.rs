//! Saying that a café is held.

use auth::Grant;
use auth::permission::HoldCafes;
use domain::cafe::{Cafe, NotPlanned};
use domain::id::CafeId;

use crate::Context;
use crate::once::{Done, KeyReused, Once};

/// Why a café is not held.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// There is no such café.
    #[error("there is no such café")]
    NotFound,
    /// It was held, reported or cancelled before.
    #[error(transparent)]
    NotPlanned(#[from] NotPlanned),
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Says that a café is held.
///
/// # Errors
/// See [`HoldError`].
pub async fn hold(
    cx: &Context,
    _who: &Grant<HoldCafes>,
    id: CafeId,
    once: Once<'_, Cafe>,
) -> Result<Done<Cafe>, HoldError> {
    once.run(cx, async |tx| {
        let cafe = tx.lock_cafe(id).await?.ok_or(HoldError::NotFound)?.hold(cx.now())?;
        tx.save_cafe(&cafe).await?;
        Ok(cafe)
    })
    .await
}
