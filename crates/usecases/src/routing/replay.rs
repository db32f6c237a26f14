//! Playing other rules over past concerns: what would have gone elsewhere. Whoever may do that knows of every ticket, as the
//! table of rights says: there is no scope. Nothing is changed; batch after batch, so that
//! memory does not grow with it.

use std::collections::BTreeMap;

use auth::Grant;
use auth::permission::ReplayRouting;
use chrono::{DateTime, Utc};
use domain::audit::Act;
use domain::id::{CategoryCode, ConcernId, RuleCode, ServiceCode};
use domain::routing::{Rule, RuleSet, Subject};
use store::routing::{Before, Past};
use tokio::sync::OwnedSemaphorePermit;

use super::{Which, rule_set};
use crate::{Context, NoCity, of};

/// How many concerns are looked at between two looks at the database.
const BATCH: u64 = 500;

/// A concern that would have gone elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The concern.
    pub concern: ConcernId,
    /// The reference of its first ticket.
    pub reference: String,
    /// What it is about.
    pub category: CategoryCode,
    /// When it was filed.
    pub filed_at: DateTime<Utc>,
    /// The rule that sent it, and the services that it was sent to.
    pub was: (RuleCode, Vec<ServiceCode>),
    /// The rule that would have taken it, and the services that it would have been sent to.
    pub would_be: (RuleCode, Vec<ServiceCode>),
}

/// How far a replay is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Played {
    /// How many concerns were looked at.
    pub concerns: u64,
    /// How many of those would have gone elsewhere.
    pub moved: u64,
    /// How many could not be tried: their category is no longer in use.
    pub skipped: u64,
    /// How many would have gone from these services to those.
    pub moves: BTreeMap<(Vec<ServiceCode>, Vec<ServiceCode>), u64>,
}

/// A replay under way. Dropped, it makes room for an export or another replay.
pub struct Replay {
    cx: Context,
    rules: RuleSet,
    before: Option<Before>,
    left: u64,
    played: Played,
    _permit: OwnedSemaphorePermit,
}

/// Why nothing is replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such rule set.
    #[error("there is no such rule set")]
    UnknownRules(Which),
    /// This instance writes as many as it can.
    #[error("too many exports and replays are under way")]
    TooMany,
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Begins to play a rule set over the last concerns; recorded before anything is shown.
///
/// # Errors
/// See [`ReplayError`].
pub async fn replay(cx: &Context, who: &Grant<ReplayRouting>, which: Which, last: u64) -> Result<Replay, ReplayError> {
    cx.city()?;
    let permit = cx.exports.clone().try_acquire_owned().map_err(|_| ReplayError::TooMany)?;
    let rules = rule_set(cx, which).await?.ok_or(ReplayError::UnknownRules(which))?;
    cx.store.audit(&who.record(Act::RoutingReplayed { concerns: last }, cx.now())).await?;
    Ok(Replay { cx: cx.clone(), rules, before: None, left: last, played: Played::default(), _permit: permit })
}

impl Replay {
    /// What would have gone elsewhere of the next concerns, and how far the replay is then; none when there are no more.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next(&mut self) -> Result<Option<(Vec<Moved>, &Played)>, store::Error> {
        if self.left == 0 {
            return Ok(None);
        }
        let page = self.cx.store.past_concerns(self.before, BATCH.min(self.left)).await?;
        self.before = page.next;
        self.left = if page.next.is_some() { self.left.saturating_sub(BATCH) } else { 0 };
        let Ok(loaded) = self.cx.city() else { return Ok(None) };
        let city = of(&loaded);
        let mut moved = Vec::new();
        for past in page.items {
            self.played.concerns += 1;
            let Some(category) = city.category(&past.category) else {
                self.played.skipped += 1;
                continue;
            };
            let subject = Subject {
                category,
                areas: &past.areas,
                origin: past.origin,
                // What the officer said of it is not kept, and the ticket's may be a rule's or somebody's since.
                priority: None,
                replies: &past.replies,
                description: past.description.as_deref(),
                at: past.filed_at,
            };
            let Some(route) = self.rules.route(city, &subject) else { continue };
            let mut services = route.send_to;
            services.sort();
            if services != past.sent_to {
                moved.push(self.played.note(past, (route.sent.rule, services)));
            }
        }
        Ok(Some((moved, &self.played)))
    }

    /// The rules that are played.
    pub fn rules(&self) -> &[Rule] {
        &self.rules.rules
    }

    /// How far it is.
    pub const fn played(&self) -> &Played {
        &self.played
    }
}

impl Played {
    fn note(&mut self, past: Past, would_be: (RuleCode, Vec<ServiceCode>)) -> Moved {
        self.moved += 1;
        *self.moves.entry((past.sent_to.clone(), would_be.1.clone())).or_default() += 1;
        Moved {
            concern: past.concern,
            reference: past.reference,
            category: past.category,
            filed_at: past.filed_at,
            was: (past.rule, past.sent_to),
            would_be,
        }
    }
}
