//! What a worker knows of an e-mail that it has leased.

use chrono::{DateTime, Utc};
use domain::account::Affair;
use domain::city::catalogue::Category;
use domain::city::organisation::Service;
use domain::concern::News;
use domain::id::{ConcernId, MessageId};
use domain::language::{Label, Language};
use domain::rights::Person;
use domain::ticket::list::TicketList;
use domain::ticket::notice::{Kind, Recipient};
use domain::ticket::{Event, State, Ticket};
use serde::Deserialize;

use super::TICKET_LIST;
use super::returns::Returns;

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Addressee {
    /// A service's mailbox.
    Service {
        /// Its address.
        email: String,
        /// How it gets to the ticket, if it is a partner that was sent a link.
        door: Option<Door>,
    },
    /// A person with an account.
    Person {
        /// Their address.
        email: String,
        /// Their language.
        language: Language,
        /// Their roles and services, as they are now.
        person: Person,
    },
    /// A resident.
    Resident {
        /// The concern.
        concern: ConcernId,
        /// Their address.
        email: String,
        /// Their language.
        language: Language,
        /// The token of their tracking link.
        token: String,
    },
}

/// How a partner without accounts gets to a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// The token of the newest link that it was sent.
    pub token: String,
    /// Until when the link works.
    pub expires_at: DateTime<Utc>,
    /// Why the partner is told.
    pub purpose: Label,
}

/// An e-mail that a worker has leased, with what it needs to write it.
#[derive(Debug, Clone)]
pub struct Leased {
    /// Its id: that of the first message in it.
    pub id: MessageId,
    /// Who is told.
    pub recipient: Recipient,
    /// Where; none when there is no address any more.
    pub addressee: Option<Addressee>,
    /// What it tells of.
    pub topic: Topic,
    /// Why it need not be sent any more, if so.
    pub moot: Option<&'static str>,
    /// What it tells of besides, the first turn first: turns of tickets, like the topic.
    pub also: Vec<About>,
    /// Which attempt this is, from 1.
    pub attempt: i32,
    /// When what it tells of happened; of several turns, the last.
    pub since: DateTime<Utc>,
    /// What stands in the addresses that it comes back to.
    pub returns: Returns,
    /// When it was to leave, had nothing come between.
    pub leaves_at: DateTime<Utc>,
}

/// The kind of message that lists what is late.
pub(super) const LATE: &str = "late";

/// What a message tells of.
#[derive(Debug, Clone)]
pub enum Topic {
    /// What happened to a ticket.
    Ticket(Box<About>),
    /// A concern as a whole.
    Concern(Box<AboutConcern>),
    /// What happened to an account or to a program.
    Affair(AffairTopic),
    /// Tickets, and why they are listed.
    List(TicketList),
    /// The tickets that are late when the e-mail is written.
    Late,
}

impl Topic {
    /// What a log calls it: a ticket's reference, or what happened to a concern or an account.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Ticket(about) => &about.ticket.reference,
            Self::Concern(about) => about.news.code(),
            Self::Affair(topic) => topic.affair.code(),
            Self::List(_) => TICKET_LIST,
            Self::Late => LATE,
        }
    }
}

/// An event of a ticket, as a message tells it.
#[derive(Debug, Clone)]
pub struct About {
    /// Which message.
    pub kind: Kind,
    /// The ticket, as it is now.
    pub ticket: Ticket,
    /// The event that it tells of.
    pub event: Event,
    /// The ticket's category.
    pub category: Category,
    /// The ticket's service.
    pub service: Service,
    /// What the service's organisation is called.
    pub organisation: Option<String>,
    /// The reference of the ticket that it was merged into.
    pub main: Option<String>,
    /// Which message tells of it.
    pub message: MessageId,
    /// Who is told of it.
    pub recipient: Recipient,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// When the concern was filed, of a resident theirs: the ticket may have been opened later, beside another, or theirs have
    /// been attached to it.
    pub heard_at: DateTime<Utc>,
}

/// A concern, as a message tells of it.
#[derive(Debug, Clone)]
pub struct AboutConcern {
    /// Which message.
    pub news: News,
    /// Its category.
    pub category: Category,
    /// Its tickets, or the one that it was attached to; none when it was answered on the spot.
    pub tickets: Vec<Referred>,
    /// When it was filed.
    pub heard_at: DateTime<Utc>,
}

/// A ticket of a concern: its reference, and its service.
#[derive(Debug, Clone, Deserialize)]
pub struct Referred {
    /// What people say on the phone.
    pub reference: String,
    /// How it stands.
    pub state: State,
    /// Who has it.
    pub service: Service,
}

/// What happened to an account or to a program, as a message tells it.
#[derive(Debug, Clone)]
pub struct AffairTopic {
    /// What happened.
    pub affair: Affair,
    /// The token of the link, when the message carries one.
    pub token: Option<String>,
    /// When the link or the secret expires.
    pub expires_at: Option<DateTime<Utc>>,
    /// Where the stolen session was last refreshed from: address and program.
    pub place: Option<(Option<String>, Option<String>)>,
    /// The program's name.
    pub program: Option<String>,
    /// The end of its secret.
    pub hint: Option<String>,
}
