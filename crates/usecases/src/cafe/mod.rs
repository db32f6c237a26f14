//! Cafés.

mod hold;
mod plan;
mod read;

pub use hold::{HoldError, hold};
pub use plan::{Plan, PlanError, plan};
pub use read::{list, read};
pub use store::cafe::{After, Filter};
