//! Rules: a condition, and what becomes of the concerns that meet it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::condition::Condition;
use super::reason::Because;
use super::{Route, Sent, Subject};
use crate::id::{RuleCode, ServiceCode};
use crate::language::Label;
use crate::text::Reason;
use crate::ticket::Priority;
use crate::time::Target;

/// One rule (`routing.yaml`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RoutingRule)]
pub struct Rule {
    /// Its code: kept by every ticket that it sent.
    pub code: RuleCode,
    /// What people call it.
    pub name: Label,
    /// When it matches.
    pub when: Condition,
    /// The services that each receive a ticket.
    #[schemars(length(min = 1, max = 5))]
    #[schema(min_items = 1, max_items = 5)]
    pub send_to: Vec<ServiceCode>,
    /// The priority of those tickets. When absent, what the officer says or the category's, else `normal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub priority: Option<Priority>,
    /// How soon those tickets must be taken in hand, in place of the service's and the category's targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub acknowledge_within: Option<Target>,
    /// How soon those tickets must be settled, in place of the service's and the category's targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub resolve_within: Option<Target>,
    /// Services that are told of the tickets' turns without acting on them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 5))]
    #[schema(max_items = 5)]
    pub watchers: Vec<ServiceCode>,
    /// What the rule tells those services, in the tickets' timelines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", length(min = 1, max = 2000))]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 2000)]
    pub note: Option<Reason>,
}

/// A rule's own targets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Targets {
    /// How soon a ticket must be taken in hand.
    pub acknowledge_within: Option<Target>,
    /// How soon a ticket must be settled.
    pub resolve_within: Option<Target>,
}

impl Targets {
    /// Those that there are, by the names of their fields.
    pub(super) fn by_field(self) -> impl Iterator<Item = (&'static str, Target)> {
        let named = [("acknowledge_within", self.acknowledge_within), ("resolve_within", self.resolve_within)];
        named.into_iter().filter_map(|(field, target)| Some((field, target?)))
    }
}

impl Rule {
    pub(super) const fn targets(&self) -> Targets {
        Targets { acknowledge_within: self.acknowledge_within, resolve_within: self.resolve_within }
    }

    /// Where it sends a concern that it matches.
    pub(super) fn route(&self, version: i32, subject: &Subject<'_>, because: Vec<Because>) -> Route {
        Route {
            send_to: self.send_to.clone(),
            priority: self.priority.unwrap_or_else(|| subject.priority()),
            note: self.note.clone(),
            sent: Sent {
                rule: self.code.clone(),
                version,
                because,
                acknowledge_within: self.acknowledge_within,
                resolve_within: self.resolve_within,
                watchers: self.watchers.clone(),
            },
        }
    }
}
