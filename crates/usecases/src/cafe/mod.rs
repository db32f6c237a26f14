//! Cafés.

mod announced;
mod cadence;
mod change;
mod plan;
mod read;
mod remind;
mod report;
mod turn;

pub use announced::{announced, announced_one, announced_page};
pub(crate) use cadence::due;
pub use cadence::{AreaCadence, CadenceError, Rhythm, cadence};
pub use change::{Change, ChangeError, change};
pub use plan::{Plan, PlanError, PlanFault, plan};
pub use read::{list, read};
pub use remind::remind;
pub use report::{ReportError, ReportFault, WriteReport, report};
pub use store::cafe::cadence::Brief;
pub use store::cafe::{After, Filter};
pub use turn::{TurnError, announce, cancel, hold};

use domain::cafe::Cafe;
use domain::content::Finding;

/// A café with a text that somebody wrote about it, as it was kept.
#[derive(Debug, Clone)]
pub struct Written {
    /// The café.
    pub cafe: Cafe,
    /// What was found in the text.
    pub findings: Vec<Finding>,
    /// Whether it was masked.
    pub masked: bool,
}
