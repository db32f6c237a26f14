//! Conditions: when a rule matches. One JSON form, in the city's files (YAML) as in the API: `type` says which.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::words::Keyword;
use crate::city::catalogue::Sensitivity;
use crate::concern::Origin;
use crate::id::{AreaCode, CategoryCode, ChoiceCode, OrganisationCode, QuestionCode, ZoningCode};
use crate::language::Language;
use crate::ticket::Priority;

/// When a rule matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = RoutingCondition)]
pub enum Condition {
    /// Always: for the last rule, which catches all.
    // With braces, so that serde refuses a field beside it.
    Always {},
    /// The category, or its parent, is one of these.
    Category {
        /// The categories.
        #[schemars(length(min = 1))]
        #[schema(min_items = 1, max_items = 500)]
        any_of: Vec<CategoryCode>,
    },
    /// The place lies in one of these areas of a zoning.
    Area {
        /// The zoning.
        zoning: ZoningCode,
        /// The areas.
        #[schemars(length(min = 1))]
        #[schema(min_items = 1, max_items = 500)]
        any_of: Vec<AreaCode>,
    },
    /// The concern was heard in one of these ways.
    Origin {
        /// The origins.
        #[schemars(length(min = 1))]
        #[schema(min_items = 1, max_items = 500)]
        any_of: Vec<Origin>,
    },
    /// The concern is as pressing as one of these: as the officer says, else as its category is, else `normal`.
    Priority {
        /// The priorities.
        #[schemars(length(min = 1))]
        #[schema(min_items = 1, max_items = 500)]
        any_of: Vec<Priority>,
    },
    /// The category is as sensitive as one of these.
    Sensitivity {
        /// The sensitivities.
        #[schemars(length(min = 1))]
        #[schema(min_items = 1, max_items = 500)]
        any_of: Vec<Sensitivity>,
    },
    /// The category is this one, and its question was answered so.
    Answer {
        /// The category.
        category: CategoryCode,
        /// Its question.
        question: QuestionCode,
        /// One of these choices was made; `yes` or `no`.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[schema(max_items = 100)]
        any_of: Vec<ChoiceCode>,
        /// The number is as great as this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_least: Option<i64>,
        /// The number is as small as this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_most: Option<i64>,
    },
    /// The description has one of these words, or of these words one after the other: in singular or plural, with
    /// accents or without.
    Keywords {
        /// The words.
        #[schemars(length(min = 1, max = 100))]
        #[schema(min_items = 1, max_items = 100)]
        any_of: Vec<Keyword>,
    },
    /// The concern is filed on one of these days of the week, as the calendar on the wall shows it.
    Weekday {
        /// The days.
        #[schemars(length(min = 1))]
        #[schema(min_items = 1, max_items = 500)]
        any_of: Vec<Day>,
    },
    /// The concern is filed between these hours, as the clock on the wall shows them. From 21 to 6 passes midnight.
    Hour {
        /// The hour from which on, 0 to 23.
        #[schemars(range(max = 23))]
        #[schema(maximum = 23)]
        from: u8,
        /// The hour before which, 1 to 24.
        #[schemars(range(min = 1, max = 24))]
        #[schema(minimum = 1, maximum = 24)]
        to: u8,
    },
    /// The road belongs to one of these organisations, as an area says in which the place lies (`road_owner`).
    RoadOwner {
        /// The organisations.
        #[schemars(length(min = 1))]
        #[schema(min_items = 1, max_items = 500)]
        any_of: Vec<OrganisationCode>,
    },
    /// The land belongs to one of these organisations, as an area says in which the place lies (`land_owner`).
    LandOwner {
        /// The organisations.
        #[schemars(length(min = 1))]
        #[schema(min_items = 1, max_items = 500)]
        any_of: Vec<OrganisationCode>,
    },
    /// Every one of these conditions holds.
    All {
        /// The conditions.
        #[schemars(length(min = 1))]
        #[schema(min_items = 1, max_items = 100, no_recursion)]
        of: Vec<Condition>,
    },
    /// At least one of these conditions holds.
    Any {
        /// The conditions.
        #[schemars(length(min = 1))]
        #[schema(min_items = 1, max_items = 100, no_recursion)]
        of: Vec<Condition>,
    },
    /// This condition does not hold.
    Not {
        /// The condition.
        #[schema(no_recursion)]
        of: Box<Condition>,
    },
}

impl Condition {
    /// Whether an hour of the day lies between two, the second one excluded, past midnight if need be.
    pub(super) const fn is_within(hour: u8, from: u8, to: u8) -> bool {
        if from < to { from <= hour && hour < to } else { from <= hour || hour < to }
    }

    /// The conditions that it is made of; none of a simple one.
    pub(super) fn parts(&self) -> &[Self] {
        match self {
            Self::All { of } | Self::Any { of } => of,
            Self::Not { of } => std::slice::from_ref(of),
            Self::Always {}
            | Self::Category { .. }
            | Self::Area { .. }
            | Self::Origin { .. }
            | Self::Priority { .. }
            | Self::Sensitivity { .. }
            | Self::Answer { .. }
            | Self::Keywords { .. }
            | Self::Weekday { .. }
            | Self::Hour { .. }
            | Self::RoadOwner { .. }
            | Self::LandOwner { .. } => &[],
        }
    }

    /// The JSON pointer of one of its parts at any depth, from itself; empty for itself.
    pub(super) fn pointer_to(&self, part: &Self) -> Option<String> {
        if std::ptr::eq(self, part) {
            return Some(String::new());
        }
        self.parts().iter().enumerate().find_map(|(at, inner)| {
            let rest = inner.pointer_to(part)?;
            Some(format!("{}{rest}", self.step_to(at)))
        })
    }

    /// The JSON pointer of one of its parts, from itself.
    pub(super) fn step_to(&self, at: usize) -> String {
        match self {
            Self::Not { .. } => "/of".to_owned(),
            _ => format!("/of/{at}"),
        }
    }
}

/// What of a place can have an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Owned {
    /// The road: who maintains it (commune, métropole, département, State…).
    Road,
    /// The land: whose ground it is (commune, landlord…).
    Land,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Weekday)]
pub enum Day {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

impl Day {
    /// Every day, from Monday on.
    pub const ALL: [Self; 7] =
        [Self::Monday, Self::Tuesday, Self::Wednesday, Self::Thursday, Self::Friday, Self::Saturday, Self::Sunday];

    /// What people call it: « samedi », “Saturday”.
    #[must_use]
    pub const fn label(self, language: Language) -> &'static str {
        let (fr, en) = match self {
            Self::Monday => ("lundi", "Monday"),
            Self::Tuesday => ("mardi", "Tuesday"),
            Self::Wednesday => ("mercredi", "Wednesday"),
            Self::Thursday => ("jeudi", "Thursday"),
            Self::Friday => ("vendredi", "Friday"),
            Self::Saturday => ("samedi", "Saturday"),
            Self::Sunday => ("dimanche", "Sunday"),
        };
        match language {
            Language::Fr => fr,
            Language::En => en,
        }
    }
}

impl From<chrono::Weekday> for Day {
    fn from(day: chrono::Weekday) -> Self {
        match day {
            chrono::Weekday::Mon => Self::Monday,
            chrono::Weekday::Tue => Self::Tuesday,
            chrono::Weekday::Wed => Self::Wednesday,
            chrono::Weekday::Thu => Self::Thursday,
            chrono::Weekday::Fri => Self::Friday,
            chrono::Weekday::Sat => Self::Saturday,
            chrono::Weekday::Sun => Self::Sunday,
        }
    }
}
