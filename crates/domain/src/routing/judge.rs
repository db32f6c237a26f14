//! Whether a condition holds: the facts that make it hold, or the first condition that does not.
//!
//! Facts are only written down of the rule that matches: most of the rules that are tried do not.

use super::condition::{Condition, Owned};
use super::reason::{Because, Unmet};
use super::subject::Seen;
use crate::city::question::{Reply, at_least, at_most};
use crate::id::{CategoryCode, ChoiceCode, OrganisationCode};

/// Facts that make conditions hold, if somebody wants to know them.
type Facts = Option<Vec<Because>>;

impl Condition {
    /// Whether it holds.
    ///
    /// # Errors
    /// The first of its conditions that does not hold: itself, or a part of it.
    pub(super) fn judge(&self, seen: &Seen<'_>) -> Result<(), &Self> {
        self.judged(seen, &mut None)
    }

    /// The facts that make it hold; none when it does not.
    pub(super) fn because(&self, seen: &Seen<'_>) -> Vec<Because> {
        let mut facts = Some(Vec::new());
        self.judged(seen, &mut facts).ok().and(facts).unwrap_or_default()
    }

    fn judged(&self, seen: &Seen<'_>, facts: &mut Facts) -> Result<(), &Self> {
        match self {
            Self::All { of } => of.iter().try_for_each(|part| part.judged(seen, facts)),
            Self::Any { of } => {
                let before = facts.as_ref().map_or(0, Vec::len);
                let holds = |part: &Self| {
                    let holds = part.judged(seen, facts).is_ok();
                    if let (false, Some(facts)) = (holds, facts.as_mut()) {
                        facts.truncate(before);
                    }
                    holds
                };
                if of.iter().any(holds) { Ok(()) } else { Err(self) }
            }
            Self::Not { of } if of.judge(seen).is_ok() => Err(self),
            Self::Not { of } => {
                of.refute(seen, facts);
                Ok(())
            }
            simple => simple.fact(seen, facts).ok_or(self),
        }
    }

    /// Notes what keeps it from holding, of a condition that does not.
    fn refute(&self, seen: &Seen<'_>, facts: &mut Facts) {
        if facts.is_none() {
            return;
        }
        match self {
            Self::All { of } => {
                if let Some(part) = of.iter().find(|part| part.judge(seen).is_err()) {
                    part.refute(seen, facts);
                }
            }
            Self::Any { of } => of.iter().for_each(|part| part.refute(seen, facts)),
            Self::Not { of } => facts.iter_mut().for_each(|facts| facts.extend(of.because(seen))),
            Self::Answer { category, .. } if *category != seen.subject.category.code => {
                let other = Self::Category { any_of: vec![category.clone()] };
                note(facts, || Because::Excluded { of: Some(other) });
            }
            Self::Answer { category, question, .. } if !seen.subject.replies.contains_key(question) => {
                note(facts, || Because::Unanswered { category: category.clone(), question: question.clone() });
            }
            simple if simple.asks_for_a_place() && seen.subject.areas.is_empty() => note(facts, || Because::Unplaced),
            simple => note(facts, || Because::Excluded { of: Some(simple.clone()) }),
        }
    }

    /// Whether it looks at where the place lies. Of an address alone, which lies in no area, that is not known.
    const fn asks_for_a_place(&self) -> bool {
        matches!(self, Self::Area { .. } | Self::RoadOwner { .. } | Self::LandOwner { .. })
    }

    /// Whether a simple condition holds, and the fact that makes it.
    fn fact(&self, seen: &Seen<'_>, facts: &mut Facts) -> Option<()> {
        let subject = seen.subject;
        match self {
            Self::Always {} => note(facts, || Because::NothingElseMatched),
            Self::Category { any_of } => {
                let is = [Some(&subject.category.code), subject.category.parent.as_ref()];
                let named = is.into_iter().flatten().find(|category| any_of.contains(category))?;
                note(facts, || Because::Category { is: named.clone() });
            }
            Self::Area { zoning, any_of } => {
                let is = subject.areas.get(zoning).filter(|area| any_of.contains(area))?;
                note(facts, || Because::Area { zoning: zoning.clone(), is: is.clone() });
            }
            Self::Origin { any_of } => {
                let is = Some(subject.origin).filter(|is| any_of.contains(is))?;
                note(facts, || Because::Origin { is });
            }
            Self::Priority { any_of } => {
                let is = Some(subject.priority()).filter(|is| any_of.contains(is))?;
                note(facts, || Because::Priority { is });
            }
            Self::Sensitivity { any_of } => {
                let is = Some(subject.category.sensitivity).filter(|is| any_of.contains(is))?;
                note(facts, || Because::Sensitivity { is });
            }
            Self::Answer { category, question, any_of, at_least, at_most } => {
                let reply = subject.replies.get(question).filter(|_| *category == subject.category.code)?;
                let is = counts(reply, any_of, *at_least, *at_most)?;
                note(facts, || Because::Answer { category: category.clone(), question: question.clone(), is });
            }
            Self::Keywords { any_of } => {
                let found = any_of.iter().find(|keyword| seen.text().has(keyword))?;
                note(facts, || Because::Keyword { is: found.clone() });
            }
            Self::Weekday { any_of } => {
                let is = Some(seen.local().0).filter(|is| any_of.contains(is))?;
                note(facts, || Because::Weekday { is });
            }
            Self::Hour { from, to } => {
                Some(seen.local().1).filter(|hour| Self::is_within(*hour, *from, *to))?;
                note(facts, || Because::Hour { from: *from, to: *to });
            }
            Self::RoadOwner { any_of } => owner(seen, Owned::Road, any_of, facts)?,
            Self::LandOwner { any_of } => owner(seen, Owned::Land, any_of, facts)?,
            Self::All { .. } | Self::Any { .. } | Self::Not { .. } => return None,
        }
        Some(())
    }

    /// Why it does not hold, of a condition that [`Condition::judge`] found not to.
    pub(super) fn unmet(&self, seen: &Seen<'_>) -> Option<Unmet> {
        let subject = seen.subject;
        Some(match self {
            Self::Always {} | Self::All { .. } => return None,
            Self::Category { any_of } => other_category(seen, any_of.clone()),
            simple if simple.asks_for_a_place() && subject.areas.is_empty() => Unmet::Unplaced,
            Self::Area { zoning, any_of } => {
                Unmet::Area { zoning: zoning.clone(), is: subject.areas.get(zoning).cloned(), wants: any_of.clone() }
            }
            Self::Origin { any_of } => Unmet::Origin { is: subject.origin, wants: any_of.clone() },
            Self::Priority { any_of } => Unmet::Priority { is: subject.priority(), wants: any_of.clone() },
            Self::Sensitivity { any_of } => {
                Unmet::Sensitivity { is: subject.category.sensitivity, wants: any_of.clone() }
            }
            Self::Answer { category, .. } if *category != subject.category.code => {
                other_category(seen, vec![category.clone()])
            }
            Self::Answer { category, question, any_of, at_least, at_most } => Unmet::Answer {
                category: category.clone(),
                question: question.clone(),
                is: subject.replies.get(question).cloned(),
                any_of: any_of.clone(),
                at_least: *at_least,
                at_most: *at_most,
            },
            Self::Keywords { any_of } => Unmet::Keywords { wants: any_of.clone() },
            Self::Weekday { any_of } => Unmet::Weekday { is: seen.local().0, wants: any_of.clone() },
            Self::Hour { from, to } => Unmet::Hour { is: seen.local().1, from: *from, to: *to },
            Self::RoadOwner { any_of } => other_owner(seen, Owned::Road, any_of),
            Self::LandOwner { any_of } => other_owner(seen, Owned::Land, any_of),
            Self::Any { of } => {
                let why = |part: &Self| part.judge(seen).err()?.unmet(seen);
                Unmet::NoneOf { of: of.iter().filter_map(why).collect() }
            }
            Self::Not { of } => Unmet::Excluded { because: of.because(seen) },
        })
    }
}

fn other_category(seen: &Seen<'_>, wants: Vec<CategoryCode>) -> Unmet {
    Unmet::Category { is: seen.subject.category.code.clone(), wants }
}

fn owner(seen: &Seen<'_>, of: Owned, any_of: &[OrganisationCode], facts: &mut Facts) -> Option<()> {
    let is = seen.owners(of).iter().find(|owner| any_of.contains(owner))?;
    note(facts, || Because::Owner { of, is: (*is).clone() });
    Some(())
}

fn note(facts: &mut Facts, fact: impl FnOnce() -> Because) {
    if let Some(facts) = facts {
        facts.push(fact());
    }
}

fn other_owner(seen: &Seen<'_>, of: Owned, any_of: &[OrganisationCode]) -> Unmet {
    Unmet::Owner { of, is: seen.owners(of).iter().map(|owner| (*owner).clone()).collect(), wants: any_of.to_vec() }
}

/// What of an answer makes a condition hold.
fn counts(reply: &Reply, any_of: &[ChoiceCode], least: Option<i64>, greatest: Option<i64>) -> Option<Reply> {
    let listed = |code: &str| any_of.iter().any(|choice| choice.as_str() == code);
    match reply {
        Reply::YesNo(yes) => listed(if *yes { "yes" } else { "no" }).then_some(Reply::YesNo(*yes)),
        Reply::Number(number) => {
            (at_least(number, least) && at_most(number, greatest)).then(|| Reply::Number(number.clone()))
        }
        Reply::Text(code) => listed(code).then(|| Reply::Text(code.clone())),
        Reply::Several(codes) => codes.iter().find(|code| listed(code)).cloned().map(Reply::Text),
    }
}
