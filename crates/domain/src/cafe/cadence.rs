//! How often a café is held in each area, as the city wishes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::id::ZoningCode;
use crate::time::Interval;

/// The rhythm that the city wishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cadence {
    /// The zoning in whose areas cafés are counted.
    pub zoning: ZoningCode,
    /// How long after the last café of an area the next one is due: « 12 months », « 45 days ».
    pub every: Interval,
}
