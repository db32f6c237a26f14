//! What is worth a look in a rule set without being wrong.

use super::reach::Reach;
use super::{Faults, Kind, check_condition};
use crate::city::City;
use crate::city::catalogue::Category;
use crate::city::organisation::Service;
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

/// The target of a rule by which a service that it sends to would have to settle a ticket before it must have taken it
/// in hand, by its field. What the rule leaves open, the service or the category says: `reached_by` are those whose
/// concerns the rule takes.
pub(super) fn settled_first(city: &City, rule: &Rule, reached_by: &[&Category]) -> Option<&'static str> {
    let targets = rule.targets();
    let (field, _) = targets.by_field().next()?;
    let is_longer = |service: &Service, category: &Category| {
        let (acknowledge, resolve) = service.targets_of(category);
        let calendar = city.calendar(&service.calendar);
        let (acknowledge, resolve) =
            (targets.acknowledge_within.unwrap_or(acknowledge), targets.resolve_within.unwrap_or(resolve));
        calendar.is_some_and(|calendar| calendar.is_longer(acknowledge, resolve))
    };
    let mut services = rule.send_to.iter().filter_map(|code| city.service(code));
    services.any(|service| reached_by.iter().any(|category| is_longer(service, category))).then_some(field)
}
