//! Partners without accounts: how long a link to one ticket lives, what it leads to, and what can be done through it.

use chrono::Duration;

use super::{Action, State, Ticket};

/// How long a link lives; another one can be asked for as long as the ticket is with the partner.
pub const LIVES: Duration = Duration::days(8);

/// What a partner can do with its ticket through a link. Nobody can be given a ticket who has no account, and what the
/// partner cannot settle, it refuses.
pub const ACTIONS: [Action; 6] =
    [Action::Receive, Action::Acknowledge, Action::Refuse, Action::Schedule, Action::Start, Action::Resolve];

/// How a ticket stands with the partner to which a handover passed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is the partner's to answer, or to settle.
    Theirs,
    /// The partner refused it, or says that it is settled.
    Answered,
    /// It left the partner in another way: passed on, reopened, called off, closed.
    Gone,
}

impl Ticket {
    /// How it stands with the partner to which that handover passed it. Only while it is theirs does a link lead to it.
    #[must_use]
    pub const fn standing(&self, handover: i32) -> Standing {
        if self.handovers != handover {
            return Standing::Gone;
        }
        match self.state {
            State::Submitted | State::Acknowledged | State::Scheduled | State::InProgress | State::OnHold => {
                Standing::Theirs
            }
            State::Refused | State::Resolved => Standing::Answered,
            State::Closed | State::Cancelled => Standing::Gone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::example::ticket;

    #[test]
    fn a_link_leads_to_a_ticket_while_it_is_the_partners() {
        for state in State::ALL {
            let expected = match state.code() {
                "refused" | "resolved" => Standing::Answered,
                "closed" | "cancelled" => Standing::Gone,
                _ => Standing::Theirs,
            };
            assert_eq!(ticket(state).standing(1), expected, "{}", state.code());
            // Reopened at the same partner, it is passed to it anew.
            assert_eq!(Ticket { handovers: 2, ..ticket(state) }.standing(1), Standing::Gone);
        }
    }
}
