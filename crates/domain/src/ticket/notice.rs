//! Who is told of an event, and by which message. Writing and sending it is the `notify` crate's part.

use serde::{Deserialize, Serialize};

use super::{Fact, Ticket};
use crate::concern::Referrer;
use crate::id::{ClientId, ConcernId, ServiceCode, UserId};

/// Which message is sent; the name of its template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// To a service: a ticket was referred to it.
    Referral,
    /// To the dispatcher's desk: a service sent a ticket back.
    Refused,
    /// To the referrer or the resident: a service took the ticket in hand.
    Acknowledged,
    /// To the referrer or the resident: how the ticket ended.
    Outcome,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Referral, Self::Refused, Self::Acknowledged, Self::Outcome];

    /// The name in the database and of the template.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Referral => "referral",
            Self::Refused => "refused",
            Self::Acknowledged => "acknowledged",
            Self::Outcome => "outcome",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Who is told. Never an address: that is looked up when the message leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Recipient {
    /// A service, at its mailbox.
    Service {
        /// The service.
        code: ServiceCode,
    },
    /// A person with an account.
    Person {
        /// Who.
        user: UserId,
    },
    /// Who looks after a program that uses the API.
    Client {
        /// The program.
        client: ClientId,
    },
    /// The resident who raised the concern, if they left an address.
    Resident {
        /// The concern.
        concern: ConcernId,
    },
}

/// One message that follows from an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Which message.
    pub kind: Kind,
    /// To whom.
    pub recipient: Recipient,
}

/// The messages that follow from a fact about a ticket. `resident` says whether the resident left an address;
/// `desk` is the service that settles what no other takes.
#[must_use]
pub fn notices(fact: &Fact, ticket: &Ticket, resident: bool, desk: &ServiceCode) -> Vec<Notice> {
    let service = |kind, code: &ServiceCode| Notice { kind, recipient: Recipient::Service { code: code.clone() } };
    let followers = |kind| {
        let resident_notice = Notice { kind, recipient: Recipient::Resident { concern: ticket.concern } };
        let mut notices = Vec::with_capacity(2);
        if let (Referrer::Person(user), false) = (ticket.referrer, ticket.hidden_from_referrer) {
            notices.push(Notice { kind, recipient: Recipient::Person { user } });
        }
        if resident {
            notices.push(resident_notice);
        }
        notices
    };
    match fact {
        Fact::Submitted { .. } | Fact::Rerouted { .. } | Fact::Reopened { .. } => {
            vec![service(Kind::Referral, &ticket.service)]
        }
        Fact::Refused { .. } => vec![service(Kind::Refused, desk)],
        Fact::Acknowledged { .. } => followers(Kind::Acknowledged),
        Fact::Resolved { .. } => followers(Kind::Outcome),
        // A resolved ticket's outcome was told when it was resolved.
        Fact::Closed { .. } if ticket.resolved_at.is_none() => followers(Kind::Outcome),
        Fact::Closed { .. }
        | Fact::Received
        | Fact::Scheduled { .. }
        | Fact::Started { .. }
        | Fact::Held { .. }
        | Fact::Resumed { .. }
        | Fact::Cancelled { .. }
        | Fact::Merged { .. } => Vec::new(),
    }
}
