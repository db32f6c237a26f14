//! Drafts: rule sets that somebody is writing. They are well formed; what a
//! look at the whole finds wrong ([`domain::routing::RuleSet::check`]) they may have until they are published.

use auth::Grant;
use auth::permission::{ManageRouting, ReadRouting};
use domain::id::RoutingDraftId;
use domain::routing::Rule;
use domain::text::Title;
use store::Tx;
use store::routing::{Author, Draft};

use super::{MOST, RoutingError};
use crate::once::{Done, Once};
use crate::{Context, put};

/// Write a draft.
#[derive(Debug, Clone)]
pub struct Write {
    /// How it is called.
    pub name: Title,
    /// Its rules; those in force when absent.
    pub rules: Option<Vec<Rule>>,
}

/// Change a draft: what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// How it is called.
    pub name: Option<Title>,
    /// Its rules.
    pub rules: Option<Vec<Rule>>,
    /// The published version that it is meant to follow, once its author has looked at that.
    pub based_on: Option<i32>,
}

/// Every draft, in the order of their names.
///
/// # Errors
/// When the database does not answer.
pub async fn drafts(cx: &Context, _who: &Grant<ReadRouting>) -> Result<Vec<Draft>, store::Error> {
    cx.store.routing_drafts().await
}

/// One draft.
///
/// # Errors
/// When the database does not answer.
pub async fn read(cx: &Context, _who: &Grant<ReadRouting>, id: RoutingDraftId) -> Result<Option<Draft>, store::Error> {
    cx.store.routing_draft(id).await
}

/// Begins a draft that follows the rules in force.
///
/// # Errors
/// See [`RoutingError`].
pub async fn save(
    cx: &Context,
    who: &Grant<ManageRouting>,
    cmd: Write,
    once: Once<'_, Draft>,
) -> Result<Done<Draft>, RoutingError> {
    let changed_by = author(cx, who).await?;
    let (edition, in_force) = cx.store.edition(None).await?.ok_or(crate::NoCity)?;
    let draft = Draft {
        id: RoutingDraftId(cx.ids.next()),
        name: cmd.name.into(),
        rules: cmd.rules.unwrap_or(in_force),
        based_on: edition.version,
        version: 1,
        changed_at: cx.now(),
        changed_by,
    };
    let kept = async |tx: &Tx| {
        if tx.add_routing_draft(&draft, MOST).await? { Ok(draft) } else { Err(RoutingError::TooMany) }
    };
    once.run(cx, kept).await
}

/// Changes a draft that the caller has seen in one of these versions.
///
/// # Errors
/// See [`RoutingError`].
pub async fn change(
    cx: &Context,
    who: &Grant<ManageRouting>,
    id: RoutingDraftId,
    seen: &[i64],
    cmd: Change,
) -> Result<Draft, RoutingError> {
    let changed_by = author(cx, who).await?;
    let tx = cx.store.begin().await?;
    let mut after = seen_draft(&tx, id, seen).await?;
    let changes = [
        put(&mut after.name, cmd.name.map(String::from)),
        put(&mut after.rules, cmd.rules),
        put(&mut after.based_on, cmd.based_on),
    ];
    if changes == [false; 3] {
        return Ok(after);
    }
    after = Draft { version: after.version + 1, changed_at: cx.now(), changed_by, ..after };
    tx.save_routing_draft(&after).await?;
    tx.commit().await?;
    Ok(after)
}

/// Forgets a draft that the caller has seen in one of these versions.
///
/// # Errors
/// See [`RoutingError`].
pub async fn remove(
    cx: &Context,
    _who: &Grant<ManageRouting>,
    id: RoutingDraftId,
    seen: &[i64],
) -> Result<(), RoutingError> {
    let tx = cx.store.begin().await?;
    let draft = seen_draft(&tx, id, seen).await?;
    tx.remove_routing_draft(draft.id).await?;
    Ok(tx.commit().await?)
}

/// The draft, locked, if it still is as the caller has seen it.
pub(super) async fn seen_draft(tx: &Tx, id: RoutingDraftId, seen: &[i64]) -> Result<Draft, RoutingError> {
    let draft = tx.lock_routing_draft(id).await?.ok_or(RoutingError::NotFound)?;
    if seen.contains(&draft.version) { Ok(draft) } else { Err(RoutingError::Stale(draft.version)) }
}

/// The caller, named.
pub(super) async fn author(cx: &Context, who: &Grant<ManageRouting>) -> Result<Author, store::Error> {
    let user = who.person().user;
    let name = cx.store.user(user).await?.map(|user| user.name).unwrap_or_default();
    Ok(Author { user, name })
}
