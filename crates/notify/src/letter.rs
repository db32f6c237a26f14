//! One e-mail, from what it says to the message that leaves: a text and an HTML part with the same words, and headers
//! that keep the mails of one ticket together and machines from answering.
//!
//! Deliberately absent: what the resident said, names, notes and answers. A letter carries the reference, what
//! happened and a link; the rest is read where rights are checked. Subjects show on locked screens, so they carry no
//! category either. The resident's address appears in `To` and nowhere else.

mod affair;
mod concern;
mod context;
mod late;
mod list;
mod news;
mod own;
mod sample;
mod templates;
#[cfg(test)]
mod tests;
mod ticket;

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use domain::city::Sender;
use domain::city::catalogue::Audience;
use domain::id::MessageId;
use domain::language::Language;
use domain::letter::LetterName;
use domain::ticket::notice::Kind;
use domain::time::Zone;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use minijinja::Value;
use url::{Host, Url};

pub use affair::AffairLetter;
pub use concern::{ConcernLetter, ReferredTo};
pub use late::{LateLetter, LateService, LateTicket};
pub use list::ListLetter;
pub use news::{NewsLetter, Told};
pub use own::{WordsFault, check_words, own_letters};
pub use sample::sample;
pub use templates::{Parts, Stationery};
pub use ticket::{Partner, TicketLetter, Turn};

/// Everything that one e-mail says.
#[derive(Debug, Clone)]
pub enum Letter {
    /// Of one turn of a ticket.
    Ticket(Box<TicketLetter>),
    /// Of a concern as a whole.
    Concern(ConcernLetter),
    /// Of several turns.
    News(NewsLetter),
    /// Of what is late.
    Late(LateLetter),
    /// Of what is due before a café.
    List(ListLetter),
    /// Of an account or a program.
    Affair(AffairLetter),
}

impl Letter {
    /// The subject, the text and the HTML.
    ///
    /// # Errors
    /// [`ComposeError`] when nobody of that audience is told of this, or the letter lacks what its kind needs.
    pub fn parts(&self, paper: &Stationery) -> Result<Parts, ComposeError> {
        paper.render(self.name()?, self.envelope().language, &self.values(&paper.sender, paper.zone)?)
    }

    /// The message that says the letter, in the name of the city. Composing the same letter twice gives the same bytes.
    ///
    /// # Errors
    /// [`ComposeError`] when nobody of that audience is told of this, when the letter lacks what its kind needs, or when an
    /// address is not one.
    pub fn compose(&self, paper: &Stationery) -> Result<Message, ComposeError> {
        self.envelope().around(self.parts(paper)?, &paper.sender)
    }

    fn name(&self) -> Result<LetterName, ComposeError> {
        Ok(match self {
            Self::Ticket(letter) => letter.name()?,
            Self::Concern(letter) => LetterName::Concern(letter.news),
            Self::News(letter) if letter.digest => LetterName::Digest,
            Self::News(_) => LetterName::Turns,
            Self::Late(_) => LetterName::Late,
            Self::List(_) => LetterName::Cafe,
            Self::Affair(letter) => letter.name(),
        })
    }

    fn values(&self, sender: &Sender, zone: Zone) -> Result<Value, ComposeError> {
        match self {
            Self::Ticket(letter) => letter.values(sender, zone),
            Self::Concern(letter) => Ok(letter.values(sender, zone)),
            Self::News(letter) => letter.values(sender, zone),
            Self::Late(letter) => letter.values(sender, zone),
            Self::List(letter) => letter.values(sender, zone),
            Self::Affair(letter) => letter.values(sender, zone),
        }
    }

    fn envelope(&self) -> Envelope<'_> {
        match self {
            Self::Ticket(letter) => letter.envelope(),
            Self::Concern(letter) => letter.envelope(),
            Self::News(letter) => letter.envelope(),
            Self::Late(letter) => letter.envelope(),
            Self::List(letter) => letter.envelope(),
            Self::Affair(letter) => letter.envelope(),
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

/// What is written on a letter.
struct Envelope<'a> {
    id: MessageId,
    to: &'a str,
    at: DateTime<Utc>,
    language: Language,
    /// What the mail answers to, so that mail programs show several as one conversation.
    conversation: Option<String>,
    /// Where whoever gets it stops the mails.
    unsubscribe: Option<&'a Url>,
}

impl Envelope<'_> {
    fn around(self, parts: Parts, sender: &Sender) -> Result<Message, ComposeError> {
        let from = address(&sender.email).ok_or_else(|| ComposeError::Sender(sender.email.clone()))?;
        let to = address(self.to).ok_or(ComposeError::Recipient)?;
        let mut message = Message::builder().date(SystemTime::from(self.at)).message_id(Some(format!(
            "<{}@{}>",
            self.id,
            from.domain()
        )));
        if let Some(conversation) = self.conversation {
            let conversation = format!("<{conversation}@{}>", from.domain());
            message = message.in_reply_to(conversation.clone()).references(conversation);
        }
        let mut message = message
            .from(Mailbox::new(Some(context::one_line(&sender.name)), from))
            .to(Mailbox::new(None, to))
            .subject(parts.subject)
            .multipart(
                MultiPart::alternative()
                    .boundary(format!("letter-{}", self.id))
                    .singlepart(SinglePart::plain(parts.text))
                    .singlepart(SinglePart::html(parts.html)),
            )?;
        for (name, value) in [
            (HeaderName::new_from_ascii_str("Content-Language"), self.language.tag()),
            // RFC 3834: no machine is to answer this.
            (HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated"),
            (HeaderName::new_from_ascii_str("X-Auto-Response-Suppress"), "All"),
        ] {
            message.headers_mut().insert_raw(HeaderValue::new(name, value.to_owned()));
        }
        if let Some(url) = self.unsubscribe {
            // RFC 2369, 3.2, and RFC 8058: one POST, nothing on GET.
            for (name, value) in [
                (HeaderName::new_from_ascii_str("List-Unsubscribe"), format!("<{url}>")),
                (HeaderName::new_from_ascii_str("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click".to_owned()),
            ] {
                message.headers_mut().insert_raw(HeaderValue::new(name, value));
            }
        }
        Ok(message)
    }
}

/// The address, its domain in the form that every mail server takes (IDNA: `château.example` is
/// `xn--chteau-xta.example`).
pub(crate) fn address(text: &str) -> Option<Address> {
    let address: Address = text.parse().ok()?;
    if address.domain().is_ascii() {
        return Some(address);
    }
    let domain = Host::parse(address.domain()).ok()?.to_string();
    Address::new(address.user(), domain).ok()
}
