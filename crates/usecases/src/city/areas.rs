//! Areas that were kept, held against the zonings in force: what would change, and the change itself.
//!
//! Concerns, tickets and cafés keep their areas as they were when filed or planned. After the city has drawn a zoning anew,
//! an operator may have all of them follow. Where they are does not change, nor who the ticket was sent to, so that it is
//! no turn of a ticket: no event, no message, no other version. The audit log records it, batch by batch.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use domain::audit::{Act, By, Record};
use domain::city::City;
use domain::id::{AreaCode, ZoningCode};
use domain::place::Areas;
use store::Error;
use store::area::{Keeper, Kept, Walk};
use uuid::Uuid;

use crate::{Context, NoCity};

/// How many concerns, with their tickets, or cafés are looked at and written at once.
const BATCH: u64 = 500;

/// How many of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Concerns.
    pub concerns: u64,
    /// Tickets.
    pub tickets: u64,
    /// Cafés.
    pub cafes: u64,
}

impl Counts {
    fn of(keeper: Keeper, count: u64) -> Self {
        let mut counts = Self::default();
        match keeper {
            Keeper::Concern => counts.concerns = count,
            Keeper::Ticket => counts.tickets = count,
            Keeper::Cafe => counts.cafes = count,
        }
        counts
    }

    /// All of them.
    #[must_use]
    pub const fn sum(self) -> u64 {
        self.concerns + self.tickets + self.cafes
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.concerns += other.concerns;
        self.tickets += other.tickets;
        self.cafes += other.cafes;
    }
}

/// From which area of a zoning to which; none where there is none.
pub type Move = (ZoningCode, Option<AreaCode>, Option<AreaCode>);

/// What was found, and what was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// How many were looked at.
    pub seen: Counts,
    /// How many keep other areas than the zonings in force give.
    pub differ: Counts,
    /// How many were written.
    pub written: Counts,
    /// Emergencies and crimes: no place is kept that could be looked up, and their areas stay as they are.
    pub without_place: u64,
    /// How many go from which area to which.
    pub moves: BTreeMap<Move, Counts>,
    /// How many lie in no area of a zoning in force.
    pub in_none: BTreeMap<ZoningCode, Counts>,
}

/// Why it stopped.
#[derive(Debug, thiserror::Error)]
pub enum AreasError {
    /// No city was loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The zonings may be others by now.
    #[error("the city was changed meanwhile; what was written stays, and the rest follows when this is done again")]
    CityChanged,
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Holds all areas that are kept against the zonings in force; writes those that differ, if that is meant. Each batch is one
/// transaction: it may be interrupted, done again, and done by several at once.
///
/// # Errors
/// See [`AreasError`].
pub async fn recompute(cx: &Context, write: bool) -> Result<Report, AreasError> {
    super::reload(cx).await?;
    let loaded = cx.city()?;
    let mut report = Report::default();
    for walk in [Walk::Concerns, Walk::Cafes] {
        let mut after = None;
        loop {
            let page = cx.store.kept_areas(walk, after, BATCH).await?;
            let changed = report.look_at(&loaded.city, &page.items);
            if write && !changed.is_empty() {
                report.written += self::write(cx, loaded.revision, &changed).await?;
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(report)
}

/// What has to be written, by what keeps it.
type Changed = BTreeMap<Keeper, Vec<(Uuid, Areas)>>;

async fn write(cx: &Context, revision: i64, changed: &Changed) -> Result<Counts, AreasError> {
    let tx = cx.store.begin().await?;
    // Whoever loads a city waits, so that the zonings stay those that were looked at.
    if tx.hold_rules().await?.revision != revision {
        return Err(AreasError::CityChanged);
    }
    let mut written = Counts::default();
    for (keeper, areas) in changed {
        written += Counts::of(*keeper, tx.save_areas(*keeper, areas).await?);
    }
    let Counts { concerns, tickets, cafes } = written;
    if written.sum() > 0 {
        let act = Act::AreasRecomputed { concerns, tickets, cafes };
        tx.audit(&Record { at: cx.now(), by: By::Operator, from: None, act, why: None });
    }
    tx.commit().await?;
    Ok(written)
}

impl Report {
    /// Counts these, and returns the areas that differ from what is kept.
    fn look_at(&mut self, city: &City, all: &[Kept]) -> Changed {
        let mut changed = Changed::new();
        for Kept { keeper, id, point, areas } in all {
            let one = Counts::of(*keeper, 1);
            self.seen += one;
            let Some(point) = *point else {
                self.without_place += 1;
                continue;
            };
            let found = city.areas_at(point);
            for zoning in city.zonings.iter().map(|zoning| &zoning.code).filter(|code| !found.contains_key(*code)) {
                *self.in_none.entry(zoning.clone()).or_default() += one;
            }
            if found == *areas {
                continue;
            }
            self.differ += one;
            for zoning in areas.keys().chain(found.keys().filter(|code| !areas.contains_key(*code))) {
                let (from, to) = (areas.get(zoning), found.get(zoning));
                if from != to {
                    *self.moves.entry((zoning.clone(), from.cloned(), to.cloned())).or_default() += one;
                }
            }
            changed.entry(*keeper).or_default().push((*id, found));
        }
        changed
    }
}
