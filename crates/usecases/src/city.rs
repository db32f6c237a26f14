//! The city in memory: read when an instance starts, and again when another has changed it.

pub mod areas;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::audit::{Act, By, Record};
use domain::city::City;
use domain::city::organisation::ServiceKind;
use domain::city::zoning::Area;
use domain::id::{AreaCode, ServiceCode, ZoningCode};
use domain::text::Reason;
use store::Error;
use store::city::Changed;

use crate::Context;

/// Why a city is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The rules in force, of this version, were published by a person, and are not those of the files.
    #[error(
        "the routing rules in force (version {0}) were published over the API, and are not those of the files: export \
         them first (`continuum city export`), or load with --replace-rules and --reason"
    )]
    RulesPublished(i32),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Makes the database's city the given one, as a whole or not at all. Returns what changed; nothing when nothing did. Rules
/// that a person published are replaced only when that is meant. `why` is kept with rules that change, and in the audit log.
///
/// The city must have passed [`City::check`].
///
/// # Errors
/// See [`LoadError`].
pub async fn load(
    cx: &Context,
    city: &City,
    replace_rules: bool,
    why: Option<&Reason>,
    now: DateTime<Utc>,
) -> Result<Vec<Changed>, LoadError> {
    let tx = cx.store.begin().await?;
    tx.hold_rules().await?;
    if let (Some(version), false) = (tx.rules_of_people(&city.rules.rules).await?, replace_rules) {
        return Err(LoadError::RulesPublished(version));
    }
    let changes = tx.put_city(city, why.map(Reason::as_str), now).await?;
    if !changes.is_empty() {
        let act = Act::CityLoaded { changed: changes.iter().map(|change| change.part.to_owned()).collect() };
        tx.audit(&Record { at: now, by: By::Operator, from: None, act, why: why.map(|why| why.as_str().to_owned()) });
    }
    tx.commit().await?;
    catch_up(cx).await;
    Ok(changes)
}

/// What loading a city would do to what is there already, without being wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losses {
    /// Areas of the database's zonings that the city no longer has.
    pub areas: Vec<(ZoningCode, AreaCode)>,
    /// Services that the city no longer has, and that still have open tickets.
    pub services: Vec<ServiceCode>,
    /// Services that rules send to, and to which nobody with an account belongs.
    pub unstaffed: BTreeSet<ServiceCode>,
}

/// What is worth a look before a city is loaded; nothing before the first one is.
///
/// # Errors
/// When the database does not answer.
pub async fn losses(cx: &Context, city: &City) -> Result<Losses, Error> {
    let Some(before) = cx.store.city().await? else { return Ok(Losses::default()) };
    let lost = before.city.zonings.iter().flat_map(|zoning| {
        let is_lost = |area: &&Area| city.zoning(&zoning.code).and_then(|zoning| zoning.area(&area.code)).is_none();
        zoning.areas().iter().filter(is_lost).map(|area| (zoning.code.clone(), area.code.clone()))
    });
    let services: BTreeSet<ServiceCode> = city.services.iter().map(|service| service.code.clone()).collect();
    let staffed = cx.store.staffed_services().await?;
    // Before anybody has an account, nobody is missing.
    let is_unstaffed = |code: &&ServiceCode| {
        let municipal = city.service(code).is_some_and(|service| service.kind == ServiceKind::Municipal);
        municipal && !staffed.is_empty() && !staffed.contains(*code)
    };
    let sent_to = city.rules.rules.iter().flat_map(|rule| &rule.send_to);
    Ok(Losses {
        areas: lost.collect(),
        services: cx.store.services_with_open_tickets().await?.difference(&services).cloned().collect(),
        unstaffed: sent_to.filter(is_unstaffed).cloned().collect(),
    })
}

/// Reads the city again if it has changed. Returns whether it had.
///
/// # Errors
/// When the database does not answer; the city stays as it was last read.
pub async fn reload(cx: &Context) -> Result<bool, Error> {
    let held = cx.city.load().as_ref().map(|loaded| loaded.revision);
    if cx.store.city_revision().await? == held {
        return Ok(false);
    }
    let loaded = cx.store.city().await?;
    if let Some(loaded) = &loaded {
        tracing::info!(revision = loaded.revision, "the city was read");
    }
    cx.city.store(loaded.map(Arc::new));
    Ok(true)
}

/// The same after a change of the city was committed: that is done, whatever comes of this. Where the city cannot be read at
/// once, an instance that serves reads it when it hears of the change, or looks.
pub(crate) async fn catch_up(cx: &Context) {
    if let Err(error) = reload(cx).await {
        tracing::warn!(%error, "the city was changed, and cannot be read again yet");
    }
}
