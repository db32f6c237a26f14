//! Which rules are ever reached, and by which categories: category by category, what each rule wants and earlier ones
//! have left.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::warning::settled_first;
use super::{Faults, Kind, Named, never};
use crate::city::City;
use crate::city::catalogue::{Category, Sensitivity};
use crate::id::{CategoryCode, QuestionCode};
use crate::routing::condition::Condition;
use crate::routing::region::{Region, Space};
use crate::routing::words::Keyword;
use crate::routing::{Rule, RuleSet};

/// What is known of one rule.
#[derive(Default)]
struct Known<'a> {
    /// Nothing can be said: something is wrong with it, or it comes to too many cases.
    unclear: bool,
    /// Some concern meets its conditions.
    met: bool,
    /// The categories whose concerns reach it.
    reached_by: Vec<&'a Category>,
    /// The rules that take what it wants.
    taken_by: BTreeSet<usize>,
}

impl<'a> Known<'a> {
    fn reached(&mut self, category: &'a Category) {
        if self.reached_by.last().is_none_or(|last| last.code != category.code) {
            self.reached_by.push(category);
        }
    }
}

/// Which rules of a set are reached.
pub(super) struct Reach<'a> {
    rules: &'a [Rule],
    pub(super) city: &'a City,
    readable: &'a [bool],
    keywords: Vec<&'a Keyword>,
    bounds: BTreeMap<&'a CategoryCode, BTreeMap<&'a QuestionCode, Vec<i64>>>,
    /// What is left of the work that a look may cost.
    left: Cell<u64>,
}

/// What a look at a whole set may cost: some tenths of a second. What is not known by then counts as reached.
const MOST_WORK: u64 = 10_000_000;

impl<'a> Reach<'a> {
    /// `readable` says of each rule whether its conditions name only what there is.
    pub(super) fn of(set: &'a RuleSet, city: &'a City, readable: &'a [bool]) -> Self {
        // What comes after a rule that matches always is told once, of that rule.
        let end = set.rules.iter().position(|rule| rule.when == (Condition::Always {}));
        let rules = &set.rules[..end.map_or(set.rules.len(), |end| end + 1)];
        let mut reach =
            Self { rules, city, readable, keywords: Vec::new(), bounds: BTreeMap::new(), left: Cell::new(MOST_WORK) };
        for rule in rules {
            reach.note(&rule.when);
        }
        reach.keywords.sort_unstable();
        reach.keywords.dedup();
        for category in &city.catalogue {
            let bounds = reach.bounds.entry(&category.code).or_default();
            for question in &category.questions {
                let bounds = bounds.entry(&question.code).or_default();
                bounds.extend([question.min, question.max].into_iter().flatten());
                bounds.sort_unstable();
                bounds.dedup();
            }
        }
        reach
    }

    /// Notes what a condition tells apart.
    fn note(&mut self, condition: &'a Condition) {
        match condition {
            Condition::Keywords { any_of } => self.keywords.extend(any_of),
            Condition::Answer { category, question, at_least, at_most, .. } => {
                let bounds = self.bounds.entry(category).or_default().entry(question).or_default();
                bounds.extend([at_least, at_most].into_iter().flatten());
            }
            other => other.parts().iter().for_each(|part| self.note(part)),
        }
    }

    fn spaces<'s>(&'s self, category: &'s Category) -> [Space<'s>; 2] {
        self.spaces_within(category, &self.left)
    }

    /// The concerns of a category that have a point, and those that have an address alone; at the cost of that work.
    pub(super) fn spaces_within<'s>(&'s self, category: &'s Category, left: &'s Cell<u64>) -> [Space<'s>; 2] {
        [true, false]
            .map(|placed| Space::new(self.city, category, &self.keywords, &self.bounds[&category.code], placed, left))
    }

    /// The categories whose concerns are routed: of the others, people are given numbers to call.
    pub(super) fn routed(&self) -> impl Iterator<Item = &'a Category> + use<'a> {
        self.city.catalogue.iter().filter(|category| category.sensitivity != Sensitivity::SignpostOnly)
    }

    fn known(&self) -> Vec<Known<'a>> {
        let mut known: Vec<Known<'a>> = self.rules.iter().map(|_| Known::default()).collect();
        for (known, readable) in known.iter_mut().zip(self.readable) {
            known.unclear = !readable;
        }
        for category in self.routed() {
            for space in self.spaces(category) {
                self.look_at(category, &space, &mut known);
            }
        }
        known
    }

    fn look_at(&self, category: &'a Category, space: &Space<'_>, known: &mut [Known<'a>]) {
        let mut taken: Vec<(usize, Region<'_>)> = Vec::new();
        for (at, rule) in self.rules.iter().enumerate().filter(|(at, _)| self.readable[*at]) {
            let known = &mut known[at];
            let Some(wanted) = space.regions(&rule.when) else {
                known.unclear = true;
                known.reached(category);
                continue;
            };
            if wanted.is_empty() {
                continue;
            }
            known.met = true;
            match left(space, wanted.clone(), &taken, &mut known.taken_by) {
                Some(left) if left.is_empty() => {}
                Some(_) => known.reached(category),
                None => {
                    known.unclear = true;
                    known.reached(category);
                }
            }
            taken.extend(wanted.into_iter().map(|region| (at, region)));
        }
    }

    pub(super) fn faults(&self, faults: &mut Faults) {
        let for_reasons = Cell::new(never::MOST_WORK);
        for (at, known) in self.known().into_iter().enumerate() {
            let rule = &self.rules[at];
            let place = || format!("/{at}/when");
            if rule.when == (Condition::Always {}) || known.unclear || !known.reached_by.is_empty() {
                self.check_partners(at, &known, faults);
            } else if !known.met {
                faults.add(rule, place(), Kind::NeverMet(self.why_never(&rule.when, &for_reasons)));
            } else if let Some(same) = known.taken_by.iter().find(|earlier| self.are_same(**earlier, at)) {
                faults.add(rule, place(), Kind::SameConditions((&self.rules[*same]).into()));
            } else {
                let by = known.taken_by.iter().map(|earlier| (&self.rules[*earlier]).into()).collect();
                faults.add(rule, place(), Kind::Covered(by));
            }
        }
    }

    /// Whether two rules want the same concerns.
    fn are_same(&self, one: usize, other: usize) -> bool {
        self.routed().flat_map(|category| self.spaces(category)).all(|space| {
            let within = |inner: usize, outer: usize| {
                let outer = space.regions(&self.rules[outer].when)?;
                let outer: Vec<_> = outer.into_iter().map(|region| (0, region)).collect();
                let inner = space.regions(&self.rules[inner].when)?;
                left(&space, inner, &outer, &mut BTreeSet::new())
            };
            [within(one, other), within(other, one)].iter().all(|left| left.as_ref().is_some_and(Vec::is_empty))
        })
    }

    /// Partners that would receive, or be told of, what they may not know of.
    fn check_partners(&self, at: usize, known: &Known<'_>, faults: &mut Faults) {
        let rule = &self.rules[at];
        for (field, codes) in [("send_to", &rule.send_to), ("watchers", &rule.watchers)] {
            for (to, code) in codes.iter().enumerate() {
                let Some(service) = self.city.service(code) else { continue };
                let barred = known.reached_by.iter().filter(|category| !service.may_have(category.secrecy()));
                let categories: Vec<Named> = barred.map(|category| Named::from(*category)).collect();
                if !categories.is_empty() {
                    let kind = Kind::PartnerNotEntitled { service: service.into(), categories };
                    faults.add(rule, format!("/{at}/{field}/{to}"), kind);
                }
            }
        }
    }

    pub(super) fn warnings(&self, faults: &mut Faults) {
        let known = self.known();
        for (at, (rule, known)) in self.rules.iter().zip(&known).enumerate() {
            if let Some(field) = settled_first(self.city, rule, &known.reached_by) {
                faults.add(rule, format!("/{at}/{field}"), Kind::AcknowledgedAfterResolved);
            }
        }
        let Some((last, before)) = known.split_last() else { return };
        let (Some(rule), false) = (self.rules.last(), before.iter().any(|known| known.unclear)) else { return };
        if rule.when != (Condition::Always {}) {
            return;
        }
        let reaches = |known: &Known<'_>, category: &Category| known.reached_by.iter().any(|c| c.code == category.code);
        let only = last.reached_by.iter().filter(|category| !before.iter().any(|known| reaches(known, category)));
        let only: Vec<Named> = only.map(|category| Named::from(*category)).collect();
        if !only.is_empty() {
            faults.add(rule, format!("/{}", self.rules.len() - 1), Kind::OnlyCatchAll(only));
        }
    }
}

/// What is left of boxes when earlier rules have taken theirs, and which of them have taken something; none when it
/// comes to too many boxes.
fn left<'a>(
    space: &Space<'a>,
    wanted: Vec<Region<'a>>,
    taken: &[(usize, Region<'a>)],
    by: &mut BTreeSet<usize>,
) -> Option<Vec<Region<'a>>> {
    let mut left = wanted;
    for (rule, region) in taken {
        if left.is_empty() {
            break;
        }
        let cut;
        (left, cut) = space.without(left, region)?;
        if cut {
            by.insert(*rule);
        }
    }
    Some(left)
}
