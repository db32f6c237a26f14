//! What is written down of a café once it was held: figures for the city, no names of residents.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{CategoryCode, UserId};
use crate::text::Remarks;

/// The greatest number of people, or of conversations of a theme, that a report tells.
pub const MOST: u32 = 10_000;

/// The report of a café.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// How many people came.
    pub headcount: u32,
    /// The conversations that led to no concern, by theme.
    pub conversations: Vec<Conversations>,
    /// The officers who were there.
    pub officers: BTreeSet<UserId>,
    /// What the weather was like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weather: Option<Weather>,
    /// What else is to be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remarks: Option<Remarks>,
    /// Who wrote it, the last time.
    pub written_by: UserId,
    /// When, the last time.
    pub written_at: DateTime<Utc>,
}

/// How many conversations there were about a theme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversations {
    /// The theme: a category of the catalogue, or one that others are part of.
    pub category: CategoryCode,
    /// How many.
    pub count: u32,
}

/// What the weather was like: it decides how many people stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weather {
    /// Sunny.
    Sunny,
    /// Cloudy.
    Cloudy,
    /// Rain.
    Rain,
    /// Snow or ice.
    Snow,
    /// Strong wind.
    Wind,
    /// Very hot.
    Heat,
    /// Inside: the weather did not matter.
    Indoors,
}
