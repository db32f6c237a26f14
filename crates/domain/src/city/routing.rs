//! Routing: which service a concern goes to. Rules are data; the first that matches wins; the last one matches always.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::City;
use super::question::{Replies, Reply, at_least, at_most};
use crate::concern::Origin;
use crate::id::{AreaCode, CategoryCode, ChoiceCode, QuestionCode, RuleCode, ServiceCode, ZoningCode};
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
    /// The category is this one, and its question was answered so.
    Answer {
        /// The category.
        category: CategoryCode,
        /// Its question.
        question: QuestionCode,
        /// One of these choices was made; `yes` or `no`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        any_of: Vec<ChoiceCode>,
        /// The number is as great as this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_least: Option<i64>,
        /// The number is as small as this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_most: Option<i64>,
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
    /// What was answered to the category's questions.
    pub replies: &'a Replies,
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
    /// A question was answered so.
    Answer {
        /// The category that asks.
        category: CategoryCode,
        /// The question.
        question: QuestionCode,
        /// What was answered; of several choices, the one that counted.
        is: Reply,
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
            Self::Answer { category, question, any_of, at_least, at_most } => {
                let reply = subject.replies.get(question).filter(|_| category == subject.category)?;
                let is = counts(reply, any_of, *at_least, *at_most)?;
                Some(vec![Because::Answer { category: category.clone(), question: question.clone(), is }])
            }
            Self::All { of } => {
                of.iter().map(|c| c.holds(subject)).collect::<Option<Vec<_>>>().map(|parts| parts.concat())
            }
            Self::Any { of } => of.iter().find_map(|c| c.holds(subject)),
            Self::Not { of } => of.holds(subject).is_none().then(|| vec![Because::Excluded]),
        }
    }
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
            Because::Answer { category, question, is } => {
                let asked = self.category(category).and_then(|category| category.question(question));
                let label = asked.map_or(question.as_str(), |question| question.label.in_language(language));
                let answer = is.in_words(asked, language);
                if french {
                    format!("la réponse à « {label} » est « {answer} »")
                } else {
                    format!("the answer to “{label}” is “{answer}”")
                }
            }
            Because::Excluded if french => "aucune exclusion ne s’applique".to_owned(),
            Because::Excluded => "no exclusion applies".to_owned(),
        }
    }
}
