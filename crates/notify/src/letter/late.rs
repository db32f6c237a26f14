//! The list of what is late, for those who look after it.

use chrono::{DateTime, Utc};
use domain::city::Sender;
use domain::id::MessageId;
use domain::language::Language;
use domain::time::Zone;
use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;
use url::Url;

use super::context::{Foot, moment, one_line};
use super::news::Row;
use super::{ComposeError, Envelope};

/// Everything that one e-mail says that lists what is late.
#[derive(Debug, Clone)]
pub struct LateLetter {
    /// The local part of `Message-ID`, the same at each attempt.
    pub id: MessageId,
    /// The language that it is written in.
    pub language: Language,
    /// The address that it goes to.
    pub to: String,
    /// The services that have late tickets.
    pub services: Vec<LateService>,
    /// How many more tickets are late.
    pub more: usize,
    /// Where they are all listed.
    pub list: Url,
    /// The `Date` of the mail.
    pub at: DateTime<Utc>,
}

/// The late tickets of a service.
#[derive(Debug, Clone)]
pub struct LateService {
    /// Its name, in the language of the letter.
    pub name: String,
    /// The tickets, those first that were due first.
    pub tickets: Vec<LateTicket>,
}

/// A late ticket.
#[derive(Debug, Clone)]
pub struct LateTicket {
    /// Its reference.
    pub reference: String,
    /// What it is about, in the language of the letter; none when that is not for every reader of a mail.
    pub category: Option<String>,
    /// Where it is read.
    pub link: Url,
    /// Whether somebody has taken it in hand: then it is to be settled.
    pub in_hand: bool,
    /// When it was due.
    pub due_at: DateTime<Utc>,
}

#[derive(Serialize)]
struct Values {
    language: &'static str,
    services: Vec<Section>,
    count: usize,
    more: usize,
    link: String,
    sender: Foot,
}

#[derive(Serialize)]
struct Section {
    title: String,
    rows: Vec<Row>,
}

impl LateLetter {
    pub(super) fn values(&self, sender: &Sender, zone: Zone) -> Result<Value, ComposeError> {
        let language = self.language;
        let listed: usize = self.services.iter().map(|service| service.tickets.len()).sum();
        if listed == 0 {
            return Err(ComposeError::Missing("tickets"));
        }
        let section = |service: &LateService| Section {
            title: one_line(&service.name),
            rows: service.tickets.iter().map(|ticket| ticket.row(zone, language)).collect(),
        };
        Ok(Value::from(Serde(Values {
            language: language.tag(),
            services: self.services.iter().map(section).collect(),
            count: listed + self.more,
            more: self.more,
            link: self.list.to_string(),
            sender: Foot::of(sender),
        })))
    }

    pub(super) fn envelope(&self) -> Envelope<'_> {
        let (id, to, at, language) = (self.id, &self.to, self.at, self.language);
        Envelope { id, to, at, language, conversation: None, unsubscribe: None }
    }
}

impl LateTicket {
    fn row(&self, zone: Zone, language: Language) -> Row {
        let due = moment(self.due_at, zone, language);
        let line = match (language, self.in_hand) {
            (Language::Fr, false) => format!("à prendre en charge avant le {due}"),
            (Language::Fr, true) => format!("à traiter avant le {due}"),
            (Language::En, false) => format!("to be taken in hand by {due}"),
            (Language::En, true) => format!("to be settled by {due}"),
        };
        Row {
            reference: one_line(&self.reference),
            link: Some(self.link.to_string()),
            subject: self.category.as_deref().map(one_line),
            lines: vec![line],
        }
    }
}
