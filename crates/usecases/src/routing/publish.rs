//! Putting rules in force: a draft's, or those of a former version. A version is for ever; going back is one more.

use std::sync::Arc;

use auth::Grant;
use auth::permission::ManageRouting;
use domain::audit::Act;
use domain::id::RoutingDraftId;
use domain::routing::{Rule, RuleSet};
use domain::text::Reason;
use store::Tx;
use store::city::Loaded;
use store::routing::{Author, Edition, InForce, New};

use super::RoutingError;
use super::draft::{author, seen_draft};
use crate::city::catch_up;
use crate::once::{Done, Once};
use crate::{Context, NoCity, apart, of};

/// Publishes a draft that the caller has seen in one of these versions, and that has no fault. It is no draft any more.
///
/// # Errors
/// See [`RoutingError`]: [`RoutingError::Outdated`] when it does not follow the version in force.
pub async fn publish(
    cx: &Context,
    who: &Grant<ManageRouting>,
    id: RoutingDraftId,
    seen: &[i64],
    reason: Reason,
    once: Once<'_, Edition>,
) -> Result<Done<Edition>, RoutingError> {
    let author = author(cx, who).await?;
    let done = once
        .run(cx, async |tx| {
            let draft = seen_draft(tx, id, seen).await?;
            let held = held(cx, tx).await?;
            if held.0.version != draft.based_on {
                return Err(RoutingError::Outdated(held.0.version));
            }
            tx.remove_routing_draft(draft.id).await?;
            put_in_force(cx, (who, author), tx, held, (draft.rules, None), &reason).await
        })
        .await?;
    catch_up(cx).await;
    Ok(done)
}

/// Puts the rules of a former version in force again, if they have no fault in the city as it is now.
///
/// # Errors
/// See [`RoutingError`].
pub async fn restore(
    cx: &Context,
    who: &Grant<ManageRouting>,
    version: i32,
    reason: Reason,
    once: Once<'_, Edition>,
) -> Result<Done<Edition>, RoutingError> {
    let author = author(cx, who).await?;
    let done = once
        .run(cx, async |tx| {
            let (_, rules) = tx.edition(Some(version)).await?.ok_or(RoutingError::NotFound)?;
            let held = held(cx, tx).await?;
            put_in_force(cx, (who, author), tx, held, (rules, Some(version)), &reason).await
        })
        .await?;
    catch_up(cx).await;
    Ok(done)
}

/// What is in force, held, and the city that it is in force in: as this instance has it, or read, if it has not yet.
async fn held(cx: &Context, tx: &Tx) -> Result<(InForce, Arc<Loaded>), RoutingError> {
    let (held, loaded) = (tx.hold_rules().await?, cx.city()?);
    if loaded.revision == held.revision {
        return Ok((held, loaded));
    }
    Ok((held, Arc::new(tx.city().await?.ok_or(NoCity)?)))
}

async fn put_in_force(
    cx: &Context,
    (who, author): (&Grant<ManageRouting>, Author),
    tx: &Tx,
    (held, loaded): (InForce, Arc<Loaded>),
    (rules, restored_from): (Vec<Rule>, Option<i32>),
    reason: &Reason,
) -> Result<Edition, RoutingError> {
    let now = cx.now();
    if of(&loaded).rules.rules == rules {
        return Err(RoutingError::InForce);
    }
    let staffed = tx.staffed_services().await?;
    let set = RuleSet::draft(rules);
    let look = move || {
        let faults = set.check(of(&loaded), Some(&staffed));
        (set, faults)
    };
    let (set, faults) = apart(&cx.looking, look).await;
    if !faults.is_empty() {
        return Err(RoutingError::Faulty(faults));
    }
    let new = New { rules: &set.rules, author: author.user, reason: reason.as_str(), restored_from };
    let version = tx.publish_rules(held, &new, now).await?;
    let act = Act::RoutingPublished { version, restored_from };
    tx.audit(&domain::audit::Record { why: Some(reason.as_str().to_owned()), ..who.record(act, now) });
    Ok(Edition {
        version,
        rules: i32::try_from(set.rules.len()).unwrap_or(i32::MAX),
        published_at: now,
        author: Some(author),
        reason: Some(reason.as_str().to_owned()),
        restored_from,
    })
}
