//! What can be done with a café, and when.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::report::Report;
use super::{Cafe, Cancelled, State};
use crate::place::{Areas, Place};
use crate::text::{Reason, Title};

/// Something that is done with a café.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Put it in the public calendar.
    Announce,
    /// Change its title, place or times.
    Change,
    /// Say that it is held.
    Hold,
    /// Write its report, or correct it.
    Report,
    /// Call it off.
    Cancel,
}

/// Why something is not done with a café.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Only a planned café is announced, changed, held or called off.
    #[error("the café is not planned any more")]
    NotPlanned,
    /// Only a café that was held has a report.
    #[error("the café was not held")]
    NotHeld,
    /// It stands in the public calendar already.
    #[error("the café is announced already")]
    Announced,
}

impl State {
    /// The state after an action.
    ///
    /// # Errors
    /// [`Refusal`] when the state does not allow it.
    pub const fn after(self, action: Action) -> Result<Self, Refusal> {
        match (self, action) {
            (Self::Planned, Action::Announce | Action::Change) => Ok(Self::Planned),
            (Self::Planned, Action::Hold) => Ok(Self::Held),
            (Self::Planned, Action::Cancel) => Ok(Self::Cancelled),
            (Self::Held | Self::Reported, Action::Report) => Ok(Self::Reported),
            (Self::Planned | Self::Cancelled, Action::Report) => Err(Refusal::NotHeld),
            (
                Self::Held | Self::Reported | Self::Cancelled,
                Action::Announce | Action::Change | Action::Hold | Action::Cancel,
            ) => Err(Refusal::NotPlanned),
        }
    }
}

impl Cafe {
    /// The café as it is once it stands in the public calendar.
    ///
    /// # Errors
    /// [`Refusal`] when it is not planned, or announced already.
    pub fn announce(self, now: DateTime<Utc>) -> Result<Self, Refusal> {
        let cafe = self.does(Action::Announce, now)?;
        match cafe.announced_at {
            Some(_) => Err(Refusal::Announced),
            None => Ok(Self { announced_at: Some(now), ..cafe }),
        }
    }

    /// The café as it is once its title, place or times are others.
    ///
    /// # Errors
    /// [`Refusal`] when it is not planned.
    pub fn change(
        self,
        title: Title,
        (place, areas): (Place, Areas),
        (starts_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
        now: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        Ok(Self { title, place, areas, starts_at, ends_at, ..self.does(Action::Change, now)? })
    }

    /// The café as it is once an officer has said that it is held.
    ///
    /// # Errors
    /// [`Refusal`] when it is not planned.
    pub fn hold(self, now: DateTime<Utc>) -> Result<Self, Refusal> {
        Ok(Self { held_at: Some(now), ..self.does(Action::Hold, now)? })
    }

    /// The café as it is once its report is written, or written again.
    ///
    /// # Errors
    /// [`Refusal`] when it was not held.
    pub fn report(self, report: Report, now: DateTime<Utc>) -> Result<Self, Refusal> {
        Ok(Self { report: Some(report), ..self.does(Action::Report, now)? })
    }

    /// The café as it is once it is called off.
    ///
    /// # Errors
    /// [`Refusal`] when it is not planned.
    pub fn cancel(self, reason: Reason, now: DateTime<Utc>) -> Result<Self, Refusal> {
        Ok(Self { cancelled: Some(Cancelled { at: now, reason }), ..self.does(Action::Cancel, now)? })
    }

    fn does(self, action: Action, now: DateTime<Utc>) -> Result<Self, Refusal> {
        let state = self.state.after(action)?;
        Ok(Self { state, changed_at: now, version: self.version + 1, ..self })
    }
}

#[cfg(test)]
mod tests {
    use super::Action::{Announce, Cancel, Change, Hold, Report};
    use super::Refusal::{NotHeld, NotPlanned};
    use super::State::{Cancelled, Held, Planned, Reported};
    use super::*;

    #[test]
    fn every_cell_of_the_life_of_a_cafe() {
        type Cell = Result<State, Refusal>;
        let table: [(State, [Cell; 5]); 4] = [
            //          announce         change           hold             report           cancel
            (Planned, [Ok(Planned), Ok(Planned), Ok(Held), Err(NotHeld), Ok(Cancelled)]),
            (Held, [Err(NotPlanned), Err(NotPlanned), Err(NotPlanned), Ok(Reported), Err(NotPlanned)]),
            (Reported, [Err(NotPlanned), Err(NotPlanned), Err(NotPlanned), Ok(Reported), Err(NotPlanned)]),
            (Cancelled, [Err(NotPlanned), Err(NotPlanned), Err(NotPlanned), Err(NotHeld), Err(NotPlanned)]),
        ];
        assert_eq!(table.map(|(state, _)| state), State::ALL);
        for (state, cells) in table {
            for (action, cell) in [Announce, Change, Hold, Report, Cancel].into_iter().zip(cells) {
                assert_eq!(state.after(action), cell, "{action:?} of a café that is {state:?}");
            }
        }
    }
}
