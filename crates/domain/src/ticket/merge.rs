//! Ending a ticket as a duplicate of another, and taking that back. Nothing is moved: both timelines stay as they are,
//! and the followers of the duplicate follow the main ticket.

use chrono::{DateTime, Utc};

use super::lifecycle::{Action, Refusal, next};
use super::{Change, Fact, Ticket};
use crate::city::City;
use crate::city::catalogue::ClosureReason;
use crate::rights::Secrecy;
use crate::text::Note;

/// End a ticket as a duplicate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merge {
    /// For the service and the dispatcher.
    pub note: Option<Note>,
}

/// Why a ticket cannot be the main one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAMain {
    /// It is the duplicate itself.
    Itself,
    /// It has ended.
    Ended,
    /// It is not for the same readers: one of the two is restricted, the other is not; or another referrer is one of its few.
    OtherReaders,
}

impl Ticket {
    /// Whether the ticket still has something to be done about it.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !self.state.has_ended()
    }

    /// Whether this ticket can be the main one of a duplicate.
    ///
    /// # Errors
    /// Why not.
    pub fn can_have_duplicate(&self, duplicate: &Self) -> Result<(), NotAMain> {
        if self.id == duplicate.id {
            Err(NotAMain::Itself)
        } else if !self.is_open() {
            Err(NotAMain::Ended)
        } else if self.secrecy() != duplicate.secrecy()
            // Of a restricted ticket, its referrer is one of the few readers.
            || (self.secrecy() == Secrecy::Restricted && self.referrer != duplicate.referrer)
        {
            Err(NotAMain::OtherReaders)
        } else {
            Ok(())
        }
    }
}

impl Merge {
    /// The ticket once it has ended as a duplicate of a ticket that [`Ticket::can_have_duplicate`].
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is open.
    pub fn apply(self, ticket: Ticket, main: &Ticket, now: DateTime<Utc>) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Merge)?;
        let fact = Fact::Merged { duplicate_of: main.id, note: self.note };
        Ok(ticket.turned(state, fact, |ticket| {
            ticket.end_pause(now);
            ticket.closed_at = Some(now);
            ticket.closure_reason = Some(ClosureReason::Duplicate);
            ticket.duplicate_of = Some(main.id);
        }))
    }
}

/// Take back that a ticket is a duplicate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmerge {
    /// Why.
    pub note: Note,
}

impl Unmerge {
    /// The ticket as it goes back to its service, its clocks begun anew; or to the dispatcher's desk, where
    /// `City::goes_instead` says so.
    ///
    /// # Errors
    /// [`Refusal::State`] unless the ticket is closed, [`Refusal::NotMerged`] unless it was closed as a duplicate.
    pub fn apply(self, ticket: Ticket, city: &City, now: DateTime<Utc>) -> Result<Change, Refusal> {
        let state = next(ticket.state, Action::Unmerge)?;
        let duplicate_of = ticket.duplicate_of.ok_or(Refusal::NotMerged)?;
        let service = city.goes_instead(&ticket).cloned();
        let from = service.is_some().then(|| ticket.service.clone());
        let fact = Fact::Unmerged { duplicate_of, note: self.note, from, service: service.clone() };
        Ok(ticket.turned(state, fact, |ticket| {
            if let Some(service) = service {
                ticket.service = service;
            }
            ticket.hand_over(now);
        }))
    }
}
