//! What is said of a café in one word: that it is announced, held, or called off.

use auth::Grant;
use auth::permission::HoldCafes;
use chrono::{DateTime, Utc};
use domain::audit::Act;
use domain::cafe::{Action, Cafe, Refusal};
use domain::content::screened;
use domain::id::CafeId;
use domain::text::Reason;
use store::Tx;

use super::Written;
use crate::Context;
use crate::once::{Done, KeyReused, Once};

/// Why nothing is said of a café.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// There is no such café.
    #[error("there is no such café")]
    NotFound,
    /// Its state does not allow it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Puts a café in the public calendar.
///
/// # Errors
/// See [`TurnError`].
pub async fn announce(
    cx: &Context,
    who: &Grant<HoldCafes>,
    id: CafeId,
    once: Once<'_, Cafe>,
) -> Result<Done<Cafe>, TurnError> {
    turn(cx, who, id, once, Action::Announce, Cafe::announce).await
}

/// Says that a café is held.
///
/// # Errors
/// See [`TurnError`].
pub async fn hold(
    cx: &Context,
    who: &Grant<HoldCafes>,
    id: CafeId,
    once: Once<'_, Cafe>,
) -> Result<Done<Cafe>, TurnError> {
    turn(cx, who, id, once, Action::Hold, Cafe::hold).await
}

/// Calls a café off. What points to a person in the reason is masked unless it is confirmed.
///
/// # Errors
/// See [`TurnError`].
pub async fn cancel(
    cx: &Context,
    who: &Grant<HoldCafes>,
    id: CafeId,
    (reason, confirmed): (Reason, bool),
    once: Once<'_, Written>,
) -> Result<Done<Written>, TurnError> {
    let (reason, findings) = screened(reason, confirmed);
    once.run(cx, async |tx| {
        let cafe = apply(cx, who, tx, id, Action::Cancel, |cafe, now| cafe.cancel(reason, now)).await?;
        Ok(Written { cafe, findings, masked: !confirmed })
    })
    .await
}

async fn turn(
    cx: &Context,
    who: &Grant<HoldCafes>,
    id: CafeId,
    once: Once<'_, Cafe>,
    action: Action,
    says: impl FnOnce(Cafe, DateTime<Utc>) -> Result<Cafe, Refusal>,
) -> Result<Done<Cafe>, TurnError> {
    once.run(cx, async |tx| apply(cx, who, tx, id, action, says).await).await
}

async fn apply(
    cx: &Context,
    who: &Grant<HoldCafes>,
    tx: &Tx,
    id: CafeId,
    action: Action,
    says: impl FnOnce(Cafe, DateTime<Utc>) -> Result<Cafe, Refusal>,
) -> Result<Cafe, TurnError> {
    let cafe = tx.lock_cafe(id).await?.ok_or(TurnError::NotFound)?;
    let cafe = says(cafe, cx.now())?;
    tx.save_cafe(&cafe).await?;
    tx.audit(&who.record(Act::CafeChanged { cafe: id, action, changed: Vec::new() }, cx.now()));
    Ok(cafe)
}
