//! Attaching a concern to an open ticket, when it is filed, instead of opening another ticket for the same thing. The
//! ticket goes on as before; who filed the concern and who raised it hear what becomes of it.

use super::{Change, Fact, Ticket};
use crate::concern::Referrer;
use crate::id::{CategoryCode, ConcernId};
use crate::rights::Secrecy;

/// Attach a concern: it follows the ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follow {
    /// The concern.
    pub concern: ConcernId,
}

/// Why a concern cannot be attached to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAttachable {
    /// The ticket has ended.
    Ended,
    /// The ticket is about something else.
    OtherCategory,
    /// The ticket is not for the same readers: its category has become restricted since, or is no longer, or another
    /// referrer is one of its few.
    OtherReaders,
}

impl Ticket {
    /// Whether a concern of that category and that referrer, kept from others so far, can be attached.
    ///
    /// # Errors
    /// Why not.
    pub fn can_take(&self, category: &CategoryCode, secrecy: Secrecy, referrer: Referrer) -> Result<(), NotAttachable> {
        if self.category != *category {
            Err(NotAttachable::OtherCategory)
        } else if self.secrecy() != secrecy
            // Of a restricted ticket, its referrer is one of the few readers.
            || (secrecy == Secrecy::Restricted && self.referrer != referrer)
        {
            Err(NotAttachable::OtherReaders)
        } else if !self.is_open() {
            Err(NotAttachable::Ended)
        } else {
            Ok(())
        }
    }
}

impl Follow {
    /// The ticket with one more concern; it is one that [`Ticket::can_take`] it.
    #[must_use]
    pub fn apply(self, ticket: Ticket) -> Change {
        let state = ticket.state;
        ticket.turned(state, Fact::Followed { concern: self.concern }, |ticket| ticket.followers += 1)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::UserId;
    use crate::ticket::State;
    use crate::ticket::example::ticket;

    #[test]
    fn a_ticket_takes_what_is_about_the_same_thing_while_it_is_open() {
        let (same, other): (CategoryCode, CategoryCode) =
            ("illegal_dumping".parse().unwrap(), "pothole".parse().unwrap());
        let other_agent = Referrer::Person(UserId(Uuid::from_u128(99)));
        for (state, open) in
            [(State::Submitted, true), (State::Refused, true), (State::Resolved, false), (State::Closed, false)]
        {
            let expected = if open { Ok(()) } else { Err(NotAttachable::Ended) };
            assert_eq!(ticket(state).can_take(&same, Secrecy::Standard, other_agent), expected, "{state:?}");
        }
        let open = ticket(State::OnHold);
        assert_eq!(open.can_take(&other, Secrecy::Standard, open.referrer), Err(NotAttachable::OtherCategory));
        assert_eq!(open.can_take(&same, Secrecy::Restricted, open.referrer), Err(NotAttachable::OtherReaders));
    }

    #[test]
    fn attaching_changes_nothing_but_the_count() {
        let before = ticket(State::InProgress);
        let concern = ConcernId(Uuid::from_u128(9));
        let change = Follow { concern }.apply(before.clone());
        assert_eq!(change.fact, Fact::Followed { concern });
        assert_eq!(change.ticket, Ticket { version: before.version + 1, followers: 1, ..before });
    }
}
