//! What a condition lets pass, as regions: for concerns about one category, everything else that a rule can look at is
//! a finite attribute, and a condition is a union of boxes over attributes. So one can say whether rules leave anything
//! of what another one wants.
//!
//! What differs only in ways that no rule tells apart is one value: the numbers between two bounds, all texts with the
//! same keywords. Attributes are taken as independent of one another, but for keywords that contain others; so what
//! seems possible may be impossible (two areas that nowhere meet), and never the other way round. Conditions that come
//! to too many boxes are given up: nothing is said of them.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::condition::{Condition, Day, Owned};
use super::words::Keyword;
use crate::city::City;
use crate::city::catalogue::Category;
use crate::city::question::Kind;
use crate::concern::Origin;
use crate::id::{ChoiceCode, OrganisationCode, QuestionCode};
use crate::ticket::Priority;

/// More boxes than this are given up.
const MOST: usize = 2048;

/// Something about a concern, beside its category, that rules look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Attribute<'a> {
    /// The area in a zoning, by number; the one after the last stands for none.
    Area(usize),
    Origin,
    Priority,
    Weekday,
    Hour,
    /// The answer to a question with one answer; the last value stands for none.
    Answer(&'a QuestionCode),
    /// Whether a choice is among the answers to a question with several.
    Chosen(&'a QuestionCode, &'a ChoiceCode),
    /// Whether a keyword of the set is in the description.
    Word(usize),
}

/// Some values of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Values(Vec<bool>);

impl Values {
    pub(super) fn of(size: usize, has: impl Fn(usize) -> bool) -> Self {
        Self((0..size).map(has).collect())
    }

    fn is_empty(&self) -> bool {
        !self.0.contains(&true)
    }

    fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| *a && *b).collect())
    }

    fn within(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(own, others)| !*own || *others)
    }

    fn without(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| *a && !*b).collect())
    }
}

/// A box: of each attribute these values, of those that are not named any.
pub(super) type Region<'a> = BTreeMap<Attribute<'a>, Values>;

/// Everything that the rules of a set can tell apart about concerns of one category.
pub(super) struct Space<'a> {
    city: &'a City,
    category: &'a Category,
    keywords: &'a [&'a Keyword],
    /// The bounds that rules set to a number, and those of its question, in order.
    bounds: &'a BTreeMap<&'a QuestionCode, Vec<i64>>,
    /// Whether their place is known as a point: those that have an address alone lie in no area.
    placed: bool,
    /// What is left of the work that it all may cost; at nought, nothing more is found out.
    work: &'a Cell<u64>,
}

/// What a simple condition asks.
enum Asked<'a> {
    Known(bool),
    /// One of these attributes has one of these values.
    AnyOf(Vec<(Attribute<'a>, Values)>),
}

impl<'a> Space<'a> {
    pub(super) const fn new(
        city: &'a City,
        category: &'a Category,
        keywords: &'a [&'a Keyword],
        bounds: &'a BTreeMap<&'a QuestionCode, Vec<i64>>,
        placed: bool,
        work: &'a Cell<u64>,
    ) -> Self {
        Self { city, category, keywords, bounds, placed, work }
    }

    /// The boxes that a condition lets pass; none when they are too many.
    pub(super) fn regions(&self, condition: &'a Condition) -> Option<Vec<Region<'a>>> {
        if self.work.get() == 0 {
            return None;
        }
        let regions = self.regions_of(condition, true)?;
        (self.work.get() > 0).then_some(regions)
    }

    /// The boxes that pass conditions which must all hold, or must not (`false`); none when they are too many.
    pub(super) fn all_of(&self, asked: impl Iterator<Item = (&'a Condition, bool)>) -> Option<Vec<Region<'a>>> {
        let mut regions = vec![Region::new()];
        for (condition, holds) in asked {
            if self.work.get() == 0 {
                return None;
            }
            let others = self.regions_of(condition, holds)?;
            let pairs = regions.iter().flat_map(|region| others.iter().map(move |other| (region, other)));
            regions = self.united(pairs.filter_map(|(region, other)| self.both(region, other)))?;
        }
        Some(regions)
    }

    /// The boxes, but for those that lie within another; none when they are too many. Conditions that say the same thing in
    /// several ways come to no more boxes than if they said it once.
    fn united(&self, all: impl Iterator<Item = Region<'a>>) -> Option<Vec<Region<'a>>> {
        let mut regions: Vec<Region<'a>> = Vec::new();
        for one in all {
            if self.work.get() == 0 {
                return None;
            }
            self.cost(1 + regions.len());
            if regions.iter().any(|other| self.lies_within(&one, other)) {
                continue;
            }
            regions.retain(|other| !self.lies_within(other, &one));
            regions.push(one);
            if regions.len() > MOST {
                return None;
            }
        }
        Some(regions)
    }

    fn lies_within(&self, inner: &Region<'a>, outer: &Region<'a>) -> bool {
        outer.iter().all(|(what, values)| match inner.get(what) {
            Some(own) => own.within(values),
            None => self.all(*what).within(values),
        })
    }

    fn regions_of(&self, condition: &'a Condition, holds: bool) -> Option<Vec<Region<'a>>> {
        match (condition, holds) {
            (Condition::Not { of }, _) => self.regions_of(of, !holds),
            (Condition::All { of }, true) | (Condition::Any { of }, false) => {
                self.all_of(of.iter().map(|part| (part, holds)))
            }
            (Condition::Any { of }, true) | (Condition::All { of }, false) => {
                let parts: Option<Vec<_>> = of.iter().map(|part| self.regions_of(part, holds)).collect();
                self.united(parts?.into_iter().flatten())
            }
            (simple, _) => Some(match (self.asked(simple), holds) {
                (Asked::Known(known), _) if known == holds => vec![Region::new()],
                (Asked::Known(_), _) => Vec::new(),
                (Asked::AnyOf(asked), true) => asked
                    .into_iter()
                    .filter_map(|(what, values)| self.narrowed(&Region::new(), what, &values))
                    .collect(),
                (Asked::AnyOf(asked), false) => {
                    let none = asked.into_iter().try_fold(Region::new(), |region, (what, values)| {
                        self.narrowed(&region, what, &self.all(what).without(&values))
                    });
                    none.into_iter().collect()
                }
            }),
        }
    }

    fn both(&self, region: &Region<'a>, other: &Region<'a>) -> Option<Region<'a>> {
        self.cost(region.len());
        other.iter().try_fold(region.clone(), |region, (what, values)| self.narrowed(&region, *what, values))
    }

    /// The part of a box in which an attribute has one of these values; none when there is none.
    fn narrowed(&self, region: &Region<'a>, what: Attribute<'a>, values: &Values) -> Option<Region<'a>> {
        let words = if matches!(what, Attribute::Word(_)) { self.keywords.len() } else { 0 };
        self.cost(1 + region.len() + words);
        let mut region = region.clone();
        let left = region.get(&what).unwrap_or(&self.all(what)).and(values);
        if left.is_empty() {
            return None;
        }
        // A text with « feu rouge » has « feu »; one without « feu » does not have « feu rouge ».
        if let (Attribute::Word(word), [absent, present]) = (what, left.0.as_slice()) {
            for (other, keyword) in self.keywords.iter().enumerate().filter(|(other, _)| *other != word) {
                let follows = if *present && !*absent {
                    self.keywords[word].implies(keyword)
                } else {
                    *absent && !*present && keyword.implies(self.keywords[word])
                };
                if follows {
                    let implied = region.get(&Attribute::Word(other)).map_or_else(|| left.clone(), |v| v.and(&left));
                    if implied.is_empty() {
                        return None;
                    }
                    region.insert(Attribute::Word(other), implied);
                }
            }
        }
        region.insert(what, left);
        Some(region)
    }

    /// What is left of boxes without these, and whether any of them was cut; none when it comes to too many boxes.
    pub(super) fn without(&self, regions: Vec<Region<'a>>, taken: &Region<'a>) -> Option<(Vec<Region<'a>>, bool)> {
        let (mut left, mut cut) = (Vec::new(), false);
        for region in regions {
            if self.work.get() == 0 {
                return None;
            }
            self.cost(1 + region.len());
            let apart = |(what, values): (&Attribute<'a>, &Values)| {
                region.get(what).is_some_and(|own| own.and(values).is_empty())
            };
            if taken.iter().any(apart) {
                left.push(region);
                continue;
            }
            cut = true;
            let mut inside = Some(region);
            for (what, values) in taken {
                let Some(region) = inside else { break };
                left.extend(self.narrowed(&region, *what, &self.all(*what).without(values)));
                inside = self.narrowed(&region, *what, values);
            }
        }
        (left.len() <= MOST).then_some((left, cut))
    }

    fn cost(&self, work: usize) {
        self.work.set(self.work.get().saturating_sub(work as u64));
    }

    /// Every value that an attribute can have.
    fn all(&self, what: Attribute<'a>) -> Values {
        match what {
            Attribute::Area(zoning) => {
                let zoning = &self.city.zonings[zoning];
                let areas = zoning.areas().len();
                // With a point outside of the territory nothing is filed.
                let outside = !self.placed || zoning.code != self.city.settings.territory;
                Values::of(areas + 1, |at| if at < areas { self.placed } else { outside })
            }
            Attribute::Origin => Values::of(Origin::ALL.len(), |_| true),
            Attribute::Priority => Values::of(Priority::ALL.len(), |_| true),
            Attribute::Weekday => Values::of(Day::ALL.len(), |_| true),
            Attribute::Hour => Values::of(24, |_| true),
            Attribute::Answer(question) => self.answers(question),
            Attribute::Chosen(..) | Attribute::Word(_) => Values::of(2, |_| true),
        }
    }

    /// The choices, yes and no, or the pieces of the number line: before the first bound, the bound, up to the next one…
    fn answers(&self, question: &QuestionCode) -> Values {
        let Some(asked) = self.category.question(question) else { return Values::of(1, |_| true) };
        if asked.kind == Kind::YesNo {
            return Values::of(3, |_| true);
        }
        if asked.kind != Kind::Number {
            return Values::of(asked.choices.len() + 1, |_| true);
        }
        let pieces = self.bounds.get(question).map_or(0, |bounds| 2 * bounds.len()) + 1;
        let (least, most) = (self.piece(question, asked.min), self.piece(question, asked.max));
        Values::of(pieces + 1, |at| at == pieces || (at >= least.unwrap_or(0) && at <= most.unwrap_or(pieces)))
    }

    fn piece(&self, question: &QuestionCode, bound: Option<i64>) -> Option<usize> {
        let at = self.bounds.get(question)?.binary_search(&bound?).ok()?;
        Some(2 * at + 1)
    }

    fn asked(&self, condition: &'a Condition) -> Asked<'a> {
        let one = |what, values| Asked::AnyOf(vec![(what, values)]);
        match condition {
            Condition::Category { any_of } => {
                let of = [Some(&self.category.code), self.category.parent.as_ref()];
                Asked::Known(of.into_iter().flatten().any(|code| any_of.contains(code)))
            }
            Condition::Sensitivity { any_of } => Asked::Known(any_of.contains(&self.category.sensitivity)),
            Condition::Area { zoning, any_of } => {
                let Some(at) = self.city.zonings.iter().position(|known| known.code == *zoning) else {
                    return Asked::Known(false);
                };
                let areas = self.city.zonings[at].areas();
                let listed = |at: usize| areas.get(at).is_some_and(|area| any_of.contains(&area.code));
                one(Attribute::Area(at), Values::of(areas.len() + 1, listed))
            }
            Condition::RoadOwner { any_of } => self.owned(Owned::Road, any_of),
            Condition::LandOwner { any_of } => self.owned(Owned::Land, any_of),
            Condition::Origin { any_of } => {
                one(Attribute::Origin, Values::of(Origin::ALL.len(), |at| any_of.contains(&Origin::ALL[at])))
            }
            Condition::Priority { any_of } => {
                one(Attribute::Priority, Values::of(Priority::ALL.len(), |at| any_of.contains(&Priority::ALL[at])))
            }
            Condition::Weekday { any_of } => {
                one(Attribute::Weekday, Values::of(Day::ALL.len(), |at| any_of.contains(&Day::ALL[at])))
            }
            Condition::Hour { from, to } => {
                let within = |at| u8::try_from(at).is_ok_and(|hour| Condition::is_within(hour, *from, *to));
                one(Attribute::Hour, Values::of(24, within))
            }
            Condition::Keywords { any_of } => {
                self.cost(any_of.len());
                let word = |keyword: &Keyword| self.keywords.binary_search(&keyword).ok();
                let present = || Values::of(2, |at| at == 1);
                Asked::AnyOf(any_of.iter().filter_map(word).map(|at| (Attribute::Word(at), present())).collect())
            }
            Condition::Answer { category, question, any_of, at_least, at_most } => {
                if *category != self.category.code {
                    return Asked::Known(false);
                }
                self.answered(question, any_of, (*at_least, *at_most))
            }
            Condition::Always {} | Condition::All { .. } | Condition::Any { .. } | Condition::Not { .. } => {
                Asked::Known(true)
            }
        }
    }

    /// Whose a place is follows from its areas.
    fn owned(&self, of: Owned, any_of: &[OrganisationCode]) -> Asked<'a> {
        let zonings = self.city.zonings.iter().enumerate().map(|(at, zoning)| {
            let areas = zoning.areas();
            let theirs = |at: usize| areas.get(at).and_then(|area| area.owner(of)).is_some_and(|o| any_of.contains(o));
            (Attribute::Area(at), Values::of(areas.len() + 1, theirs))
        });
        Asked::AnyOf(zonings.collect())
    }

    fn answered(
        &self,
        question: &'a QuestionCode,
        any_of: &'a [ChoiceCode],
        (least, most): (Option<i64>, Option<i64>),
    ) -> Asked<'a> {
        let Some(asked) = self.category.question(question) else { return Asked::Known(false) };
        let size = self.answers(question).0.len();
        let listed = |code: &str| any_of.iter().any(|choice| choice.as_str() == code);
        let values = match asked.kind {
            Kind::Choices => {
                let chosen = |choice| (Attribute::Chosen(question, choice), Values::of(2, |at| at == 1));
                return Asked::AnyOf(any_of.iter().map(chosen).collect());
            }
            Kind::Choice => Values::of(size, |at| asked.choices.get(at).is_some_and(|c| listed(c.code.as_str()))),
            Kind::YesNo => Values::of(size, |at| ["yes", "no"].get(at).is_some_and(|code| listed(code))),
            Kind::Number => {
                let from = self.piece(question, least).unwrap_or(0);
                let to = self.piece(question, most).unwrap_or(size);
                Values::of(size, |at| from <= at && at <= to && at + 1 < size)
            }
            Kind::Text | Kind::Date => return Asked::Known(false),
        };
        Asked::AnyOf(vec![(Attribute::Answer(question), values)])
    }
}
