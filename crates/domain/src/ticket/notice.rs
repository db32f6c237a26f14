//! Who is told of an event, and by which message. Writing and sending it is the `notify` crate's part.

use serde::{Deserialize, Serialize};

use super::event::Part;
use super::{Actor, Fact, Ticket};
use crate::city::catalogue::Audience;
use crate::concern::Referrer;
use crate::id::{ClientId, ConcernId, ServiceCode, UserId};
use crate::rights::Secrecy;

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
    /// To the referrer: the ticket took another turn.
    Progress,
    /// To the service: it no longer has the ticket.
    Withdrawn,
    /// To the service, its managers or the dispatcher's desk: a target is missed.
    Reminder,
    /// To the service: the day is there until which it had the ticket wait.
    DueAgain,
    /// To a service that watches: the ticket took a turn; there is nothing for it to do.
    Watched,
    /// To a person of the service: they have the ticket from now on.
    Assigned,
    /// To a colleague: a note mentions them.
    Mention,
    /// To the referrer or the resident: somebody wrote to them; to the service: the referrer did.
    Message,
    /// To the service and the referrer: the resident wrote, or answered that it is not solved.
    Answered,
    /// To the dispatcher's desk: an answer that no service can act on, about a ticket that has ended or was refused, or
    /// by a resident whose ticket is a partner's that does not read it.
    Unattended,
    /// To the resident: the ticket was called off.
    Cancelled,
    /// To the resident: the ticket went to another organisation, or one was opened there too (CRPA L114-2).
    Forwarded,
    /// To the resident: the ticket is followed together with another.
    Merged,
    /// To the resident, who has not answered: whether it is solved.
    AskedAgain,
    /// To a partner without accounts: the link that it asked for, in place of one that expired.
    Renewed,
    /// To the referrer: the resident's address takes no mail; to the dispatcher's desk: another's does not.
    Undeliverable,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 20] = [
        Self::Referral,
        Self::Refused,
        Self::Acknowledged,
        Self::Outcome,
        Self::Progress,
        Self::Withdrawn,
        Self::Reminder,
        Self::DueAgain,
        Self::Watched,
        Self::Assigned,
        Self::Mention,
        Self::Message,
        Self::Answered,
        Self::Unattended,
        Self::Cancelled,
        Self::Forwarded,
        Self::Merged,
        Self::AskedAgain,
        Self::Renewed,
        Self::Undeliverable,
    ];

    /// The name in the database and of the template.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Referral => "referral",
            Self::Refused => "refused",
            Self::Acknowledged => "acknowledged",
            Self::Outcome => "outcome",
            Self::Progress => "progress",
            Self::Withdrawn => "withdrawn",
            Self::Reminder => "reminder",
            Self::DueAgain => "due_again",
            Self::Watched => "watched",
            Self::Assigned => "assigned",
            Self::Mention => "mention",
            Self::Message => "message",
            Self::Answered => "answered",
            Self::Unattended => "unattended",
            Self::Cancelled => "cancelled",
            Self::Forwarded => "forwarded",
            Self::Merged => "merged",
            Self::AskedAgain => "asked_again",
            Self::Renewed => "renewed",
            Self::Undeliverable => "undeliverable",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether anybody of that audience is ever told by it.
    #[must_use]
    pub const fn is_told_to(self, audience: Audience) -> bool {
        match self {
            Self::Referral
            | Self::Refused
            | Self::Withdrawn
            | Self::DueAgain
            | Self::Watched
            | Self::Unattended
            | Self::Renewed => matches!(audience, Audience::Service),
            Self::Progress | Self::Assigned | Self::Mention => matches!(audience, Audience::Agent),
            Self::Cancelled | Self::Forwarded | Self::Merged | Self::AskedAgain => {
                matches!(audience, Audience::Resident)
            }
            Self::Acknowledged | Self::Outcome => matches!(audience, Audience::Agent | Audience::Resident),
            Self::Reminder | Self::Answered | Self::Undeliverable => {
                matches!(audience, Audience::Service | Audience::Agent)
            }
            Self::Message => true,
        }
    }
}

/// Whom to tell that a recipient's address takes no mail: the resident's referrer, who can ask for another one; of anybody
/// else's, and where there is no such person, the dispatcher's desk, unless it is the desk's own.
#[must_use]
pub fn undeliverable(to: &Recipient, referrer: Option<UserId>, desk: &ServiceCode) -> Option<Notice> {
    let recipient = match (to, referrer) {
        (Recipient::Resident { .. }, Some(user)) => Recipient::Person { user },
        (Recipient::Service { code }, _) if code == desk => return None,
        _ => Recipient::Service { code: desk.clone() },
    };
    Some(Notice { kind: Kind::Undeliverable, recipient })
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
    /// A member of a service who asked for what its mailbox gets.
    Member {
        /// Who.
        user: UserId,
        /// The service.
        service: ServiceCode,
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

/// Somebody who is told what becomes of a ticket: who filed a concern that it is about, and the resident who raised it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follower {
    /// The concern.
    pub concern: ConcernId,
    /// Who filed it.
    pub referrer: Referrer,
    /// Whether the resident left an e-mail address.
    pub resident: bool,
    /// Whether mails go to it: their link has not been ended, and they have not stopped the mails.
    pub mailed: bool,
}

/// Which followers a fact is told to, and by which message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// Nobody.
    Nobody,
    /// The referrers.
    Referrers(Kind),
    /// The residents.
    Residents(Kind),
    /// The referrers and the residents.
    Everybody(Kind),
    /// The referrers by one message, the residents by another.
    Each {
        /// The referrers'.
        referrers: Kind,
        /// The residents'.
        residents: Kind,
    },
}

impl Told {
    /// By which message the referrers are told.
    const fn referrers(self) -> Option<Kind> {
        match self {
            Self::Nobody | Self::Residents(_) => None,
            Self::Referrers(kind) | Self::Everybody(kind) | Self::Each { referrers: kind, .. } => Some(kind),
        }
    }

    /// By which message the residents are told.
    const fn residents(self) -> Option<Kind> {
        match self {
            Self::Nobody | Self::Referrers(_) => None,
            Self::Residents(kind) | Self::Everybody(kind) | Self::Each { residents: kind, .. } => Some(kind),
        }
    }
}

impl Fact {
    /// Which followers are told of it.
    #[must_use]
    pub fn told(&self, ticket: &Ticket) -> Told {
        match self {
            Self::Acknowledged { .. } => Told::Everybody(Kind::Acknowledged),
            Self::Resolved { .. } => Told::Everybody(Kind::Outcome),
            // A resolved ticket's outcome was told when it was resolved; what is added to it was not.
            Self::Closed { .. } if ticket.resolved_at.is_none() => Told::Everybody(Kind::Outcome),
            Self::Closed { message_to_resident: Some(_), .. } => Told::Residents(Kind::Message),
            // Whoever comes later is told what the others were told before.
            Self::Followed { .. } if ticket.acknowledged_at.is_some() => Told::Everybody(Kind::Acknowledged),
            // Who is not competent says to whom it passes a request on, or a part of it.
            Self::Submitted { organisation: Some(_), .. } => Told::Residents(Kind::Forwarded),
            Self::Rerouted { organisation: Some(_), .. } => {
                Told::Each { referrers: Kind::Progress, residents: Kind::Forwarded }
            }
            Self::Refused { .. }
            | Self::Rerouted { .. }
            | Self::Scheduled { .. }
            | Self::Started { .. }
            | Self::Held { .. }
            | Self::Resumed { .. }
            | Self::Reopened { .. }
            | Self::Unmerged { .. }
            | Self::Split { .. } => Told::Referrers(Kind::Progress),
            // An end, so that residents hear it too.
            Self::Cancelled { .. } => Told::Each { referrers: Kind::Progress, residents: Kind::Cancelled },
            Self::Merged { .. } => Told::Each { referrers: Kind::Progress, residents: Kind::Merged },
            Self::Submitted { .. }
            | Self::Received
            | Self::Closed { .. }
            | Self::Assigned { .. }
            | Self::Followed { .. }
            | Self::Prioritised { .. }
            | Self::AttachmentAdded { .. }
            | Self::AttachmentRemoved { .. }
            | Self::Pseudonymised => Told::Nobody,
        }
    }
}

/// The messages that follow from a fact about a ticket. `desk` is the service that settles what no other takes;
/// `followers` need not be looked up when [`Fact::told`] is nobody.
///
/// Nobody is told of their own act: a referrer who reopens or cancels gets no mail about it.
#[must_use]
pub fn notices(fact: &Fact, by: &Actor, ticket: &Ticket, followers: &[Follower], desk: &ServiceCode) -> Vec<Notice> {
    let service = |kind, code: &ServiceCode| Notice { kind, recipient: Recipient::Service { code: code.clone() } };
    let mut notices: Vec<Notice> = match fact {
        Fact::Submitted { .. } | Fact::Reopened { .. } | Fact::Unmerged { .. } => {
            vec![service(Kind::Referral, &ticket.service)]
        }
        Fact::Rerouted { from, .. } => {
            let mut told = vec![service(Kind::Referral, &ticket.service)];
            // A service knows of what it passed on itself.
            if !matches!(by, Actor::Person { part: Part::Service, .. }) {
                told.push(service(Kind::Withdrawn, from));
            }
            told
        }
        Fact::Refused { .. } => vec![service(Kind::Refused, desk)],
        // By whoever resumes it before its day, the service knows.
        Fact::Resumed { .. } if *by == Actor::System => vec![service(Kind::DueAgain, &ticket.service)],
        Fact::Cancelled { .. } | Fact::Merged { .. } => vec![service(Kind::Withdrawn, &ticket.service)],
        Fact::Acknowledged { assignee, .. } | Fact::Assigned { assignee, .. } => {
            let told = assignee.filter(|user| !by.is(*user));
            told.map(|user| Notice { kind: Kind::Assigned, recipient: Recipient::Person { user } })
                .into_iter()
                .collect()
        }
        Fact::Received
        | Fact::Scheduled { .. }
        | Fact::Started { .. }
        | Fact::Held { .. }
        | Fact::Resumed { .. }
        | Fact::Resolved { .. }
        | Fact::Closed { .. }
        | Fact::Prioritised { .. }
        | Fact::Followed { .. }
        | Fact::Split { .. }
        | Fact::AttachmentAdded { .. }
        | Fact::AttachmentRemoved { .. }
        | Fact::Pseudonymised => Vec::new(),
    };
    // Whoever is told what to do is not told that there is nothing to do.
    let told: Vec<Recipient> = notices.iter().map(|notice| notice.recipient.clone()).collect();
    notices.extend(watched(fact, ticket).into_iter().filter(|notice| !told.contains(&notice.recipient)));
    let told = fact.told(ticket);
    let newcomer = if let Fact::Followed { concern } = fact { Some(*concern) } else { None };
    for follower in followers.iter().filter(|follower| newcomer.is_none_or(|concern| follower.concern == concern)) {
        if let (Some(kind), Referrer::Person(user)) = (told.referrers(), follower.referrer)
            && !ticket.hidden_from_referrer
            && !by.is(user)
        {
            let notice = Notice { kind, recipient: Recipient::Person { user } };
            if !notices.contains(&notice) {
                notices.push(notice);
            }
        }
        if let (Some(kind), true) = (told.residents(), follower.mailed) {
            notices.push(Notice { kind, recipient: Recipient::Resident { concern: follower.concern } });
        }
    }
    notices
}

/// What is told to the services that the rule has watch the ticket: what its referrer is told, and that it was referred. Of a
/// restricted ticket, they are not to know.
fn watched(fact: &Fact, ticket: &Ticket) -> Vec<Notice> {
    let newcomer = matches!(fact, Fact::Followed { .. });
    let news = matches!(fact, Fact::Submitted { .. }) || (fact.told(ticket).referrers().is_some() && !newcomer);
    let watchers = ticket.sent.as_ref().filter(|_| news && ticket.secrecy() == Secrecy::Standard);
    let others = watchers.into_iter().flat_map(|sent| &sent.watchers).filter(|service| **service != ticket.service);
    others.map(|code| Notice { kind: Kind::Watched, recipient: Recipient::Service { code: code.clone() } }).collect()
}
