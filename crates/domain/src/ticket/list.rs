//! Tickets as a letter lists them: reference, subject and due date, and a reference only of those that are not for everybody.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{State, Ticket};
use crate::language::Label;
use crate::rights::Secrecy;
use crate::text::{Address, Title};

/// How many tickets a letter lists at most.
pub const MOST: usize = 50;

/// A list of tickets, and why somebody gets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketList {
    /// Why.
    pub occasion: Occasion,
    /// The tickets, those first that are due first.
    pub lines: Vec<Line>,
    /// How many more there are.
    pub more: usize,
}

/// Why somebody gets a list of tickets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Occasion {
    /// A café is near: residents of the area will ask what became of what they said.
    Cafe {
        /// What the poster says.
        title: Title,
        /// Where.
        address: Option<Address>,
        /// When it begins.
        starts_at: DateTime<Utc>,
    },
}

/// A ticket of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its reference.
    pub reference: String,
    /// What it is about; none of a ticket that is not for everybody.
    pub subject: Option<Label>,
    /// When its running clock ends; none while no clock runs, and of a ticket that is not for everybody.
    pub due_at: Option<DateTime<Utc>>,
}

impl Line {
    /// The line of a ticket; `subject` is the label of its category.
    #[must_use]
    pub fn of(ticket: &Ticket, subject: Option<&Label>) -> Self {
        let reference = ticket.reference.clone();
        if ticket.secrecy() != Secrecy::Standard {
            return Self { reference, subject: None, due_at: None };
        }
        Self { reference, subject: subject.cloned(), due_at: due_at(ticket) }
    }
}

/// When the clock that runs ends.
const fn due_at(ticket: &Ticket) -> Option<DateTime<Utc>> {
    match ticket.state {
        State::Submitted | State::Refused => Some(ticket.ack_due_at),
        State::Acknowledged | State::Scheduled | State::InProgress => Some(ticket.resolve_due_at),
        State::OnHold | State::Resolved | State::Closed | State::Cancelled => None,
    }
}

impl TicketList {
    /// The list of these tickets.
    #[must_use]
    pub fn new(occasion: Occasion, mut lines: Vec<Line>) -> Self {
        // Those without a date come last.
        lines.sort_by(|a, b| {
            (a.due_at.is_none(), a.due_at, &a.reference).cmp(&(b.due_at.is_none(), b.due_at, &b.reference))
        });
        let more = lines.len().saturating_sub(MOST);
        lines.truncate(MOST);
        Self { occasion, lines, more }
    }
}
