//! Planning a café.

use auth::Grant;
use auth::permission::HoldCafes;
use chrono::{DateTime, Utc};
use domain::cafe::{Cafe, State};
use domain::city::City;
use domain::content::screened;
use domain::id::CafeId;
use domain::place::{Areas, Place};
use domain::text::Title;

use super::Written;
use crate::once::{Done, KeyReused, Once};
use crate::{Context, NoCity, of};

/// Plan a café.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What the poster says.
    pub title: Title,
    /// The officer has read the warnings about the title, and keeps it as it is.
    pub confirm_text: bool,
    /// Where.
    pub place: Place,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
}

/// What is wrong with where or when a café is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanFault {
    /// The place is outside the city.
    OutsideCity,
    /// It ends before it begins.
    EndsBeforeItBegins,
}

/// Why a café is not planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Something is wrong with it: every fault at once.
    #[error("the café cannot be planned: {0:?}")]
    Invalid(Vec<PlanFault>),
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Plans a café.
///
/// # Errors
/// See [`PlanError`].
pub async fn plan(
    cx: &Context,
    who: &Grant<HoldCafes>,
    cmd: Plan,
    once: Once<'_, Written>,
) -> Result<Done<Written>, PlanError> {
    let loaded = cx.city()?;
    let areas = of(&loaded).areas_at(cmd.place.point);
    let faults = faults(of(&loaded), &areas, (cmd.starts_at, cmd.ends_at));
    if !faults.is_empty() {
        return Err(PlanError::Invalid(faults));
    }
    let (title, findings) = screened(cmd.title, cmd.confirm_text);
    let cafe = Cafe {
        id: CafeId(cx.ids.next()),
        title,
        state: State::Planned,
        place: cmd.place,
        areas,
        starts_at: cmd.starts_at,
        ends_at: cmd.ends_at,
        announced_at: None,
        held_at: None,
        cancelled: None,
        report: None,
        planned_by: who.person().user,
        changed_at: cx.now(),
        version: 1,
    };
    once.run(cx, async |tx| {
        tx.add_cafe(&cafe).await?;
        Ok(Written { cafe, findings, masked: !cmd.confirm_text })
    })
    .await
}

/// What is wrong with a café in these areas that begins and ends then.
pub(super) fn faults(
    city: &City,
    areas: &Areas,
    (starts_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
) -> Vec<PlanFault> {
    let mut faults = Vec::new();
    if !city.is_inside(areas) {
        faults.push(PlanFault::OutsideCity);
    }
    if ends_at <= starts_at {
        faults.push(PlanFault::EndsBeforeItBegins);
    }
    faults
}
