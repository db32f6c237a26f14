//! Routing: which service a concern goes to. Rules are data; the first that matches wins; the last one matches always.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::City;
use crate::concern::Origin;
use crate::id::{AreaCode, CategoryCode, RuleCode, ServiceCode, ZoningCode};
use crate::language::{Label, Language};
use crate::place::Areas;
use crate::ticket::Priority;

/// One rule (`routing.yaml`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its code: kept by every ticket that it sent.
    pub code: RuleCode,
    /// What people call it.
    pub name: Label,
    /// When it matches.
    pub when: Condition,
    /// The services that each receive a ticket.
    #[schemars(length(min = 1, max = 5))]
    pub send_to: Vec<ServiceCode>,
    /// The priority of those tickets, `normal` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
}

/// When a rule matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// Always: for the last rule, which catches all.
    Always,
    /// The category, or its parent, is one of these.
    Category {
        /// The categories.
        #[schemars(length(min = 1))]
        any_of: Vec<CategoryCode>,
    },
    /// The place lies in one of these areas of a zoning.
    Area {
        /// The zoning.
        zoning: ZoningCode,
        /// The areas.
        #[schemars(length(min = 1))]
        any_of: Vec<AreaCode>,
    },
    /// The concern was heard in one of these ways.
    Origin {
        /// The origins.
        #[schemars(length(min = 1))]
        any_of: Vec<Origin>,
    },
    /// Every one of these conditions holds.
    All {
        /// The conditions.
        #[schemars(length(min = 1))]
        of: Vec<Condition>,
    },
    /// At least one of these conditions holds.
    Any {
        /// The conditions.
        #[schemars(length(min = 1))]
        of: Vec<Condition>,
    },
    /// This condition does not hold.
    Not {
        /// The condition.
        of: Box<Condition>,
    },
}

/// What the rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What the concern is about.
    pub category: &'a CategoryCode,
    /// The category's parent.
    pub parent: Option<&'a CategoryCode>,
    /// Where its place lies.
    pub areas: &'a Areas,
    /// How it was heard.
    pub origin: Origin,
}

/// A fact that made a rule match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Because {
    /// No earlier rule matched.
    NothingElseMatched,
    /// The category is this one.
    Category {
        /// The concern's category, or its parent if the rule names that.
        is: CategoryCode,
    },
    /// The place lies there.
    Area {
        /// The zoning.
        zoning: ZoningCode,
        /// The area.
        is: AreaCode,
    },
    /// It was heard so.
    Origin {
        /// The concern's origin.
        is: Origin,
    },
    /// A condition that must not hold does not hold.
    Excluded,
}

impl Condition {
    /// The facts that make it hold for the subject; none when it does not hold.
    fn holds(&self, subject: &Subject<'_>) -> Option<Vec<Because>> {
        match self {
            Self::Always => Some(vec![Because::NothingElseMatched]),
            Self::Category { any_of } => [Some(subject.category), subject.parent]
                .into_iter()
                .flatten()
                .find(|category| any_of.contains(category))
                .map(|is| vec![Because::Category { is: is.clone() }]),
            Self::Area { zoning, any_of } => subject
                .areas
                .get(zoning)
                .filter(|area| any_of.contains(area))
                .map(|is| vec![Because::Area { zoning: zoning.clone(), is: is.clone() }]),
            Self::Origin { any_of } => {
                any_of.contains(&subject.origin).then(|| vec![Because::Origin { is: subject.origin }])
            }
            Self::All { of } => {
                of.iter().map(|c| c.holds(subject)).collect::<Option<Vec<_>>>().map(|parts| parts.concat())
            }
            Self::Any { of } => of.iter().find_map(|c| c.holds(subject)),
            Self::Not { of } => of.holds(subject).is_none().then(|| vec![Because::Excluded]),
        }
    }
}

/// The rule that sent a ticket, and why: kept by the ticket as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The rule.
    pub rule: RuleCode,
    /// The version of the rule set.
    pub version: i32,
    /// Why the rule matched.
    pub because: Vec<Because>,
}

/// Where a concern goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The services that each receive a ticket.
    pub send_to: Vec<ServiceCode>,
    /// The priority of those tickets.
    pub priority: Priority,
    /// The rule, and why.
    pub sent: Sent,
}

impl City {
    /// The route of the first rule that matches. None only if the rules lack the last one that catches all, which
    /// [`City::check`] refuses.
    #[must_use]
    pub fn route(&self, subject: &Subject<'_>) -> Option<Route> {
        self.rules.iter().find_map(|rule| {
            let because = rule.when.holds(subject)?;
            Some(Route {
                send_to: rule.send_to.clone(),
                priority: rule.priority.unwrap_or_default(),
                sent: Sent { rule: rule.code.clone(), version: self.rules_version, because },
            })
        })
    }

    /// Why a rule matched, in words.
    #[must_use]
    pub fn explain(&self, sent: &Sent, language: Language) -> String {
        let parts: Vec<String> = sent.because.iter().map(|fact| self.explain_fact(fact, language)).collect();
        parts.join(match language {
            Language::Fr => " et ",
            Language::En => " and ",
        })
    }

    fn explain_fact(&self, fact: &Because, language: Language) -> String {
        let french = language == Language::Fr;
        match fact {
            Because::NothingElseMatched if french => "aucune autre règle ne s’applique".to_owned(),
            Because::NothingElseMatched => "no other rule applies".to_owned(),
            Because::Category { is } => {
                let label = self.category(is).map_or(is.as_str(), |category| category.label.in_language(language));
                if french { format!("le motif est « {label} »") } else { format!("the category is “{label}”") }
            }
            Because::Area { zoning, is } => {
                let zoning = self.zonings.iter().find(|z| z.code == *zoning);
                let area = zoning.and_then(|z| z.areas.iter().find(|area| area.code == *is));
                let name = area.map_or(is.as_str(), |area| area.name.as_str());
                if french {
                    format!("le lieu est dans « {name} »")
                } else {
                    format!("the place lies in “{name}”")
                }
            }
            Because::Origin { is } if french => format!("l’origine est « {} »", is.code()),
            Because::Origin { is } => format!("the origin is “{}”", is.code()),
            Because::Excluded if french => "aucune exclusion ne s’applique".to_owned(),
            Because::Excluded => "no exclusion applies".to_owned(),
        }
    }
}
