//! Looking for open tickets that a concern may be a duplicate of, before it is filed or as it is.

use auth::Grant;
use auth::permission::{FileConcerns, Permission};
use domain::audit::Act;
use domain::city::catalogue::Sensitivity;
use domain::id::{CategoryCode, TicketId};
use domain::place::Point;
use domain::rights::{Caller, Right, Secrecy};
use domain::text::Description;
use store::Scope;
use store::ticket::{Candidate, Near};

use super::Fault;
use crate::{Context, NoCity, of};

/// A concern that is about to be filed.
#[derive(Debug, Clone)]
pub struct Like {
    /// What it is about.
    pub category: CategoryCode,
    /// What the resident said.
    pub description: Option<Description>,
    /// Where, if it is on the map.
    pub point: Option<Point>,
}

/// Why nothing is looked for.
#[derive(Debug, thiserror::Error)]
pub enum LikeError {
    /// Something is wrong with the question: every fault at once.
    #[error("nothing can be like that: {0:?}")]
    Invalid(Vec<Fault>),
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Open tickets that a concern may be a duplicate of, the best first: those that the caller may know of. Nothing is kept.
/// With an address alone there are none, as when it is filed: « rue du Pigeonnier » is half a kilometre long, and nothing
/// says how far two addresses are apart.
///
/// # Errors
/// See [`LikeError`].
pub async fn duplicates(cx: &Context, who: &Grant<FileConcerns>, like: Like) -> Result<Vec<Candidate>, LikeError> {
    let loaded = cx.city()?;
    let (city, now) = (of(&loaded), cx.now());
    let category = city.category(&like.category);
    let mut faults = Vec::new();
    if category.is_none() {
        faults.push(Fault::UnknownCategory);
    }
    if like.point.is_some_and(|point| !city.is_inside(&city.areas_at(point))) {
        faults.push(Fault::OutsideCity);
    }
    if !faults.is_empty() {
        return Err(LikeError::Invalid(faults));
    }
    let opens_tickets = category.is_some_and(|category| category.sensitivity != Sensitivity::SignpostOnly);
    let (Some(scope), Some(point), true) = (reach(who), like.point, opens_tickets) else { return Ok(Vec::new()) };
    let description = like.description.as_ref().map(Description::as_str);
    let near = Near { category: &like.category, referrer: who.caller().referrer(), point, description };
    let candidates = cx.store.candidates(&scope, near, now).await?;
    if let Some(act) = shown(&candidates) {
        cx.store.audit(&who.record(act, now)).await?;
    }
    Ok(candidates)
}

/// The tickets that the caller may know of; none when they may file concerns, but read no ticket.
pub(super) fn reach<P: Permission<Holder = Caller>>(who: &Grant<P>) -> Option<Scope> {
    let caller = who.caller();
    caller.has(Right::ReadTickets).then(|| Scope::of(caller))
}

/// What is recorded of showing these: that they were listed, as far as they are not for everybody.
pub(super) fn shown(candidates: &[Candidate]) -> Option<Act> {
    let kept = candidates.iter().filter(|candidate| candidate.secrecy != Secrecy::Standard);
    let tickets: Vec<TicketId> = kept.map(|candidate| candidate.ticket).collect();
    (!tickets.is_empty()).then_some(Act::TicketsListed { tickets })
}
