//! Why no concern can meet a rule's conditions: the one that nothing meets, or the few that never hold together.

use std::cell::Cell;

use super::Reach;
use crate::city::City;
use crate::city::catalogue::{Category, Sensitivity};
use crate::id::CategoryCode;
use crate::language::{Label, Language};
use crate::routing::condition::Condition;

/// What keeps every concern from meeting a rule's conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Never {
    /// Concerns of these categories are not routed: people are given numbers to call.
    NotRouted(Label),
    /// Nothing meets this one.
    Alone(Label),
    /// Each of them can be met, not all of them together; without any of them, the others can.
    Together(Vec<Label>),
}

impl Never {
    /// What is wrong, in words that a clerk understands.
    pub(super) fn message(&self, language: Language) -> String {
        let told = |label: &Label| label.in_language(language).to_owned();
        match (self, language) {
            (Self::NotRouted(label), Language::Fr) => format!(
                "aucune doléance ne peut remplir cette condition : {}, et une doléance de ce motif n’est envoyée à aucun \
                 service (l’habitant reçoit des numéros à appeler)",
                told(label)
            ),
            (Self::NotRouted(label), Language::En) => format!(
                "no concern can ever meet this condition: {}, and concerns about that are sent to no service (the resident \
                 is given numbers to call)",
                told(label)
            ),
            (Self::Alone(label), Language::Fr) => {
                format!("aucune doléance ne peut remplir cette condition : {}", told(label))
            }
            (Self::Alone(label), Language::En) => format!("no concern can ever meet this condition: {}", told(label)),
            (Self::Together(labels), _) => {
                let all: Vec<String> = labels.iter().map(told).collect();
                match language {
                    Language::Fr => {
                        format!("aucune doléance ne peut remplir ces conditions à la fois : {}", all.join(" ; "))
                    }
                    Language::En => format!("no concern can ever meet these conditions together: {}", all.join("; ")),
                }
            }
        }
    }
}

/// A condition that must hold, or must not.
type Asked<'a> = (&'a Condition, bool);

/// What finding the reason may cost beside finding the fault: less than a tenth of a second a set.
pub(super) const MOST_WORK: u64 = 2_000_000;

impl<'a> Reach<'a> {
    /// Why a condition that no concern meets is met by none.
    pub(super) fn why_never(&self, when: &'a Condition, left: &Cell<u64>) -> Never {
        let mut asked = Vec::new();
        conjuncts(when, true, &mut asked);
        let mut at = 0;
        while at < asked.len() && asked.len() > 1 {
            let without: Vec<Asked<'a>> =
                asked.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, asked)| *asked).collect();
            if self.is_never(&without, left) {
                asked = without;
            } else {
                at += 1;
            }
        }
        let told = |(condition, holds): &Asked<'_>| self.city.describe(condition, *holds);
        match asked.as_slice() {
            [only] if is_not_routed(self.city, only) => Never::NotRouted(told(only)),
            [only] => Never::Alone(told(only)),
            several => Never::Together(several.iter().map(told).collect()),
        }
    }

    /// Whether it is known that no concern meets all of these.
    fn is_never(&self, asked: &[Asked<'a>], left: &Cell<u64>) -> bool {
        self.routed().flat_map(|category| self.spaces_within(category, left)).all(|space| {
            let regions = space.all_of(asked.iter().copied());
            regions.is_some_and(|regions| regions.is_empty())
        })
    }
}

/// The conditions that must all hold, or must all not, for this one to hold, or not.
fn conjuncts<'a>(condition: &'a Condition, holds: bool, into: &mut Vec<Asked<'a>>) {
    match (condition, holds) {
        (Condition::All { of }, true) | (Condition::Any { of }, false) => {
            for part in of {
                conjuncts(part, holds, into);
            }
        }
        (Condition::Not { of }, _) => conjuncts(of, !holds, into),
        _ => into.push((condition, holds)),
    }
}

fn is_not_routed(city: &City, asked: &Asked<'_>) -> bool {
    let is_named = |category: &Category| {
        let of = |code: &CategoryCode| category.code == *code || category.parent.as_ref() == Some(code);
        match asked {
            (Condition::Category { any_of }, true) => any_of.iter().any(of),
            (Condition::Answer { category: named, .. }, true) => of(named),
            _ => false,
        }
    };
    let mut named = city.catalogue.iter().filter(|category| is_named(category)).peekable();
    named.peek().is_some() && named.all(|category| category.sensitivity == Sensitivity::SignpostOnly)
}
