//! Whether a condition holds: the facts that make it hold, or the first condition that does not.
//!
//! A condition that does not hold costs nothing but looking: most of the rules that are tried do not match.

use super::condition::{Condition, Owned};
use super::reason::{Because, Unmet};
use super::subject::Seen;
use crate::city::question::{Reply, at_least, at_most};
use crate::id::{CategoryCode, ChoiceCode, OrganisationCode};

impl Condition {
    /// The facts that make it hold.
    ///
    /// # Errors
    /// The first of its conditions that does not hold: itself, or a part of it.
    pub(super) fn judge(&self, seen: &Seen<'_>) -> Result<Vec<Because>, &Self> {
        match self {
            Self::All { of } => {
                let mut facts = Vec::new();
                for part in of {
                    facts.extend(part.judge(seen)?);
                }
                Ok(facts)
            }
            Self::Any { of } => of.iter().find_map(|part| part.judge(seen).ok()).ok_or(self),
            Self::Not { of } => match of.judge(seen) {
                Ok(_) => Err(self),
                Err(_) => Ok(vec![Because::Excluded]),
            },
            simple => simple.fact(seen).map(|fact| vec![fact]).ok_or(self),
        }
    }

    /// The fact that makes a simple condition hold.
    fn fact(&self, seen: &Seen<'_>) -> Option<Because> {
        let subject = seen.subject;
        match self {
            Self::Always => Some(Because::NothingElseMatched),
            Self::Category { any_of } => {
                let is = [Some(&subject.category.code), subject.category.parent.as_ref()];
                let named = is.into_iter().flatten().find(|category| any_of.contains(category))?;
                Some(Because::Category { is: named.clone() })
            }
            Self::Area { zoning, any_of } => {
                let is = subject.areas.get(zoning).filter(|area| any_of.contains(area))?;
                Some(Because::Area { zoning: zoning.clone(), is: is.clone() })
            }
            Self::Origin { any_of } => {
                any_of.contains(&subject.origin).then_some(Because::Origin { is: subject.origin })
            }
            Self::Priority { any_of } => {
                any_of.contains(&subject.priority()).then(|| Because::Priority { is: subject.priority() })
            }
            Self::Sensitivity { any_of } => {
                let is = subject.category.sensitivity;
                any_of.contains(&is).then_some(Because::Sensitivity { is })
            }
            Self::Answer { category, question, any_of, at_least, at_most } => {
                let reply = subject.replies.get(question).filter(|_| *category == subject.category.code)?;
                let is = counts(reply, any_of, *at_least, *at_most)?;
                Some(Because::Answer { category: category.clone(), question: question.clone(), is })
            }
            Self::Keywords { any_of } => {
                let found = any_of.iter().find(|keyword| seen.text().has(keyword))?;
                Some(Because::Keyword { is: found.clone() })
            }
            Self::Weekday { any_of } => {
                let (is, _) = seen.local();
                any_of.contains(&is).then_some(Because::Weekday { is })
            }
            Self::Hour { from, to } => {
                let (_, hour) = seen.local();
                Self::is_within(hour, *from, *to).then_some(Because::Hour { from: *from, to: *to })
            }
            Self::RoadOwner { any_of } => owner(seen, Owned::Road, any_of),
            Self::LandOwner { any_of } => owner(seen, Owned::Land, any_of),
            Self::All { .. } | Self::Any { .. } | Self::Not { .. } => None,
        }
    }

    /// Why it does not hold, of a condition that [`Condition::judge`] found not to.
    pub(super) fn unmet(&self, seen: &Seen<'_>) -> Option<Unmet> {
        let subject = seen.subject;
        Some(match self {
            Self::Always | Self::All { .. } => return None,
            Self::Category { any_of } => other_category(seen, any_of.clone()),
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
            Self::Not { of } => Unmet::Excluded { because: of.judge(seen).ok()? },
        })
    }
}

fn other_category(seen: &Seen<'_>, wants: Vec<CategoryCode>) -> Unmet {
    Unmet::Category { is: seen.subject.category.code.clone(), wants }
}

fn owner(seen: &Seen<'_>, of: Owned, any_of: &[OrganisationCode]) -> Option<Because> {
    let is = seen.owners(of).iter().find(|owner| any_of.contains(owner))?;
    Some(Because::Owner { of, is: (*is).clone() })
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
