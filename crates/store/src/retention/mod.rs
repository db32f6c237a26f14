//! Personal data over time: which concerns have ended long enough ago, and erasing what is kept of them, step by step.
//!
//! Each step is a few statements over a batch of concerns, short enough that nobody waits for it; one that is interrupted
//! is done again.

mod due;
mod erase;
mod remove;
mod run;

use domain::id::ConcernId;
use sea_orm::QueryResult;
use uuid::Uuid;

use crate::Result;

pub use run::{Run, RunState};

/// Of how many concerns, in each step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// The contact.
    pub contacts: u32,
    /// What was said and written.
    pub texts: u32,
    /// The rows.
    pub rows: u32,
}

fn uuids(concerns: &[ConcernId]) -> Vec<Uuid> {
    concerns.iter().map(|concern| concern.0).collect()
}

fn ids(rows: Vec<QueryResult>) -> Result<Vec<ConcernId>> {
    rows.into_iter().map(|row| Ok(ConcernId(row.try_get_by_index(0)?))).collect()
}
