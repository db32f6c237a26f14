//! Writing the report of a café that was held, and correcting it.

use std::collections::BTreeSet;

use auth::Grant;
use auth::permission::HoldCafes;
use domain::audit::Act;
use domain::cafe::report::{Conversations, Report, Weather};
use domain::cafe::{Action, Refusal};
use domain::city::City;
use domain::content::screened;
use domain::id::{CafeId, UserId};
use domain::text::Remarks;

use super::Written;
use crate::once::{Done, KeyReused, Once};
use crate::{Context, NoCity, of};

/// Write the report of a café.
#[derive(Debug, Clone)]
pub struct WriteReport {
    /// How many people came.
    pub headcount: u32,
    /// The conversations that led to no concern, by theme.
    pub conversations: Vec<Conversations>,
    /// The officers who were there.
    pub officers: BTreeSet<UserId>,
    /// What the weather was like.
    pub weather: Option<Weather>,
    /// What else is to be said.
    pub remarks: Option<Remarks>,
    /// The officer has read the warnings about the remarks, and keeps them as they are.
    pub confirm_text: bool,
}

/// What is wrong with a report; the number says with which item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFault {
    /// The catalogue has no such category.
    UnknownCategory(usize),
    /// The theme stands there a second time.
    ThemeTwice(usize),
    /// There is no officer of that id.
    UnknownOfficer(UserId),
}

/// Why a report is not kept.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// There is no such café.
    #[error("there is no such café")]
    NotFound,
    /// The café has changed since the caller saw it.
    #[error("the café has changed; it is at version {0} now")]
    Stale(i64),
    /// It was not held.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something is wrong with it: every fault at once.
    #[error("the report cannot be kept: {0:?}")]
    Invalid(Vec<ReportFault>),
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

/// Keeps the report of a café that the caller has seen in one of these versions.
///
/// # Errors
/// See [`ReportError`].
pub async fn report(
    cx: &Context,
    who: &Grant<HoldCafes>,
    id: CafeId,
    seen: &[i64],
    cmd: WriteReport,
    once: Once<'_, Written>,
) -> Result<Done<Written>, ReportError> {
    let loaded = cx.city()?;
    let known = cx.store.officers_among(&cmd.officers).await?;
    let mut faults = themes(of(&loaded), &cmd.conversations);
    faults.extend(cmd.officers.difference(&known).copied().map(ReportFault::UnknownOfficer));
    let WriteReport { headcount, conversations, officers, weather, remarks, confirm_text } = cmd;
    let (remarks, findings) = match remarks.map(|remarks| screened(remarks, confirm_text)) {
        Some((remarks, findings)) => (Some(remarks), findings),
        None => (None, Vec::new()),
    };
    let written_by = who.person().user;
    let written = Report { headcount, conversations, officers, weather, remarks, written_by, written_at: cx.now() };
    once.run(cx, async |tx| {
        let cafe = tx.lock_cafe(id).await?.ok_or(ReportError::NotFound)?;
        if !seen.contains(&cafe.version) {
            return Err(ReportError::Stale(cafe.version));
        }
        let cafe = cafe.report(written, cx.now())?;
        if !faults.is_empty() {
            return Err(ReportError::Invalid(faults));
        }
        tx.save_cafe(&cafe).await?;
        tx.audit(&who.record(Act::CafeChanged { cafe: id, action: Action::Report, changed: Vec::new() }, cx.now()));
        Ok(Written { cafe, findings, masked: !confirm_text })
    })
    .await
}

fn themes(city: &City, conversations: &[Conversations]) -> Vec<ReportFault> {
    let mut seen = BTreeSet::new();
    let fault = |(at, theme): (usize, &Conversations)| {
        if city.category(&theme.category).is_none() {
            return Some(ReportFault::UnknownCategory(at));
        }
        (!seen.insert(theme.category.clone())).then_some(ReportFault::ThemeTwice(at))
    };
    conversations.iter().enumerate().filter_map(fault).collect()
}
