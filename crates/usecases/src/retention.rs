//! Personal data over time: what is to be erased, erased night by night, and what was.
//!
//! A run is planned once a day. One that would erase unusually much waits until a person confirms it, and is planned anew
//! each night until then: a wrong clock or a wrong setting costs a night, not the city's memory. The others begin at once,
//! and end batch by batch. No concern goes that was not counted when the run was planned, nor what is to be kept by now. What
//! belongs to no concern (audit entries, events of the feed, remarks of cafés, e-mails that nobody settled) goes at the end of a run, and so waits with it.

pub use store::retention::{Counts, Run, RunState};

use auth::Grant;
use auth::permission::{ManagePersonalData, ReadTickets};
use chrono::{DateTime, TimeDelta, Timelike as _, Utc};
use domain::audit::{Act, By, Record, kept_since, sealed_before};
use domain::id::{ConcernId, RetentionRunId};
use domain::retention::{Cutoffs, Retention};
use domain::time::Zone;
use store::ticket::Named;
use store::{Error, Tx};

use crate::once::{Done, KeyReused, Once};
use crate::{Context, NoCity};

/// From which hour on, on the city's clocks, a night's run is planned.
const HOUR: u32 = 2;

/// Of how many concerns the rows are removed at once.
const ROWS: u32 = 50;

/// Of how many concerns texts or contacts are erased at once.
const BATCH: u32 = 200;

/// How many runs are shown.
const SHOWN: u32 = 50;

/// What is to be erased, and what was.
#[derive(Debug, Clone)]
pub struct Overview {
    /// How long things are kept.
    pub retention: Retention,
    /// Until when a concern must have ended.
    pub cutoffs: Cutoffs,
    /// What would be erased if a run were planned now.
    pub due: Counts,
    /// The last runs, the last one first.
    pub runs: Vec<Run>,
}

/// Why nothing is told of what is erased.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// What is to be erased, and what was: a dry run.
///
/// # Errors
/// See [`RetentionError`].
pub async fn overview(cx: &Context) -> Result<Overview, RetentionError> {
    let loaded = cx.city()?;
    let retention = loaded.city.settings.retention;
    let cutoffs = retention.cutoffs(cx.now(), loaded.city.zone());
    let due = cx.store.retention_due(&cutoffs).await?;
    Ok(Overview { retention, cutoffs, due, runs: cx.store.retention_runs(SHOWN).await? })
}

/// The same, for a dispatcher.
///
/// # Errors
/// See [`RetentionError`].
pub async fn read(cx: &Context, _who: &Grant<ManagePersonalData>) -> Result<Overview, RetentionError> {
    overview(cx).await
}

/// Whether there was a concern of that id, which is no longer kept. Those who may not know of all there were are not told.
///
/// # Errors
/// When the database does not answer.
pub async fn is_concern_gone(cx: &Context, who: &Grant<ReadTickets>, id: ConcernId) -> Result<bool, Error> {
    Ok(who.caller().reaches_everything() && cx.store.is_gone(id.0).await?)
}

/// Whether there was a ticket that is called so, which is no longer kept; likewise.
///
/// # Errors
/// When the database does not answer.
pub async fn is_ticket_gone(cx: &Context, who: &Grant<ReadTickets>, ticket: &Named) -> Result<bool, Error> {
    Ok(who.caller().reaches_everything() && cx.store.is_ticket_gone(ticket).await?)
}

/// Why a run was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// There is no run of that id that waits.
    #[error("no such run waits")]
    NotWaiting,
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Lets a run begin that would erase unusually much.
///
/// # Errors
/// See [`ConfirmError`].
pub async fn confirm(
    cx: &Context,
    who: &Grant<ManagePersonalData>,
    id: RetentionRunId,
    once: Once<'_, Run>,
) -> Result<Done<Run>, ConfirmError> {
    once.run(cx, async |tx| {
        let run = tx.open_retention_run().await?.filter(|run| run.id == id && run.state == RunState::Waiting);
        let run = run.ok_or(ConfirmError::NotWaiting)?;
        let (confirmed_by, confirmed_at) = (Some(who.holder().user), Some(cx.now()));
        let run = Run { state: RunState::Running, confirmed_by, confirmed_at, ..run };
        tx.keep_retention_run(&run).await?;
        let Counts { contacts, texts, rows } = run.due;
        let (contacts, texts, rows) = (contacts.into(), texts.into(), rows.into());
        tx.audit(&who.record(Act::RetentionConfirmed { contacts, texts, rows }, cx.now()));
        Ok(run)
    })
    .await
}

/// Does the next part of what is to be erased: a batch of what somebody asked for and has ended, or else of the run that
/// is under way, or else plans the next one. Any number of workers may do this at once: they take turns. Returns whether
/// there may be more to do at once.
///
/// # Errors
/// When the database does not answer: what was not erased is erased next time.
pub async fn keep(cx: &Context) -> Result<bool, Error> {
    // What is erased is gone: how long things are kept is not as it was a moment ago.
    crate::city::reload(cx).await?;
    let Ok(loaded) = cx.city() else { return Ok(false) };
    let (retention, zone, now) = (loaded.city.settings.retention, loaded.city.zone(), cx.now());
    let tx = cx.store.begin().await?;
    if !tx.try_hold_retention().await? {
        // Another worker's turn.
        return Ok(false);
    }
    let asked = tx.asked_to_erase(BATCH).await?;
    if !asked.is_empty() {
        tx.erase_texts(&asked, now).await?;
        tx.commit().await?;
        return Ok(true);
    }
    let cutoffs = retention.cutoffs(now, zone);
    let run = match tx.open_retention_run().await? {
        Some(run) if run.state == RunState::Running => {
            let cutoffs = run.cutoffs.earliest(&cutoffs);
            erase(cx, &tx, run, &cutoffs, zone).await?
        }
        waiting => {
            if !is_due(&tx, waiting.as_ref(), zone, now).await? {
                return Ok(false);
            }
            plan(cx, &tx, waiting, cutoffs, retention.at_most).await?
        }
    };
    tx.commit().await?;
    Ok(run.state == RunState::Running)
}

/// Whether tonight's run is to be planned: the hour has come, and none was planned today, neither the one that waits nor
/// one that has ended.
async fn is_due(tx: &Tx, waiting: Option<&Run>, zone: Zone, now: DateTime<Utc>) -> Result<bool, Error> {
    let local = zone.local(now);
    let today = local.date_naive();
    let planned = match waiting {
        Some(run) => zone.day_of(run.planned_at) == today,
        None => match (zone.midnight(today), today.succ_opt().and_then(|day| zone.midnight(day))) {
            (Some(from), Some(before)) => tx.planned_retention(from, before).await?,
            _ => true,
        },
    };
    Ok(!planned && local.hour() >= HOUR)
}

/// Plans a run, in place of the one that waits. One that would erase more than `at_most` waits until a person confirms
/// it.
async fn plan(cx: &Context, tx: &Tx, waiting: Option<Run>, cutoffs: Cutoffs, at_most: u32) -> Result<Run, Error> {
    if let Some(run) = waiting {
        tx.drop_retention_run(run.id).await?;
    }
    let due = tx.retention_due(&cutoffs).await?;
    let most = due.contacts.max(due.texts).max(due.rows);
    let state = if most > at_most { RunState::Waiting } else { RunState::Running };
    let run = Run {
        id: RetentionRunId(cx.ids.next()),
        planned_at: cx.now(),
        cutoffs,
        state,
        due,
        erased: Counts::default(),
        confirmed_by: None,
        confirmed_at: None,
        finished_at: None,
    };
    tx.keep_retention_run(&run).await?;
    if state == RunState::Waiting {
        tracing::warn!(
            contacts = due.contacts,
            texts = due.texts,
            rows = due.rows,
            at_most,
            "unusually much is to be erased: nothing is until a dispatcher confirms it (POST /v1/retention/confirm)"
        );
    }
    Ok(run)
}

/// Clears what was kept for a time, some at a time: the answers for repeats of their requests, once they are a day old; sessions, a
/// month after their end; links, revocations and throttles that say nothing any more; a year later, who followed the links
/// of partners; what became of e-mails that came in, after 90 days, and those that dispatchers settled, and what was sent to
/// webhooks, after 30. Returns how much.
///
/// # Errors
/// When the database does not answer: what was not cleared is cleared next time.
pub async fn clear(cx: &Context) -> Result<u64, Error> {
    let now = cx.now();
    let answers = cx.store.clear_answers(now - TimeDelta::hours(24)).await?;
    let openings = cx.store.clear_openings(now - TimeDelta::days(365)).await?;
    let mail = cx.store.forget_mail(now - TimeDelta::days(90)).await?;
    let settled = cx.store.clear_settled_mail(now - TimeDelta::days(30)).await?;
    let identity = cx.store.clear_identity(now, now - TimeDelta::days(30)).await?;
    let deliveries = crate::webhook::forget(cx).await?;
    Ok(deliveries + answers + openings + mail + settled + identity)
}

/// One batch, the rows first: what is gone needs no other step.
async fn erase(cx: &Context, tx: &Tx, run: Run, cutoffs: &Cutoffs, zone: Zone) -> Result<Run, Error> {
    let (now, mut run) = (cx.now(), run);
    let count = |concerns: &[_]| u32::try_from(concerns.len()).unwrap_or(u32::MAX);
    let rows = tx.rows_to_remove(cutoffs.rows, ROWS).await?;
    if !rows.is_empty() {
        tx.remove_rows(&rows, zone, now).await?;
        run.erased.rows += count(&rows);
    } else if let texts = tx.texts_to_erase(cutoffs.texts, BATCH).await?
        && !texts.is_empty()
    {
        run.erased.texts += count(&tx.erase_texts(&texts, now).await?);
    } else if let contacts = tx.contacts_to_erase(cutoffs.contact, BATCH).await?
        && !contacts.is_empty()
    {
        tx.erase_contacts(&contacts, now).await?;
        run.erased.contacts += count(&contacts);
    } else if let Some(until) = tx.remove_audit(sealed_before(cutoffs.rows.min(kept_since(now)))).await? {
        // A day's entries. What they tell of concerns goes when these do.
        tx.audit(&Record { at: now, by: By::System, from: None, act: Act::AuditRemoved { until }, why: None });
    } else if crate::feed::forget(tx, now).await? == 0 {
        tx.erase_the_rest(cutoffs).await?;
        run = Run { state: RunState::Done, finished_at: Some(now), ..run };
        let Counts { contacts, texts, rows } = run.erased;
        tracing::info!(contacts, texts, rows, "what was kept for long enough is erased");
        if run.erased != Counts::default() {
            let act = Act::RetentionRan { contacts: contacts.into(), texts: texts.into(), rows: rows.into() };
            tx.audit(&Record { at: now, by: By::System, from: None, act, why: None });
        }
    }
    tx.keep_retention_run(&run).await?;
    Ok(run)
}
