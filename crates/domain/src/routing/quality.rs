//! How well rules send: what became of their tickets. Passing a ticket on is how people say that a rule was wrong.

use std::collections::BTreeMap;

use crate::id::{RuleCode, ServiceCode};
use crate::statistics::mask::rounded;
use crate::ticket::event::RefusalReason;

/// Fewer tickets than this say nothing about a rule.
const ENOUGH: u64 = 10;

/// What became of the tickets that a rule sent to a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quality {
    /// The rule.
    pub rule: RuleCode,
    /// The service that it sent them to.
    pub service: ServiceCode,
    /// How many.
    pub sent: u64,
    /// How many the service took in hand; none when they are too few to be told.
    pub accepted: Option<u64>,
    /// How many it sent back, for each reason.
    pub refused: BTreeMap<RefusalReason, u64>,
    /// How many are at another service now, for each.
    pub rerouted: BTreeMap<ServiceCode, u64>,
}

impl Quality {
    /// No tickets yet.
    #[must_use]
    pub const fn new(rule: RuleCode, service: ServiceCode) -> Self {
        Self { rule, service, sent: 0, accepted: Some(0), refused: BTreeMap::new(), rerouted: BTreeMap::new() }
    }

    /// The service where most of the tickets end, if it is another one, and how many do.
    #[must_use]
    pub fn better(&self) -> Option<(&ServiceCode, u64)> {
        let (service, count) = self.rerouted.iter().max_by_key(|(_, count)| **count)?;
        (self.sent >= ENOUGH && count * 2 > self.sent).then_some((service, *count))
    }

    /// The same as figures are shown outside the municipal police ([`rounded`]); none when nothing is left.
    #[must_use]
    pub fn masked(self) -> Option<Self> {
        Some(Self {
            sent: rounded(self.sent).filter(|sent| *sent > 0)?,
            accepted: self.accepted.and_then(rounded),
            refused: shown(self.refused),
            rerouted: shown(self.rerouted),
            ..self
        })
    }
}

/// Those that are shown, as they are.
fn shown<K: Ord>(counts: BTreeMap<K, u64>) -> BTreeMap<K, u64> {
    counts.into_iter().filter_map(|(of, count)| Some((of, rounded(count)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quality(sent: u64, elsewhere: &[(&str, u64)]) -> Quality {
        let rerouted = elsewhere.iter().map(|(service, count)| (service.parse().unwrap(), *count)).collect();
        Quality { sent, rerouted, ..Quality::new("depots".parse().unwrap(), "proprete".parse().unwrap()) }
    }

    #[test]
    fn a_rule_whose_tickets_mostly_end_at_one_other_service_could_send_them_there() {
        let better = |sent, elsewhere: &[(&str, u64)]| {
            quality(sent, elsewhere).better().map(|(service, count)| (service.to_string(), count))
        };
        assert_eq!(better(20, &[("voirie", 11), ("eau", 2)]), Some(("voirie".into(), 11)));
        assert_eq!(better(20, &[("voirie", 10)]), None, "half of them is not most");
        assert_eq!(better(20, &[("voirie", 8), ("eau", 8)]), None, "they do not agree");
        assert_eq!(better(9, &[("voirie", 9)]), None, "too few to tell");
    }

    #[test]
    fn small_numbers_are_not_told_and_others_are_rounded() {
        assert_eq!(quality(4, &[]).masked(), None);
        let judged = Quality { accepted: Some(3), ..quality(22, &[("voirie", 13), ("eau", 4)]) };
        assert_eq!(judged.better().map(|(_, count)| count), Some(13));
        let masked = judged.masked().unwrap();
        assert_eq!((masked.sent, masked.accepted), (20, None));
        assert_eq!(masked.rerouted, BTreeMap::from([("voirie".parse().unwrap(), 15)]));
        assert_eq!(masked.better().map(|(_, count)| count), Some(15), "in the numbers that are shown");
        assert_eq!(quality(5, &[]).masked().unwrap().accepted, Some(0));
    }
}
