//! Cafés.

mod announced;
mod change;
mod plan;
mod read;
mod report;
mod turn;

pub use announced::announced;
pub use change::{Change, ChangeError, change};
pub use plan::{Plan, PlanError, plan};
pub use read::{list, read};
pub use report::{ReportError, ReportFault, Reported, WriteReport, report};
pub use store::cafe::{After, Filter};
pub use turn::{TurnError, announce, cancel, hold};
