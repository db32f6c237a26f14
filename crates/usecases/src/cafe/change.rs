//! Changing a café that is planned: its title, where and when.

use auth::Grant;
use auth::permission::HoldCafes;
use chrono::{DateTime, Utc};
use domain::audit::Act;
use domain::cafe::{Action, Cafe, Refusal};
use domain::content::screened;
use domain::id::CafeId;
use domain::place::Place;
use domain::text::Title;

use super::Written;
use super::plan::{PlanFault, faults};
use crate::{Context, NoCity, of, put};

/// Change a café: what is given.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// What the poster says.
    pub title: Option<Title>,
    /// The officer has read the warnings about the title, and keeps it as it is.
    pub confirm_text: bool,
    /// Where.
    pub place: Option<Place>,
    /// When it begins.
    pub starts_at: Option<DateTime<Utc>>,
    /// When it ends.
    pub ends_at: Option<DateTime<Utc>>,
}

/// Why a café is not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no such café.
    #[error("there is no such café")]
    NotFound,
    /// The café has changed since the caller saw it.
    #[error("the café has changed; it is at version {0} now")]
    Stale(i64),
    /// It is not planned any more.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something would be wrong with it: every fault at once.
    #[error("the café cannot be changed so: {0:?}")]
    Invalid(Vec<PlanFault>),
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Changes a café that the caller has seen in one of these versions. The areas are those of the place, as the zonings in
/// force draw them.
///
/// # Errors
/// See [`ChangeError`].
pub async fn change(
    cx: &Context,
    who: &Grant<HoldCafes>,
    id: CafeId,
    seen: &[i64],
    cmd: Change,
) -> Result<Written, ChangeError> {
    let loaded = cx.city()?;
    let masked = !cmd.confirm_text;
    let (new_title, findings) = match cmd.title.map(|title| screened(title, cmd.confirm_text)) {
        Some((title, findings)) => (Some(title), findings),
        None => (None, Vec::new()),
    };
    let tx = cx.store.begin().await?;
    let before = tx.lock_cafe(id).await?.ok_or(ChangeError::NotFound)?;
    if !seen.contains(&before.version) {
        return Err(ChangeError::Stale(before.version));
    }
    before.state.after(Action::Change)?;
    let Cafe { mut title, mut place, mut starts_at, mut ends_at, .. } = before.clone();
    let put = [
        ("title", put(&mut title, new_title)),
        ("place", put(&mut place, cmd.place)),
        ("starts_at", put(&mut starts_at, cmd.starts_at)),
        ("ends_at", put(&mut ends_at, cmd.ends_at)),
    ];
    let changed: Vec<_> = put.into_iter().filter(|(_, changed)| *changed).map(|(field, _)| field.to_owned()).collect();
    if changed.is_empty() {
        return Ok(Written { cafe: before, findings, masked });
    }
    let areas = of(&loaded).areas_at(place.point);
    let faults = faults(of(&loaded), &areas, (starts_at, ends_at));
    if !faults.is_empty() {
        return Err(ChangeError::Invalid(faults));
    }
    let after = before.change(title, (place, areas), (starts_at, ends_at), cx.now())?;
    tx.save_cafe(&after).await?;
    tx.audit(&who.record(Act::CafeChanged { cafe: id, action: Action::Change, changed }, cx.now()));
    tx.commit().await?;
    Ok(Written { cafe: after, findings, masked })
}
