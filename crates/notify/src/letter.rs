//! One e-mail, from what it says to the message that leaves: a text and an HTML part with the same words, and headers
//! that keep the mails of one ticket together and machines from answering.
//!
//! Deliberately absent: what the resident said, names, notes and answers. A letter carries the reference, what
//! happened and a link; the rest is read where rights are checked. Subjects show on locked screens, so they carry no
//! category either. The resident's address appears in `To` and nowhere else.

mod affair;
mod context;
mod late;
mod news;
mod own;
mod sample;
mod templates;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

use chrono::{DateTime, NaiveDate, Utc};
use domain::city::Sender;
use domain::city::catalogue::{Audience, ClosureReason};
use domain::id::{MessageId, TicketId};
use domain::language::Language;
use domain::ticket::Fact;
use domain::ticket::event::RefusalReason;
use domain::ticket::notice::Kind;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use url::{Host, Url};

pub use affair::{AffairLetter, compose_affair};
pub use late::{LateLetter, LateService, LateTicket, compose_late};
pub use news::{NewsLetter, Told, compose_news};
pub use own::{WordsFault, check_words, own_letters};
pub use sample::sample;
pub use templates::{Parts, Stationery};

/// Everything that one e-mail says.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The local part of `Message-ID`, the same at each attempt, so that a repeat can be recognised.
    pub id: MessageId,
    /// What all mails of the ticket answer to, so that mail programs show them as one conversation.
    pub ticket: TicketId,
    /// What happened.
    pub kind: Kind,
    /// Who reads it.
    pub audience: Audience,
    /// The language that it is written in.
    pub language: Language,
    /// The address that it goes to.
    pub to: String,
    /// The ticket's reference.
    pub reference: String,
    /// What the ticket is about, in `language`.
    pub category: String,
    /// The service that has, or had, the ticket, in `language`.
    pub service_name: String,
    /// Its telephone, if it has one to give.
    pub service_phone: Option<String>,
    /// When the concern was filed.
    pub filed_at: DateTime<Utc>,
    /// Until when the service should take the ticket in hand.
    pub ack_due_at: DateTime<Utc>,
    /// Until when it should settle it.
    pub resolve_due_at: DateTime<Utc>,
    /// [`Kind::Acknowledged`]: the day on which the service expects to act.
    pub expected_on: Option<NaiveDate>,
    /// [`Kind::Outcome`], where it is needed: how the ticket ended.
    pub closure_reason: Option<ClosureReason>,
    /// [`Kind::Outcome`] of a refused ticket: the competent body that was told (CRPA L114-2).
    pub body_told: Option<String>,
    /// [`Kind::Refused`], where it is needed: why the service sent the ticket back.
    pub refusal_reason: Option<RefusalReason>,
    /// [`Kind::Progress`]: which turn the ticket took.
    pub turn: Option<Turn>,
    /// Whether it goes to a member of the service who asked for what its mailbox gets.
    pub member: bool,
    /// The ticket, for staff; the tracking page, for the resident.
    pub link: Url,
    /// When it happened: the `Date` of the mail.
    pub at: DateTime<Utc>,
}

/// A turn that a ticket took, as its referrer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It was referred to its service.
    Referred,
    /// The service took it in hand.
    TakenInHand,
    /// It went to another service.
    Rerouted,
    /// The service set a day.
    Scheduled(NaiveDate),
    /// The service set to work.
    Started,
    /// The service waits, until that day.
    Held(NaiveDate),
    /// The waiting is over.
    Resumed,
    /// It was not settled after all.
    Reopened,
    /// It was called off.
    Cancelled,
    /// It is followed together with another.
    Merged,
    /// It is followed by itself again.
    Unmerged,
    /// Other services got a ticket too.
    Split,
}

impl Turn {
    /// The turn that a fact is; none when it is told otherwise, or not at all.
    #[must_use]
    pub const fn of(fact: &Fact) -> Option<Self> {
        match fact {
            Fact::Submitted { .. } => Some(Self::Referred),
            Fact::Acknowledged { .. } => Some(Self::TakenInHand),
            Fact::Rerouted { .. } => Some(Self::Rerouted),
            Fact::Scheduled { scheduled_for, .. } => Some(Self::Scheduled(*scheduled_for)),
            Fact::Started { .. } => Some(Self::Started),
            Fact::Held { resume_on, .. } => Some(Self::Held(*resume_on)),
            Fact::Resumed { .. } => Some(Self::Resumed),
            Fact::Reopened { .. } => Some(Self::Reopened),
            Fact::Cancelled { .. } => Some(Self::Cancelled),
            Fact::Merged { .. } => Some(Self::Merged),
            Fact::Unmerged { .. } => Some(Self::Unmerged),
            Fact::Split { .. } => Some(Self::Split),
            Fact::Received
            | Fact::Refused { .. }
            | Fact::Resolved { .. }
            | Fact::Closed { .. }
            | Fact::Assigned { .. }
            | Fact::Followed { .. }
            | Fact::Prioritised { .. }
            | Fact::AttachmentAdded { .. }
            | Fact::AttachmentRemoved { .. } => None,
        }
    }
}

/// Why a letter cannot be written. Carries neither the address nor a word of the letter.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// Nobody of that audience is told of this.
    #[error("there is no « {} » letter to that audience ({audience:?})", kind.code())]
    Pair {
        /// What happened.
        kind: Kind,
        /// Who was to be told.
        audience: Audience,
    },
    /// The letter does not say what its kind needs.
    #[error("the letter lacks its {0}")]
    Missing(&'static str),
    /// The recipient's address is not one.
    #[error("the recipient's address is not an e-mail address")]
    Recipient,
    /// The city's own address is not one.
    #[error("the sender's address « {0} » is not an e-mail address")]
    Sender(String),
    /// A template does not fit.
    #[error("a template does not fit: {0}")]
    Template(#[from] minijinja::Error),
    /// The parts do not make a message.
    #[error("the parts do not make a message: {0}")]
    Message(#[from] lettre::error::Error),
}

/// The message that says the letter, in the name of the city. Composing the same letter twice gives the same bytes.
///
/// # Errors
/// [`ComposeError`] when nobody of that audience is told of such an event, when the letter lacks what its kind needs,
/// or when an address is not one.
pub fn compose(letter: &Letter, paper: &Stationery) -> Result<Message, ComposeError> {
    let parts = paper.render(letter)?;
    let conversation = Some(format!("ticket.{}", letter.ticket));
    let Letter { id, to, at, language, .. } = letter;
    envelope(Envelope { id: *id, to, at: *at, language: *language, conversation }, &paper.sender, parts)
}

/// What is written on a letter.
struct Envelope<'a> {
    id: MessageId,
    to: &'a str,
    at: DateTime<Utc>,
    language: Language,
    /// What the mail answers to, so that mail programs show several as one conversation.
    conversation: Option<String>,
}

fn envelope(letter: Envelope<'_>, sender: &Sender, parts: Parts) -> Result<Message, ComposeError> {
    let from = address(&sender.email).ok_or_else(|| ComposeError::Sender(sender.email.clone()))?;
    let to = address(letter.to).ok_or(ComposeError::Recipient)?;
    let mut message = Message::builder().date(SystemTime::from(letter.at)).message_id(Some(format!(
        "<{}@{}>",
        letter.id,
        from.domain()
    )));
    if let Some(conversation) = letter.conversation {
        let conversation = format!("<{conversation}@{}>", from.domain());
        message = message.in_reply_to(conversation.clone()).references(conversation);
    }
    let mut message = message
        .from(Mailbox::new(Some(context::one_line(&sender.name)), from))
        .to(Mailbox::new(None, to))
        .subject(parts.subject)
        .multipart(
            MultiPart::alternative()
                .boundary(format!("letter-{}", letter.id))
                .singlepart(SinglePart::plain(parts.text))
                .singlepart(SinglePart::html(parts.html)),
        )?;
    for (name, value) in [
        (HeaderName::new_from_ascii_str("Content-Language"), letter.language.tag()),
        // RFC 3834: no machine is to answer this.
        (HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated"),
        (HeaderName::new_from_ascii_str("X-Auto-Response-Suppress"), "All"),
    ] {
        message.headers_mut().insert_raw(HeaderValue::new(name, value.to_owned()));
    }
    Ok(message)
}

/// The address, its domain in the form that every mail server takes (IDNA: `château.example` is
/// `xn--chteau-xta.example`).
fn address(text: &str) -> Option<Address> {
    let address: Address = text.parse().ok()?;
    if address.domain().is_ascii() {
        return Some(address);
    }
    let domain = Host::parse(address.domain()).ok()?.to_string();
    Address::new(address.user(), domain).ok()
}
