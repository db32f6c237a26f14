//! Letters that tell of several turns at once: of one ticket, gathered within twenty minutes, or of several tickets, in a
//! morning's digest.

use chrono::{DateTime, Utc};
use domain::city::Sender;
use domain::city::catalogue::{Audience, ClosureReason};
use domain::id::{MessageId, TicketId};
use domain::language::Language;
use domain::ticket::Fact;
use domain::ticket::notice::Kind;
use domain::time::Zone;
use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;
use url::Url;

use super::context::{Foot, moment, one_line, outcome, refusal, turn_words};
use super::{ComposeError, Envelope, Turn};

/// How many tickets a digest lists.
const MOST: usize = 50;

/// Everything that one e-mail says that tells of several turns.
#[derive(Debug, Clone)]
pub struct NewsLetter {
    /// The local part of `Message-ID`, the same at each attempt.
    pub id: MessageId,
    /// The language that it is written in.
    pub language: Language,
    /// The address that it goes to.
    pub to: String,
    /// Whether it goes to a mailbox, for which nobody chooses a rhythm.
    pub mailbox: bool,
    /// Whether it lists tickets: it is not about a single one.
    pub digest: bool,
    /// The turns, the first one first.
    pub turns: Vec<Told>,
    /// Where the reader's tickets are listed.
    pub list: Url,
    /// When the last turn was taken: the `Date` of the mail.
    pub at: DateTime<Utc>,
}

/// One turn of a ticket, as a letter that gathers several tells it.
#[derive(Debug, Clone)]
pub struct Told {
    /// The ticket.
    pub ticket: TicketId,
    /// Its reference.
    pub reference: String,
    /// What it is about, in the language of the letter; none when that is not for every reader of a mail.
    pub category: Option<String>,
    /// The service that has it, in the language of the letter.
    pub service_name: String,
    /// Where it is read; none where whoever reads the letter does not see it.
    pub link: Option<Url>,
    /// Which message.
    pub kind: Kind,
    /// Whom it speaks to.
    pub audience: Audience,
    /// What happened.
    pub fact: Fact,
    /// When.
    pub at: DateTime<Utc>,
}

/// The values of `turns`.
#[derive(Serialize)]
struct Turns {
    language: &'static str,
    reference: String,
    category: Option<String>,
    service_name: String,
    newest: String,
    steps: Vec<(String, String)>,
    count: usize,
    mailbox: bool,
    link: Option<String>,
    sender: Foot,
}

/// The values of `digest`.
#[derive(Serialize)]
struct Digest {
    language: &'static str,
    tickets: Vec<Row>,
    count: usize,
    more: usize,
    link: String,
    sender: Foot,
}

/// A ticket of a list.
#[derive(Serialize)]
pub(super) struct Row {
    pub(super) reference: String,
    pub(super) link: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) lines: Vec<String>,
}

impl NewsLetter {
    pub(super) fn values(&self, sender: &Sender, zone: Zone) -> Result<Value, ComposeError> {
        if self.turns.is_empty() {
            return Err(ComposeError::Missing("turns"));
        }
        Ok(if self.digest { self.digest(sender, zone) } else { self.steps(sender, zone) })
    }

    pub(super) fn envelope(&self) -> Envelope<'_> {
        let ticket = self.turns.first().filter(|_| !self.digest).map(|told| told.ticket);
        Envelope {
            id: self.id,
            to: &self.to,
            at: self.at,
            language: self.language,
            conversation: ticket.map(|ticket| format!("ticket.{ticket}")),
            unsubscribe: None,
        }
    }

    fn steps(&self, sender: &Sender, zone: Zone) -> Value {
        let (language, newest) = (self.language, &self.turns[self.turns.len() - 1]);
        Value::from(Serde(Turns {
            language: language.tag(),
            reference: one_line(&newest.reference),
            category: newest.category.as_deref().map(one_line),
            service_name: one_line(&newest.service_name),
            newest: newest.words(language),
            steps: self.turns.iter().map(|told| (moment(told.at, zone, language), told.words(language))).collect(),
            count: self.turns.len(),
            mailbox: self.mailbox,
            link: newest.link.as_ref().map(Url::to_string),
            sender: Foot::of(sender),
        }))
    }

    fn digest(&self, sender: &Sender, zone: Zone) -> Value {
        let language = self.language;
        let mut tickets: Vec<Vec<&Told>> = Vec::new();
        for told in &self.turns {
            match tickets.iter_mut().find(|of| of[0].ticket == told.ticket) {
                Some(of) => of.push(told),
                None => tickets.push(vec![told]),
            }
        }
        let row = |of: &Vec<&Told>| {
            let newest = of[of.len() - 1];
            Row {
                reference: one_line(&newest.reference),
                link: newest.link.as_ref().map(Url::to_string),
                subject: newest.category.as_deref().map(one_line),
                lines: of
                    .iter()
                    .map(|told| format!("{}, {}", moment(told.at, zone, language), told.words(language)))
                    .collect(),
            }
        };
        Value::from(Serde(Digest {
            language: language.tag(),
            tickets: tickets.iter().take(MOST).map(row).collect(),
            count: tickets.len(),
            more: tickets.len().saturating_sub(MOST),
            link: self.list.to_string(),
            sender: Foot::of(sender),
        }))
    }
}

impl Told {
    /// What happened, in a few words: « prise en charge ».
    fn words(&self, language: Language) -> String {
        let pick = |fr: &str, en: &str| match language {
            Language::Fr => fr.to_owned(),
            Language::En => en.to_owned(),
        };
        match self.kind {
            Kind::Referral => match &self.fact {
                Fact::Reopened { .. } => pick("rouverte, elle vous revient", "reopened, it comes back to you"),
                Fact::Unmerged { .. } => pick(
                    "suivie de nouveau pour elle-même, elle vous revient",
                    "followed by itself again, it comes back to you",
                ),
                _ => pick("transmise à votre service", "referred to your service"),
            },
            Kind::Withdrawn => pick("retirée à votre service", "withdrawn from your service"),
            Kind::Reminder => pick("délai dépassé, réponse attendue", "target missed, an answer is due"),
            Kind::DueAgain => pick("l’attente est finie, elle reprend", "the wait is over, it goes on"),
            Kind::Assigned => pick("elle vous est confiée", "assigned to you"),
            Kind::Mention => pick("une note vous cite", "a note mentions you"),
            Kind::Message => pick("un message vous attend", "a message awaits you"),
            Kind::Answered => pick("l’habitant s’est manifesté", "the resident has been in touch"),
            Kind::Unattended => pick("une réponse qu’aucun service ne traite", "an answer that no service deals with"),
            Kind::Refused => match &self.fact {
                Fact::Refused { reason, .. } => {
                    let reason = refusal(*reason, language);
                    pick(&format!("refusée, {reason}"), &format!("refused, {reason}"))
                }
                _ => pick("refusée", "refused"),
            },
            Kind::Undeliverable if self.audience == Audience::Agent => {
                pick("l’habitant ne reçoit pas nos messages", "the resident does not get our messages")
            }
            Kind::Undeliverable => pick("un message n’a pas pu être remis", "a message could not be delivered"),
            Kind::Acknowledged
            | Kind::Outcome
            | Kind::Progress
            | Kind::Watched
            | Kind::Cancelled
            | Kind::Forwarded
            | Kind::Merged
            | Kind::AskedAgain
            | Kind::Renewed => self.turn(language),
        }
    }

    fn turn(&self, language: Language) -> String {
        let ended = |reason: ClosureReason| outcome(reason, Audience::Agent, language).to_owned();
        match (&self.fact, Turn::of(&self.fact)) {
            (Fact::Resolved { closure_reason, .. } | Fact::Closed { closure_reason: Some(closure_reason), .. }, _) => {
                ended(*closure_reason)
            }
            (_, Some(turn)) => turn_words(turn, language),
            // Told to whoever joins a ticket that is in hand already.
            (_, None) => turn_words(Turn::TakenInHand, language),
        }
    }
}
