//! Which hotspot is which: one that has grown, shrunk or moved a little is the same as before.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, METRES};
use crate::id::{ConcernId, HotspotId};
use crate::place::Point;

/// A hotspot that was found before.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Which.
    pub id: HotspotId,
    /// Where it was last.
    pub centre: Point,
}

/// Which of the known hotspots each of the found ones is; none for those that are new. `was` says in which hotspot each
/// concern was last.
///
/// It is the one that it shares most concerns with, as long as none that shares more takes it; else the nearest one
/// within 100 m that nobody takes: the place comes back, with other concerns.
#[must_use]
pub fn identify(found: &[Found], known: &[Known], was: &BTreeMap<ConcernId, HotspotId>) -> Vec<Option<HotspotId>> {
    let mut same: Vec<Option<HotspotId>> = vec![None; found.len()];
    let mut left: BTreeSet<HotspotId> = known.iter().map(|known| known.id).collect();
    let mut take = |at: usize, id: HotspotId| {
        if same[at].is_none() && left.remove(&id) {
            same[at] = Some(id);
        }
    };
    let mut shared = Vec::new();
    for (at, found) in found.iter().enumerate() {
        let mut with: BTreeMap<HotspotId, usize> = BTreeMap::new();
        found.concerns.iter().filter_map(|concern| was.get(concern)).for_each(|id| *with.entry(*id).or_default() += 1);
        shared.extend(with.into_iter().map(|(id, count)| (std::cmp::Reverse(count), id, at)));
    }
    shared.sort_unstable();
    for (_, id, at) in shared {
        take(at, id);
    }
    let mut near = Vec::new();
    for (at, found) in found.iter().enumerate() {
        let away = known.iter().map(|known| (found.centre.metres_to(known.centre), known.id, at));
        near.extend(away.filter(|(metres, ..)| *metres <= METRES));
    }
    near.sort_by(|one, other| one.0.total_cmp(&other.0).then_with(|| (one.1, one.2).cmp(&(other.1, other.2))));
    for (_, id, at) in near {
        take(at, id);
    }
    same
}
