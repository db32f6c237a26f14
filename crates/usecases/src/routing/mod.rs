//! The rule set: read, written as drafts, checked, tried, published.

mod check;
mod draft;
mod publish;
mod quality;
mod read;
mod replay;
mod simulate;

use domain::id::RoutingDraftId;
use domain::routing::RuleSet;

pub use check::{Looked, check};
pub use draft::{Change, Write, change, drafts, read as draft, remove, save};
pub use publish::{publish, restore};
pub use quality::{Judged, quality};
pub use read::{edition, editions};
pub use replay::{Moved, Played, Replay, ReplayError, replay};
pub use simulate::{SimulateError, Tried, Try, simulate};
pub use store::routing::{Author, Draft, Edition};

use crate::once::KeyReused;
use crate::{Context, NoCity};

/// How many drafts there are at most.
const MOST: i64 = 50;

/// Why rules are not kept or published.
#[derive(Debug, thiserror::Error)]
pub enum RoutingError {
    /// There is no such draft, or no such version.
    #[error("there is no such rule set")]
    NotFound,
    /// The draft has changed; it has this version now.
    #[error("the draft has changed: it has version {0} now")]
    Stale(i64),
    /// Another draft is called so.
    #[error("there is a draft of that name")]
    Taken,
    /// There are too many drafts.
    #[error("there are {MOST} drafts already")]
    TooMany,
    /// The draft follows a version that does not exist.
    #[error("there is no such version to follow")]
    UnknownBase,
    /// Another version was published since the draft was begun: this one.
    #[error("version {0} was published since")]
    Outdated(i32),
    /// These rules are in force already.
    #[error("these rules are in force")]
    InForce,
    /// The set has faults: every one of them.
    #[error("the rules have faults: {0:?}")]
    Faulty(Vec<domain::routing::check::Fault>),
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(store::Error),
}

impl From<store::Error> for RoutingError {
    fn from(error: store::Error) -> Self {
        match error.constraint() {
            Some("routing_draft_name_key") => Self::Taken,
            Some("routing_draft_based_on_fk") => Self::UnknownBase,
            Some(_) | None => Self::Store(error),
        }
    }
}

/// A rule set that is meant: a published one, or a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one in force.
    InForce,
    /// A published version.
    Version(i32),
    /// A draft.
    Draft(RoutingDraftId),
}

/// That rule set; none when there is none.
pub(crate) async fn rule_set(cx: &Context, which: Which) -> Result<Option<RuleSet>, store::Error> {
    Ok(match which {
        Which::InForce => cx.city().ok().map(|loaded| loaded.city.rules.clone()),
        Which::Version(version) => cx.store.edition(Some(version)).await?.map(|(_, rules)| RuleSet { version, rules }),
        Which::Draft(id) => cx.store.routing_draft(id).await?.map(|draft| RuleSet::draft(draft.rules)),
    })
}
