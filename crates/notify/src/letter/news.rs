//! Letters that tell of several turns at once: of one ticket, gathered within twenty minutes, or of several tickets, in a
//! morning's digest.

use chrono::{DateTime, Utc};
use domain::city::catalogue::{Audience, ClosureReason};
use domain::id::{MessageId, TicketId};
use domain::language::Language;
use domain::ticket::Fact;
use domain::ticket::notice::Kind;
use lettre::Message;
use serde::Serialize;
use url::Url;

use super::context::{Foot, moment, one_line, outcome, refusal, turn_words};
use super::{ComposeError, Envelope, Stationery, Turn, envelope};

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

/// The message that says the letter, in the name of the city. Composing the same letter twice gives the same bytes.
///
/// # Errors
/// [`ComposeError`] when it tells of nothing, or when an address is not one.
pub fn compose_news(letter: &NewsLetter, paper: &Stationery) -> Result<Message, ComposeError> {
    let NewsLetter { id, language, to, turns, at, .. } = letter;
    let language = *language;
    let mut tickets: Vec<Vec<&Told>> = Vec::new();
    for told in turns {
        match tickets.iter_mut().find(|of| of[0].ticket == told.ticket) {
            Some(of) => of.push(told),
            None => tickets.push(vec![told]),
        }
    }
    let (parts, conversation) = match tickets.as_slice() {
        [] => return Err(ComposeError::Missing("turns")),
        [of] => {
            let parts = paper.render_words("turns", language, steps(of, language, paper))?;
            (parts, Some(format!("ticket.{}", of[0].ticket)))
        }
        several => (paper.render_words("digest", language, digest(letter, several, paper))?, None),
    };
    envelope(Envelope { id: *id, to, at: *at, language, conversation }, &paper.sender, parts)
}

fn steps(of: &[&Told], language: Language, paper: &Stationery) -> Turns {
    let newest = of[of.len() - 1];
    Turns {
        language: language.tag(),
        reference: one_line(&newest.reference),
        category: newest.category.as_deref().map(one_line),
        service_name: one_line(&newest.service_name),
        newest: newest.words(language),
        steps: of.iter().map(|told| (moment(told.at, language), told.words(language))).collect(),
        count: of.len(),
        link: newest.link.as_ref().map(Url::to_string),
        sender: Foot::of(&paper.sender),
    }
}

fn digest(letter: &NewsLetter, tickets: &[Vec<&Told>], paper: &Stationery) -> Digest {
    let language = letter.language;
    let row = |of: &Vec<&Told>| {
        let newest = of[of.len() - 1];
        Row {
            reference: one_line(&newest.reference),
            link: newest.link.as_ref().map(Url::to_string),
            subject: newest.category.as_deref().map(one_line),
            lines: of.iter().map(|told| format!("{}, {}", moment(told.at, language), told.words(language))).collect(),
        }
    };
    Digest {
        language: language.tag(),
        tickets: tickets.iter().take(MOST).map(row).collect(),
        count: tickets.len(),
        more: tickets.len().saturating_sub(MOST),
        link: letter.list.to_string(),
        sender: Foot::of(&paper.sender),
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
            Kind::Referral => pick("transmise à votre service", "referred to your service"),
            Kind::Withdrawn => pick("retirée à votre service", "withdrawn from your service"),
            Kind::Reminder => pick("délai dépassé, réponse attendue", "target missed, an answer is due"),
            Kind::Assigned => pick("elle vous est confiée", "assigned to you"),
            Kind::Mention => pick("une note vous cite", "a note mentions you"),
            Kind::Message => pick("un message vous attend", "a message awaits you"),
            Kind::Refused => match &self.fact {
                Fact::Refused { reason, .. } => {
                    let reason = refusal(*reason, language);
                    pick(&format!("refusée, {reason}"), &format!("refused, {reason}"))
                }
                _ => pick("refusée", "refused"),
            },
            Kind::Acknowledged | Kind::Outcome | Kind::Progress | Kind::Watched => self.turn(language),
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
