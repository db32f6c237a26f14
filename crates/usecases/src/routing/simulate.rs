//! Trying a concern against a rule set: nothing is kept.

use std::collections::BTreeMap;

use auth::Grant;
use auth::permission::ReadRouting;
use chrono::{DateTime, Utc};
use domain::city::catalogue::Sensitivity;
use domain::city::question::{Replies, Reply};
use domain::concern::{Origin, Outcome};
use domain::content;
use domain::id::CategoryCode;
use domain::language::Language;
use domain::place::{Areas, Point};
use domain::routing::{Route, Rule, Subject};
use domain::text::Description;
use domain::ticket::Priority;

use super::{Which, rule_set};
use crate::concern::Fault;
use crate::{Context, NoCity, of, today};

/// A concern that is tried.
#[derive(Debug, Clone)]
pub struct Try {
    /// What it is about.
    pub category: CategoryCode,
    /// Where, if it is on the map.
    pub point: Option<Point>,
    /// How it is heard.
    pub origin: Origin,
    /// How pressing the officer says that it is.
    pub priority: Option<Priority>,
    /// What was answered to the category's questions.
    pub replies: BTreeMap<String, Reply>,
    /// What the resident said.
    pub description: Option<Description>,
    /// When it is filed; now when absent.
    pub at: Option<DateTime<Utc>>,
}

/// What would become of it, in words.
#[derive(Debug, Clone)]
pub struct Tried {
    /// What would become of it when it is filed: of emergencies and crimes, no rule is asked.
    pub outcome: Outcome,
    /// The areas of its place.
    pub areas: Areas,
    /// The rule that takes it, where that sends it, and why, in words.
    pub taken: Option<(Rule, Route, String)>,
    /// Each rule before that one, the JSON pointer of the first condition that does not hold, and why, in words.
    pub passed: Vec<(Rule, String, String)>,
}

/// Why nothing is tried.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// Something is wrong with the concern: every fault at once.
    #[error("the concern cannot be tried: {0:?}")]
    Invalid(Vec<Fault>),
    /// There is no such rule set.
    #[error("there is no such rule set")]
    UnknownRules(Which),
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Tries a concern against a rule set, in the city as it is now.
///
/// # Errors
/// See [`SimulateError`].
pub async fn simulate(
    cx: &Context,
    _who: &Grant<ReadRouting>,
    tried: Try,
    which: Which,
    language: Language,
) -> Result<Tried, SimulateError> {
    let loaded = cx.city()?;
    let city = of(&loaded);
    let mut faults = Vec::new();
    let areas = tried.point.map(|point| city.areas_at(point)).unwrap_or_default();
    if tried.point.is_some() && !city.is_inside(&areas) {
        faults.push(Fault::OutsideCity);
    }
    let category = city.category(&tried.category);
    let replies = if let Some(category) = category {
        category.replies(tried.replies, today(city, cx.now())).unwrap_or_else(|wrong| {
            faults.extend(wrong.into_iter().map(Fault::Reply));
            Replies::new()
        })
    } else {
        faults.push(Fault::UnknownCategory);
        Replies::new()
    };
    let (Some(category), true) = (category, faults.is_empty()) else { return Err(SimulateError::Invalid(faults)) };
    let rules = rule_set(cx, which).await?.ok_or(SimulateError::UnknownRules(which))?;
    if category.sensitivity == Sensitivity::SignpostOnly {
        return Ok(Tried { outcome: Outcome::Signposted, areas, taken: None, passed: Vec::new() });
    }
    // As it would be kept, unless the officer confirmed it: rules look at nothing else.
    let description = tried.description.map(|text| content::screened(text, false).0);
    let subject = Subject {
        category,
        areas: &areas,
        origin: tried.origin,
        priority: tried.priority,
        replies: &replies,
        description: description.as_ref().map(Description::as_str),
        at: tried.at.unwrap_or_else(|| cx.now()),
    };
    let simulation = rules.simulate(city, &subject);
    let passed = simulation.earlier.iter();
    let passed =
        passed.map(|passed| (passed.rule.clone(), passed.pointer.clone(), city.explain_unmet(&passed.unmet, language)));
    let taken = simulation.rule.cloned().zip(simulation.route);
    Ok(Tried {
        outcome: Outcome::Referred,
        passed: passed.collect(),
        taken: taken.map(|(rule, route)| {
            let because = city.explain(&route.sent, language);
            (rule, route, because)
        }),
        areas,
    })
}
