//! Routing: which services a concern goes to. Rules are data, tried in order; the first that matches wins; the last one
//! matches always.
//!
//! A [`RuleSet`] stands apart from the [`City`] that it is for, so that a draft can be checked, simulated and replayed
//! beside the set in force. Nothing is compiled: a condition that does not hold is found out without copying, and the
//! stems of a description, the time on the wall and the owners of the place are worked out at most once.

pub mod check;
mod condition;
mod judge;
mod quality;
mod reason;
mod region;
mod rule;
mod simulate;
mod stop_words;
mod subject;
mod wording;
pub(crate) mod words;

#[cfg(test)]
pub(crate) mod tests;

use serde::{Deserialize, Serialize};

use crate::city::City;
use crate::id::{RuleCode, ServiceCode};
use crate::text::Reason;
use crate::ticket::Priority;
use crate::time::Target;

pub use condition::{Condition, Day, Owned};
pub use quality::Quality;
pub use reason::{Because, Unmet};
pub use rule::{Rule, Targets};
pub use simulate::{Passed, Simulation};
pub use stop_words::STOP_WORDS;
use subject::Seen;
pub use subject::Subject;
pub use words::{Keyword, NotAKeyword};

/// Rules in the order in which they are tried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RuleSet {
    /// Counts the published versions; 0 for a set that is not published.
    pub version: i32,
    /// The rules.
    pub rules: Vec<Rule>,
}

/// The rule that sent a ticket, why, and what the rule wants for the ticket's whole life: kept by the ticket as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The rule.
    pub rule: RuleCode,
    /// The version of the rule set.
    pub version: i32,
    /// Why the rule matched.
    pub because: Vec<Because>,
    /// The rule's own target, in place of the service's and the category's, whichever service has the ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge_within: Option<Target>,
    /// The same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolve_within: Option<Target>,
    /// Services that are told of the ticket's turns without acting on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watchers: Vec<ServiceCode>,
}

impl Sent {
    /// The rule's own targets.
    #[must_use]
    pub const fn targets(&self) -> Targets {
        Targets { acknowledge_within: self.acknowledge_within, resolve_within: self.resolve_within }
    }
}

/// Where a concern goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The services that each receive a ticket.
    pub send_to: Vec<ServiceCode>,
    /// The priority of those tickets.
    pub priority: Priority,
    /// What the rule tells these services.
    pub note: Option<Reason>,
    /// The rule, why, and what the tickets keep of it.
    pub sent: Sent,
}

impl RuleSet {
    /// A set that is not published.
    #[must_use]
    pub const fn draft(rules: Vec<Rule>) -> Self {
        Self { version: 0, rules }
    }

    /// The route of the first rule that matches. None only if the set lacks the last rule that catches all, which
    /// [`RuleSet::check`] refuses.
    #[must_use]
    pub fn route(&self, city: &City, subject: &Subject<'_>) -> Option<Route> {
        let seen = Seen::new(city, subject);
        let rule = self.rules.iter().find(|rule| rule.when.judge(&seen).is_ok())?;
        Some(rule.route(self.version, subject, rule.when.because(&seen)))
    }
}
