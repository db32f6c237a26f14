//! The clocks of a ticket: until when its service should take it in hand and settle it, and when somebody is reminded.
//! All of it follows from the ticket, its service's calendar and the targets, so that it can be wound again at any time.

use chrono::{DateTime, Duration, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{State, Ticket};
use crate::city::City;
use crate::routing::Sent;
use crate::time::{Calendar, Target};

/// Which clock of a ticket runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// Until the service takes it in hand.
    Acknowledge,
    /// Until the service settles it.
    Resolve,
}

/// Whom a rung of the ladder of reminders tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reminded {
    /// The service, at its mailbox.
    Service,
    /// The managers of the service; its mailbox, when it has none.
    Manager,
    /// The dispatcher's desk.
    Dispatcher,
}

/// One rung of the ladder of reminders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rung {
    /// Whom it tells.
    pub to: Reminded,
    /// When: a share of the target in per cent; 100 is the moment at which the target is missed.
    #[schemars(range(min = 1, max = 1000))]
    pub at: u16,
}

/// The ladder of a city that says nothing of its own: the service at 100 % of the target, its manager at 125 %, the
/// dispatcher at 150 %.
#[must_use]
pub fn usual_ladder() -> Vec<Rung> {
    vec![
        Rung { to: Reminded::Service, at: 100 },
        Rung { to: Reminded::Manager, at: 125 },
        Rung { to: Reminded::Dispatcher, at: 150 },
    ]
}

impl Ticket {
    /// The clock that runs, if one does: none while the ticket waits, was sent back, or has nothing left to be done.
    #[must_use]
    pub const fn clock(&self) -> Option<Clock> {
        match self.state {
            State::Submitted => Some(Clock::Acknowledge),
            State::Acknowledged | State::Scheduled | State::InProgress => Some(Clock::Resolve),
            State::OnHold | State::Refused | State::Resolved | State::Closed | State::Cancelled => None,
        }
    }
}

impl City {
    /// Winds the clocks of a ticket: sets `ack_due_at`, `resolve_due_at` and `remind_at`. What its clocks count in is
    /// told by its service and category; of a ticket that names one which is no longer in use they stay as they are,
    /// and the answer is false.
    pub fn wind(&self, ticket: &mut Ticket) -> bool {
        let Some((calendar, acknowledge, resolve)) = self.targets(ticket) else { return false };
        let start = ticket.handed_over_at;
        ticket.ack_due_at = calendar.due(start, acknowledge);
        ticket.resolve_due_at = calendar.due_paused(start, resolve, &ticket.pauses);
        ticket.remind_at = self.remind_at(calendar, ticket);
        true
    }

    /// How much working time of its service has passed since the ticket was passed to it.
    #[must_use]
    pub fn working_time_since_handover(&self, ticket: &Ticket, now: DateTime<Utc>) -> Option<Duration> {
        let (calendar, ..) = self.targets(ticket)?;
        Some(calendar.working_time(ticket.handed_over_at, now))
    }

    fn remind_at(&self, calendar: &Calendar, ticket: &Ticket) -> Option<DateTime<Utc>> {
        let rung = self.settings.reminders.get(usize::try_from(ticket.rungs).ok()?)?;
        let (due, pauses) = match ticket.clock()? {
            Clock::Acknowledge => (ticket.ack_due_at, [].as_slice()),
            Clock::Resolve => (ticket.resolve_due_at, ticket.pauses.as_slice()),
        };
        Some(calendar.share(ticket.handed_over_at, due, rung.at, pauses))
    }

    fn targets(&self, ticket: &Ticket) -> Option<(&Calendar, Target, Target)> {
        let service = self.service(&ticket.service)?;
        let category = self.category(&ticket.category)?;
        let calendar = self.calendar(&service.calendar)?;
        let (acknowledge, resolve) = service.targets_of(category);
        // What the rule said about the concern holds wherever the ticket goes.
        let rule = ticket.sent.as_deref().map(Sent::targets).unwrap_or_default();
        Some((calendar, rule.acknowledge_within.unwrap_or(acknowledge), rule.resolve_within.unwrap_or(resolve)))
    }
}
