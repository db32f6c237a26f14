//! Places that come back: found by the worker, read by the police and by the services.

pub use store::hotspot::{After, Filter, Hotspot, OnMap};

use std::collections::{BTreeMap, BTreeSet};

use auth::Grant;
use auth::permission::ReadHotspots;
use domain::city::City;
use domain::hotspot::{LEAST, METRES, Sighting, Square, Squares, family, find, identify, since};
use domain::id::{CategoryCode, ConcernId, HotspotId};
use domain::person::Role;
use domain::place::{Areas, Bounds, Circle, Point};
use domain::statistics::mask;
use store::hotspot::{Kept, Placed, Precision, Progress, Reach};
use store::{Error, Page, Tx};

use crate::ticket::ListError;
use crate::{Context, of};

/// Around how many concerns is looked in one transaction.
const BATCH: u32 = 500;

/// A page of hotspots, those with the latest concern first. Agents and dispatchers know of all; others of those of which
/// three concerns have a ticket at their services, and of these concerns alone.
///
/// # Errors
/// When the database does not answer.
pub async fn list(
    cx: &Context,
    who: &Grant<ReadHotspots>,
    filter: &Filter,
    after: Option<After>,
    limit: u64,
) -> Result<Page<Hotspot, After>, Error> {
    let reach = reach(who);
    cx.store.hotspots(&reach, filter, after, limit).await
}

fn reach(who: &Grant<ReadHotspots>) -> Reach {
    let person = who.person();
    if person.is(Role::Agent) || person.is(Role::Dispatcher) {
        Reach::Everything
    } else {
        Reach::OfServices(person.services.iter().cloned().collect(), LEAST as u64)
    }
}

/// A hotspot as the public may know it: of five concerns or more, its place to the thousandth of a degree (70 to 110 m), how
/// many as the nearest multiple of five, its time in months.
#[derive(Debug, Clone, PartialEq)]
pub struct Public {
    /// Which.
    pub id: HotspotId,
    /// The family of its concerns.
    pub family: CategoryCode,
    /// About where.
    pub near: Point,
    /// In which street.
    pub street: Option<String>,
    /// The areas of the place.
    pub areas: Areas,
    /// About how many concerns of the last 12 months make it.
    pub about: u64,
    /// The month of the first one: `2026-03`.
    pub first_month: String,
    /// The month of the last one.
    pub last_month: String,
}

/// A page of the hotspots that the public may know of, in the order of their ids. For everybody.
///
/// # Errors
/// When no city is loaded, or the database does not answer.
pub async fn public(
    cx: &Context,
    asked: &OnMap,
    after: Option<HotspotId>,
    limit: u64,
) -> Result<Page<Public, HotspotId>, ListError> {
    let zone = cx.city()?.city.zone();
    let page = cx.store.hotspots_on_map(&Precision::Coarse(mask::LEAST), asked, zone.name(), after, limit).await?;
    let month = |at| zone.local(at).format("%Y-%m").to_string();
    let public = |hotspot: Hotspot| Public {
        id: hotspot.id,
        family: hotspot.family,
        near: hotspot.centre,
        street: hotspot.street,
        areas: hotspot.areas,
        about: mask::rounded(hotspot.concerns).unwrap_or_default(),
        first_month: month(hotspot.first_at),
        last_month: month(hotspot.last_at),
    };
    Ok(Page { items: page.items.into_iter().map(public).collect(), next: page.next })
}

/// A page of the hotspots that the caller may know of, as [`list`] says, in the order of their ids.
///
/// # Errors
/// When no city is loaded, or the database does not answer.
pub async fn on_map(
    cx: &Context,
    who: &Grant<ReadHotspots>,
    asked: &OnMap,
    after: Option<HotspotId>,
    limit: u64,
) -> Result<Page<Hotspot, HotspotId>, ListError> {
    let zone = cx.city()?.city.zone();
    Ok(cx.store.hotspots_on_map(&Precision::Exact(reach(who)), asked, zone.name(), after, limit).await?)
}

/// Looks again around the concerns that came, and around those that have grown too old; everywhere, once the city has
/// changed. One worker at a time. Returns around how many concerns it has looked.
///
/// # Errors
/// When the database does not answer: then nothing has changed.
pub async fn keep(cx: &Context) -> Result<usize, Error> {
    let Ok(loaded) = cx.city() else { return Ok(0) };
    let tx = cx.store.begin().await?;
    if !tx.try_hold_hotspots().await? {
        return Ok(0);
    }
    let city = of(&loaded);
    let now = Progress { since: since(cx.now(), city.zone()), revision: loaded.revision };
    let before = tx.hotspot_progress().await?;
    let same_city = before.filter(|before| before.revision == now.revision);
    let (mut looked, mut touched) = (0, BTreeSet::new());
    if let Some(before) = same_city {
        let mut around = tx.take_hotspots_due(BATCH).await?;
        around.extend(tx.placed_between(before.since, now.since).await?);
        looked = around.len();
        let mut families: BTreeMap<&CategoryCode, Vec<Placed>> = BTreeMap::new();
        for placed in around {
            if let Some(family) = family(city, &placed.category) {
                families.entry(family).or_default().push(placed);
            }
        }
        for (family, around) in families {
            let concerns = around.iter().map(|placed| placed.concern).collect();
            let linked = linked(&tx, city, family, &around, now).await?;
            touched.append(&mut look(cx, &tx, city, family, linked, concerns).await?);
        }
    } else {
        tx.clear_hotspots_due().await?;
        touched = tx.leave_all_hotspots().await?;
        // One after the other: never all that was heard within a year in memory.
        let families: BTreeSet<&CategoryCode> =
            city.catalogue.iter().filter_map(|category| family(city, &category.code)).collect();
        for family in families {
            let all = by_id(tx.placed_since(&categories(city, family), now.since).await?);
            looked += all.len();
            touched.append(&mut look(cx, &tx, city, family, all, BTreeSet::new()).await?);
        }
    }
    if before != Some(now) {
        tx.put_hotspot_progress(now).await?;
    }
    tx.count_hotspots(&touched, LEAST, city.zone().name()).await?;
    tx.commit().await?;
    Ok(looked)
}

/// The categories of a family.
fn categories(city: &City, of: &CategoryCode) -> Vec<CategoryCode> {
    let codes = city.catalogue.iter().map(|category| &category.code);
    codes.filter(|code| family(city, code) == Some(of)).cloned().collect()
}

fn by_id(placed: Vec<Placed>) -> BTreeMap<ConcernId, Placed> {
    placed.into_iter().map(|placed| (placed.concern, placed)).collect()
}

/// Finds the hotspots of a family among these concerns anew. `changed` are those that came or grew too old. Returns the
/// hotspots that may be other ones now.
async fn look(
    cx: &Context,
    tx: &Tx,
    city: &City,
    of: &CategoryCode,
    linked: BTreeMap<ConcernId, Placed>,
    changed: BTreeSet<ConcernId>,
) -> Result<BTreeSet<HotspotId>, Error> {
    let concerns: BTreeSet<ConcernId> = linked.keys().copied().chain(changed).collect();
    let was = tx.hotspots_of(&concerns).await?;
    let mut touched: BTreeSet<HotspotId> = was.values().copied().collect();
    let sightings: Vec<Sighting> =
        linked.values().map(|placed| Sighting { concern: placed.concern, point: placed.point }).collect();
    let found = crate::apart(&cx.looking, move || find(&sightings)).await;
    let known = tx.known_hotspots(of, &touched, bounds(found.iter().map(|found| found.centre)), &concerns).await?;
    tx.leave_hotspots(&concerns).await?;
    let mut kept = Vec::with_capacity(found.len());
    for (found, same) in found.iter().zip(identify(&found, &known, &was)) {
        let id = same.unwrap_or_else(|| HotspotId(cx.ids.next()));
        touched.insert(id);
        let streets = found.concerns.iter().filter_map(|concern| linked[concern].street.as_deref());
        let areas = city.areas_at(found.centre);
        kept.push(Kept { id, found, street: most_frequent(streets), areas });
    }
    tx.put_hotspots(of, &kept, cx.now()).await?;
    Ok(touched)
}

/// The concerns that are linked with one of these, each in the same square as the next or in one beside it: what is found
/// around these depends on no others.
async fn linked(
    tx: &Tx,
    city: &City,
    of: &CategoryCode,
    around: &[Placed],
    now: Progress,
) -> Result<BTreeMap<ConcernId, Placed>, Error> {
    let categories = categories(city, of);
    let highest = around.iter().map(|placed| placed.point.lat.abs()).fold(0.0, f64::max);
    // A city is less than a degree tall.
    let squares = Squares::up_to(highest + 1.0);
    let mut linked: BTreeMap<ConcernId, Placed> = BTreeMap::new();
    let beside = |placed: &Placed| Squares::around(squares.of(placed.point));
    let mut front: BTreeSet<Square> = around.iter().flat_map(beside).collect();
    let mut seen = front.clone();
    while !front.is_empty() {
        let bounds: Vec<Bounds> = front.iter().map(|square| squares.bounds(*square)).collect();
        front.clear();
        for placed in tx.placed_within(&categories, now.since, &bounds).await? {
            front.extend(beside(&placed).filter(|square| seen.insert(*square)));
            linked.insert(placed.concern, placed);
        }
    }
    Ok(linked)
}

/// Bounds that hold these points and 100 m around each.
fn bounds(points: impl Iterator<Item = Point>) -> Bounds {
    let nowhere = Bounds { west: f64::MAX, south: f64::MAX, east: f64::MIN, north: f64::MIN };
    points.map(|centre| Circle { centre, metres: METRES }.bounds()).fold(nowhere, |all, one| Bounds {
        west: all.west.min(one.west),
        south: all.south.min(one.south),
        east: all.east.max(one.east),
        north: all.north.max(one.north),
    })
}

/// What occurs most often; of several, the first of the alphabet.
fn most_frequent<'a>(streets: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    streets.for_each(|street| *counts.entry(street).or_default() += 1);
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map(|(street, _)| street.to_owned())
}
