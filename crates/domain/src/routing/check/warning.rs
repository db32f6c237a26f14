//! What is worth a look in a rule set without being wrong.

use super::reach::Reach;
use super::{Faults, Kind, check_condition};
use crate::city::City;
use crate::routing::condition::Condition;
use crate::routing::{Rule, RuleSet};

impl RuleSet {
    /// What is worth a look without being wrong: keywords that nearly every description has, a ticket that would have to
    /// be settled before it is taken in hand, categories that only ever reach the last rule, which catches all.
    #[must_use]
    pub fn warnings(&self, city: &City) -> Vec<super::Fault> {
        let mut warnings = Faults(Vec::new());
        let mut readable = Vec::new();
        for (at, rule) in self.rules.iter().enumerate() {
            let mut faults = Faults(Vec::new());
            check_condition(city, rule, &rule.when, format!("/{at}/when"), &mut faults);
            readable.push(faults.0.is_empty());
            find_common(rule, &rule.when, &format!("/{at}/when"), &mut warnings);
            if is_settled_first(city, rule) {
                warnings.add(rule, format!("/{at}/acknowledge_within"), Kind::AcknowledgedAfterResolved);
            }
        }
        Reach::of(self, city, &readable).warnings(&mut warnings);
        warnings.0
    }
}

fn find_common(rule: &Rule, condition: &Condition, pointer: &str, warnings: &mut Faults) {
    if let Condition::Keywords { any_of } = condition {
        for (at, word) in any_of.iter().enumerate().filter(|(_, word)| word.is_common()) {
            let kind = Kind::KeywordTooCommon(word.as_str().to_owned());
            warnings.add(rule, format!("{pointer}/any_of/{at}"), kind);
        }
    }
    for (at, part) in condition.parts().iter().enumerate() {
        find_common(rule, part, &format!("{pointer}{}", condition.step_to(at)), warnings);
    }
}

/// Whether a service that it sends to would have to settle a ticket before it must have taken it in hand.
fn is_settled_first(city: &City, rule: &Rule) -> bool {
    let (Some(acknowledge), Some(resolve)) = (rule.acknowledge_within, rule.resolve_within) else { return false };
    let services = rule.send_to.iter().filter_map(|code| city.service(code));
    let mut calendars = services.filter_map(|service| city.calendar(&service.calendar));
    calendars.any(|calendar| calendar.is_longer(acknowledge, resolve))
}
