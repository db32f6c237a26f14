//! How the cafés keep to the rhythm that the city wishes.

use auth::Grant;
use auth::permission::ReadCafes;
use chrono::{DateTime, NaiveDate, Utc};
use domain::city::City;
use domain::city::zoning::Area;
use domain::id::{AreaCode, ZoningCode};
use domain::rights::Right;
use domain::time::Interval;
use store::Scope;
use store::cafe::cadence::{AreaCafes, Brief};
use store::ticket::Owed;

use crate::{Context, NoCity, of, today};

/// How the cafés of an area keep to the rhythm.
#[derive(Debug, Clone)]
pub struct AreaCadence {
    /// The area.
    pub area: AreaCode,
    /// What people call it.
    pub name: String,
    /// The last café that took place there, be it that nobody said that it is held: concerns were heard at it.
    pub last: Option<Brief>,
    /// The next one that is planned there, and at which no concerns were heard yet.
    pub next: Option<Brief>,
    /// The day by which the next one should take place; none when the city wishes no rhythm, or none ever did.
    pub due_on: Option<NaiveDate>,
    /// Whether that day is over, or the city wishes a rhythm and none ever took place.
    pub overdue: bool,
    /// How many open tickets of its cafés the caller may know of; none when they read no ticket.
    pub owed: Option<Owed>,
}

/// How the cafés of the city keep to the rhythm.
#[derive(Debug, Clone)]
pub struct Rhythm {
    /// The zoning in whose areas cafés are counted.
    pub zoning: ZoningCode,
    /// Each of its areas, in the order of the file.
    pub areas: Vec<AreaCadence>,
}

/// Why it is not told.
#[derive(Debug, thiserror::Error)]
pub enum CadenceError {
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The last and the next café of each area, and what is still owed there.
///
/// # Errors
/// See [`CadenceError`].
pub async fn cadence(cx: &Context, who: &Grant<ReadCafes>) -> Result<Rhythm, CadenceError> {
    let loaded = cx.city()?;
    let (city, now) = (of(&loaded), cx.now());
    let zoning = city.cafe_zoning();
    let areas: &[Area] = city.zoning(zoning).map_or(&[], |zoning| zoning.areas());
    let codes: Vec<AreaCode> = areas.iter().map(|area| area.code.clone()).collect();
    let cafes = cx.store.cafes_by_area(zoning, &codes, now).await?;
    let owed = if who.caller().has(Right::ReadTickets) {
        let owed = cx.store.count_owed(&Scope::of(who.caller()), zoning, &codes, now).await?;
        owed.into_iter().map(Some).collect()
    } else {
        vec![None; codes.len()]
    };
    let every = city.settings.cafes.as_ref().map(|cadence| cadence.every);
    let cadence = |((area, cafes), owed): ((&Area, AreaCafes), Option<Owed>)| {
        let AreaCafes { last, next, .. } = cafes;
        let (due_on, overdue) = due(city, every, last.as_ref().map(|last| last.starts_at), now);
        AreaCadence { area: area.code.clone(), name: area.name.clone(), last, next, due_on, overdue, owed }
    };
    let areas = areas.iter().zip(cafes).zip(owed).map(cadence).collect();
    Ok(Rhythm { zoning: zoning.clone(), areas })
}

/// The day by which the next café of an area should be held, and whether it is overdue.
pub(crate) fn due(
    city: &City,
    every: Option<Interval>,
    last: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> (Option<NaiveDate>, bool) {
    let due_on = every.zip(last).map(|(every, last)| every.after(today(city, last)));
    (due_on, every.is_some() && due_on.is_none_or(|due| due < today(city, now)))
}
