//! Trying a concern: which rule takes it, why, and why each rule before it does not.

use super::condition::Condition;
use super::reason::Unmet;
use super::subject::Seen;
use super::{Route, Rule, RuleSet, Subject};
use crate::city::City;

/// What would become of a concern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulation<'a> {
    /// The rule that takes it; none only if the set lacks a last rule that catches all.
    pub rule: Option<&'a Rule>,
    /// Where that rule sends it, and why it matches (`sent.because`).
    pub route: Option<Route>,
    /// The rules before that one, in order.
    pub earlier: Vec<Passed<'a>>,
}

/// A rule that does not match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// The JSON pointer, in the list of rules, of the first condition that does not hold: `/3/when/of/1`.
    pub pointer: String,
    /// Why it does not.
    pub unmet: Unmet,
}

impl RuleSet {
    /// Tries a concern against the set: a draft, or the one in force.
    #[must_use]
    pub fn simulate(&self, city: &City, subject: &Subject<'_>) -> Simulation<'_> {
        let seen = Seen::new(city, subject);
        let mut earlier = Vec::new();
        for (at, rule) in self.rules.iter().enumerate() {
            match rule.when.judge(&seen) {
                Ok(()) => {
                    let route = rule.route(self.version, subject, rule.when.because(&seen));
                    return Simulation { rule: Some(rule), route: Some(route), earlier };
                }
                Err(failed) => earlier.extend(passed(at, rule, failed, &seen)),
            }
        }
        Simulation { rule: None, route: None, earlier }
    }
}

fn passed<'a>(at: usize, rule: &'a Rule, failed: &Condition, seen: &Seen<'_>) -> Option<Passed<'a>> {
    let inside = rule.when.pointer_to(failed)?;
    Some(Passed { rule, pointer: format!("/{at}/when{inside}"), unmet: failed.unmet(seen)? })
}
