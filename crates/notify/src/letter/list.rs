//! Letters that list tickets: those that are due back before a café.

use chrono::{DateTime, Utc};
use domain::city::Sender;
use domain::id::MessageId;
use domain::language::Language;
use domain::ticket::list::{Line, Occasion, TicketList};
use lettre::Message;
use serde::Serialize;
use url::Url;

use super::context::{Foot, moment, one_line};
use super::{ComposeError, Envelope, envelope, templates};

/// Everything that one e-mail says that lists tickets.
#[derive(Debug, Clone)]
pub struct ListLetter {
    /// The local part of `Message-ID`, the same at each attempt.
    pub id: MessageId,
    /// The language that it is written in.
    pub language: Language,
    /// The address that it goes to.
    pub to: String,
    /// The tickets, and why they are listed.
    pub list: TicketList,
    /// Where the tickets are: a reference joined to it is the link to the ticket.
    pub tickets: Url,
    /// When it was written: the `Date` of the mail.
    pub at: DateTime<Utc>,
}

/// The values that a template may name.
#[derive(Serialize)]
struct Values {
    language: &'static str,
    title: String,
    address: Option<String>,
    starts_at: String,
    tickets: Vec<Row>,
    /// How many there are, listed or not.
    count: usize,
    more: usize,
    sender: Foot,
}

/// A ticket of the list.
#[derive(Serialize)]
struct Row {
    reference: String,
    subject: Option<String>,
    due: Option<String>,
    link: String,
}

impl ListLetter {
    fn row(&self, line: &Line) -> Result<Row, ComposeError> {
        let url = self.tickets.join(&line.reference).map_err(|_| ComposeError::Missing("link"))?;
        Ok(Row {
            reference: one_line(&line.reference),
            subject: line.subject.as_ref().map(|label| one_line(label.in_language(self.language))),
            due: line.due_at.map(|at| moment(at, self.language)),
            link: url.to_string(),
        })
    }
}

/// The message that says the letter, in the name of the sender. Composing the same letter twice gives the same bytes.
///
/// # Errors
/// [`ComposeError`] when it lists nothing, or when an address is not one.
pub fn compose_list(letter: &ListLetter, sender: &Sender) -> Result<Message, ComposeError> {
    let TicketList { occasion, lines, more } = &letter.list;
    if lines.is_empty() {
        return Err(ComposeError::Missing("tickets"));
    }
    let language = letter.language;
    let (words, title, address, starts_at) = match occasion {
        Occasion::Cafe { title, address, starts_at } => ("list.cafe", title, address, starts_at),
    };
    let values = Values {
        language: language.tag(),
        title: one_line(title.as_str()),
        address: address.as_ref().map(|address| one_line(address.as_str())),
        starts_at: moment(*starts_at, language),
        tickets: lines.iter().map(|line| letter.row(line)).collect::<Result<_, _>>()?,
        count: lines.len() + more,
        more: *more,
        sender: Foot::of(sender),
    };
    let parts = templates::render_words(words, language, values)?;
    let (id, to, at) = (letter.id, &letter.to, letter.at);
    envelope(Envelope { id, to, at, language, conversation: None, unsubscribe: None }, sender, parts)
}
