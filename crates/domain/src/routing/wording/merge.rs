//! Several conditions of which none holds, told without saying the same twice: « le motif est « Bruit », et non
//! « Tags » » and « …, et non « Dépôt » » are one clause.

use crate::routing::condition::Condition;
use crate::routing::reason::{Because, Unmet};

/// Clauses about the same thing made one, where the first of them stood.
pub(super) fn merged(of: &[Unmet]) -> Vec<Unmet> {
    let mut clauses: Vec<Unmet> = Vec::new();
    for unmet in of {
        // One of several, of which one is again one of several.
        let parts = if let Unmet::NoneOf { of } = unmet { merged(of) } else { vec![unmet.clone()] };
        for part in parts {
            if !clauses.iter_mut().any(|clause| joins(clause, &part)) {
                clauses.push(part);
            }
        }
    }
    clauses
}

/// Facts without repeats, exclusions of categories made one, where the first of them stood.
pub(super) fn facts(all: &[Because]) -> Vec<Because> {
    let mut facts: Vec<Because> = Vec::new();
    for fact in all {
        let joins = |known: &mut Because| match (&mut *known, fact) {
            (
                Because::Excluded { of: Some(Condition::Category { any_of }) },
                Because::Excluded { of: Some(Condition::Category { any_of: more }) },
            ) => add(any_of, more),
            (known, fact) => known == fact,
        };
        if !facts.iter_mut().any(joins) {
            facts.push(fact.clone());
        }
    }
    facts
}

/// Takes what another clause wants into one about the same thing; false when it is about something else.
fn joins(clause: &mut Unmet, other: &Unmet) -> bool {
    if clause == other {
        return true;
    }
    match (clause, other) {
        (Unmet::Category { is, wants }, Unmet::Category { is: same, wants: more }) if is == same => add(wants, more),
        (Unmet::Area { zoning, is, wants }, Unmet::Area { zoning: same_zoning, is: same, wants: more })
            if zoning == same_zoning && is == same =>
        {
            add(wants, more)
        }
        (Unmet::Origin { wants, .. }, Unmet::Origin { wants: more, .. }) => add(wants, more),
        (Unmet::Priority { wants, .. }, Unmet::Priority { wants: more, .. }) => add(wants, more),
        (Unmet::Sensitivity { wants, .. }, Unmet::Sensitivity { wants: more, .. }) => add(wants, more),
        (Unmet::Keywords { wants }, Unmet::Keywords { wants: more }) => add(wants, more),
        (Unmet::Weekday { wants, .. }, Unmet::Weekday { wants: more, .. }) => add(wants, more),
        (Unmet::Owner { of, wants, .. }, Unmet::Owner { of: same, wants: more, .. }) if of == same => add(wants, more),
        _ => false,
    }
}

fn add<T: Clone + PartialEq>(wants: &mut Vec<T>, more: &[T]) -> bool {
    for want in more {
        if !wants.contains(want) {
            wants.push(want.clone());
        }
    }
    true
}
