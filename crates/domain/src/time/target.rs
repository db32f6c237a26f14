//! How long something may take.

use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// How long something may take, in working time: `4h` is four open hours; `2d` is the closing time of the second open
/// day after the day on which the count began; `0d` is the end of that day itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = Self::PATTERN))]
pub enum Target {
    /// Open hours.
    Hours(u16),
    /// Open days.
    Days(u16),
}

impl Target {
    /// How one is written.
    pub const PATTERN: &str = "^([0-2]?[0-9]{1,2}|3[0-5][0-9]|36[0-5])[hd]$";
}

impl PartialSchema for Target {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(Self::PATTERN))
            .description(Some(
                "Working time: `4h` is four open hours, `2d` the end of the second open day, at most 365.",
            ))
            .into()
    }
}

impl ToSchema for Target {}

/// Why a text is not a target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("« {0} » is not a target: write 4h for four open hours, 2d for two open days, at most 365")]
pub struct NotATarget(String);

impl FromStr for Target {
    type Err = NotATarget;

    fn from_str(text: &str) -> Result<Self, NotATarget> {
        let fail = || NotATarget(text.to_owned());
        let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(fail)?;
        let is_count = (1..=3).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
        let count = digits.parse().ok().filter(|count| is_count && *count <= 365).ok_or_else(fail)?;
        match unit {
            "h" => Ok(Self::Hours(count)),
            "d" => Ok(Self::Days(count)),
            _ => Err(fail()),
        }
    }
}

impl TryFrom<String> for Target {
    type Error = NotATarget;

    fn try_from(text: String) -> Result<Self, NotATarget> {
        text.parse()
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        match target {
            Target::Hours(count) => format!("{count}h"),
            Target::Days(count) => format!("{count}d"),
        }
    }
}
