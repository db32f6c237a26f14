//! Why a rule matches, and why it does not: facts, kept by tickets and told in words by [`super::wording`].

use serde::{Deserialize, Serialize};

use super::condition::{Condition, Day, Owned};
use super::words::Keyword;
use crate::city::catalogue::Sensitivity;
use crate::city::question::Reply;
use crate::concern::Origin;
use crate::id::{AreaCode, CategoryCode, ChoiceCode, OrganisationCode, QuestionCode, ZoningCode};
use crate::ticket::Priority;

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
    /// It is as pressing as that.
    Priority {
        /// The concern's priority.
        is: Priority,
    },
    /// The category is as sensitive as that.
    Sensitivity {
        /// The category's sensitivity.
        is: Sensitivity,
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
    /// The description has the words.
    Keyword {
        /// The words, as the rule has them.
        is: Keyword,
    },
    /// It was filed on such a day.
    Weekday {
        /// The day.
        is: Day,
    },
    /// It was filed at such an hour.
    Hour {
        /// The hour from which on.
        from: u8,
        /// The hour before which.
        to: u8,
    },
    /// The road or the land belongs to that organisation.
    Owner {
        /// Of what.
        of: Owned,
        /// The organisation.
        is: OrganisationCode,
    },
    /// A condition about the place must not hold, and nobody has put the place on the map.
    Unplaced,
    /// A condition about an answer must not hold, and the question was not answered.
    Unanswered {
        /// The category that asks.
        category: CategoryCode,
        /// The question.
        question: QuestionCode,
    },
    /// A condition that must not hold does not hold.
    Excluded {
        /// The condition, without those parts of it that do not matter; none in tickets of the days when it was not kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<Condition>,
    },
}

/// The first condition of a rule that does not hold: what it wants, and what there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Unmet {
    /// Another category is wanted.
    Category {
        /// The concern's.
        is: CategoryCode,
        /// The rule's.
        wants: Vec<CategoryCode>,
    },
    /// A place is wanted, and nobody has put the concern's on the map.
    Unplaced,
    /// The place lies elsewhere.
    Area {
        /// The zoning.
        zoning: ZoningCode,
        /// The area in which it lies, if it lies in one.
        is: Option<AreaCode>,
        /// The rule's.
        wants: Vec<AreaCode>,
    },
    /// It was heard otherwise.
    Origin {
        /// The concern's.
        is: Origin,
        /// The rule's.
        wants: Vec<Origin>,
    },
    /// It is more or less pressing.
    Priority {
        /// The concern's.
        is: Priority,
        /// The rule's.
        wants: Vec<Priority>,
    },
    /// The category is more or less sensitive.
    Sensitivity {
        /// The category's.
        is: Sensitivity,
        /// The rule's.
        wants: Vec<Sensitivity>,
    },
    /// The question was answered otherwise, or not at all.
    Answer {
        /// The category that asks.
        category: CategoryCode,
        /// The question.
        question: QuestionCode,
        /// What was answered.
        is: Option<Reply>,
        /// One of these choices is wanted.
        any_of: Vec<ChoiceCode>,
        /// A number as great as this is wanted.
        at_least: Option<i64>,
        /// A number as small as this is wanted.
        at_most: Option<i64>,
    },
    /// The description has none of these words.
    Keywords {
        /// The rule's.
        wants: Vec<Keyword>,
    },
    /// It was filed on another day.
    Weekday {
        /// The day.
        is: Day,
        /// The rule's.
        wants: Vec<Day>,
    },
    /// It was filed at another hour.
    Hour {
        /// The hour.
        is: u8,
        /// The hour from which on.
        from: u8,
        /// The hour before which.
        to: u8,
    },
    /// The road or the land belongs to somebody else, or nobody knows to whom.
    Owner {
        /// Of what.
        of: Owned,
        /// The organisations that zonings name.
        is: Vec<OrganisationCode>,
        /// The rule's.
        wants: Vec<OrganisationCode>,
    },
    /// None of several conditions holds, of which one would do.
    NoneOf {
        /// Why each of them does not.
        of: Vec<Unmet>,
    },
    /// A condition holds that must not.
    Excluded {
        /// Why it holds.
        because: Vec<Because>,
    },
}
