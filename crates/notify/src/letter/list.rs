//! Letters that list tickets: those that are due back before a café.

use chrono::{DateTime, Utc};
use domain::city::Sender;
use domain::id::MessageId;
use domain::language::Language;
use domain::ticket::list::{Line, Occasion, TicketList};
use domain::time::Zone;
use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;
use url::Url;

use super::context::{Foot, moment, one_line};
use super::news::Row;
use super::{ComposeError, Envelope};

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
    cafe: String,
    address: Option<String>,
    starts_at: String,
    tickets: Vec<Row>,
    /// How many there are, listed or not.
    count: usize,
    more: usize,
    /// None: each ticket has its own.
    link: Option<String>,
    sender: Foot,
}

impl ListLetter {
    fn row(&self, line: &Line, zone: Zone) -> Result<Row, ComposeError> {
        let url = self.tickets.join(&line.reference).map_err(|_| ComposeError::Missing("link"))?;
        let due = |at| match self.language {
            Language::Fr => format!("échéance le {}", moment(at, zone, Language::Fr)),
            Language::En => format!("due on {}", moment(at, zone, Language::En)),
        };
        Ok(Row {
            reference: one_line(&line.reference),
            link: Some(url.to_string()),
            subject: line.subject.as_ref().map(|label| one_line(label.in_language(self.language))),
            lines: line.due_at.map(due).into_iter().collect(),
        })
    }

    pub(super) fn values(&self, sender: &Sender, zone: Zone) -> Result<Value, ComposeError> {
        let TicketList { occasion, lines, more } = &self.list;
        if lines.is_empty() {
            return Err(ComposeError::Missing("tickets"));
        }
        let Occasion::Cafe { title, address, starts_at } = occasion;
        Ok(Value::from(Serde(Values {
            language: self.language.tag(),
            cafe: one_line(title.as_str()),
            address: address.as_ref().map(|address| one_line(address.as_str())),
            starts_at: moment(*starts_at, zone, self.language),
            tickets: lines.iter().map(|line| self.row(line, zone)).collect::<Result<_, _>>()?,
            count: lines.len() + more,
            more: *more,
            link: None,
            sender: Foot::of(sender),
        })))
    }

    pub(super) fn envelope(&self) -> Envelope<'_> {
        let (id, to, at, language) = (self.id, &self.to, self.at, self.language);
        Envelope { id, to, at, language, conversation: None, unsubscribe: None }
    }
}
