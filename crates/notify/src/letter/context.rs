//! What templates are given: every value already a text in the letter's language.

use chrono::{DateTime, NaiveDate, Timelike, Utc};
use domain::city::Sender;
use domain::city::catalogue::{Audience, ClosureReason};
use domain::language::Language;
use domain::ticket::event::RefusalReason;
use domain::ticket::notice::Kind;
use domain::time::Zone;
use serde::Serialize;
use url::Url;

use super::{ComposeError, TicketLetter, Turn};

/// A space at which no line is broken.
pub(super) const NO_BREAK: char = '\u{a0}';

/// The values that a template may name. Those that may be absent are none, never undefined.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question by itself")]
pub(super) struct Context {
    language: &'static str,
    reference: String,
    category: String,
    service_name: String,
    service_phone: Option<String>,
    /// The service's telephone or, failing that, the sender's.
    contact_phone: String,
    filed_on: String,
    filed_at: String,
    ack_due: String,
    resolve_due: String,
    on: String,
    at: String,
    expected_on: Option<String>,
    outcome: Option<&'static str>,
    body_told: Option<String>,
    refusal: Option<&'static str>,
    turn: Option<String>,
    main: Option<String>,
    asks: bool,
    /// Whether the resident reads why it was called off.
    explained: bool,
    unsubscribe: Option<String>,
    /// Whether a partner left the ticket unanswered.
    silence: bool,
    /// Whether the other organisation has it as well, and not instead.
    beside: bool,
    /// `reopened` or `unmerged`: why a ticket comes back to the service that is told of it, if it does.
    comes_back: Option<&'static str>,
    answer_was_due: Option<String>,
    /// Why a partner is told, and until when its link works.
    purpose: Option<String>,
    expires: Option<String>,
    member: bool,
    /// None where whoever reads the letter no longer sees the ticket.
    link: Option<String>,
    sender: Foot,
}

/// Who writes.
#[derive(Debug, Serialize)]
pub(super) struct Foot {
    name: String,
    address: String,
    phone: String,
}

impl Foot {
    pub(super) fn of(sender: &Sender) -> Self {
        Self { name: one_line(&sender.name), address: one_line(&sender.address), phone: telephone(&sender.phone) }
    }
}

impl Context {
    pub(super) fn new(letter: &TicketLetter, sender: &Sender, zone: Zone) -> Result<Self, ComposeError> {
        let language = letter.language;
        let outcome = letter.closure_reason.map(|reason| outcome(reason, letter.audience, language));
        let refusal = letter.refusal_reason.map(|reason| refusal(reason, language));
        match letter.kind {
            Kind::Outcome | Kind::AskedAgain if outcome.is_none() => {
                return Err(ComposeError::Missing("closure reason"));
            }
            Kind::Refused if refusal.is_none() => return Err(ComposeError::Missing("refusal reason")),
            Kind::Watched if letter.turn.is_none() && outcome.is_none() => {
                return Err(ComposeError::Missing("turn"));
            }
            Kind::Renewed if letter.partner.is_none() => return Err(ComposeError::Missing("partner")),
            Kind::Progress if letter.turn.is_none() => return Err(ComposeError::Missing("turn")),
            Kind::Referral
            | Kind::Refused
            | Kind::Acknowledged
            | Kind::Outcome
            | Kind::Progress
            | Kind::Withdrawn
            | Kind::Reminder
            | Kind::DueAgain
            | Kind::Watched
            | Kind::Assigned
            | Kind::Mention
            | Kind::Message
            | Kind::Answered
            | Kind::Unattended
            | Kind::Cancelled
            | Kind::Forwarded
            | Kind::Merged
            | Kind::AskedAgain
            | Kind::Renewed
            | Kind::Undeliverable => {}
        }
        // A service does not see a ticket that is at another.
        let elsewhere =
            (letter.kind == Kind::Withdrawn && letter.turn == Some(Turn::Rerouted)) || letter.kind == Kind::Watched;
        Ok(Self {
            language: language.tag(),
            reference: one_line(&letter.reference),
            category: one_line(&letter.category),
            service_name: one_line(&letter.service_name),
            service_phone: letter.service_phone.as_deref().map(telephone),
            contact_phone: telephone(letter.service_phone.as_deref().unwrap_or(&sender.phone)),
            filed_on: day(letter.filed_at, zone, language),
            filed_at: moment(letter.filed_at, zone, language),
            ack_due: moment(letter.ack_due_at, zone, language),
            resolve_due: moment(letter.resolve_due_at, zone, language),
            on: day(letter.at, zone, language),
            at: moment(letter.at, zone, language),
            expected_on: letter.expected_on.map(|date| date_text(date, language)),
            outcome,
            body_told: letter.body_told.as_deref().map(one_line),
            refusal,
            turn: letter.turn.map(|turn| turn_words(turn, language)),
            main: letter.main.as_deref().map(one_line),
            asks: letter.asks,
            explained: letter.explained,
            unsubscribe: letter.unsubscribe.as_ref().map(Url::to_string),
            silence: letter.silence,
            beside: letter.turn == Some(Turn::Referred),
            comes_back: match (letter.kind, letter.turn) {
                (Kind::Referral, Some(Turn::Reopened)) => Some("reopened"),
                (Kind::Referral, Some(Turn::Unmerged)) => Some("unmerged"),
                _ => None,
            },
            answer_was_due: letter.answer_was_due_at.map(|at| moment(at, zone, language)),
            purpose: letter.partner.as_ref().map(|partner| one_line(&partner.purpose)),
            expires: letter.partner.as_ref().map(|partner| moment(partner.expires_at, zone, language)),
            member: letter.member,
            link: (!elsewhere).then(|| letter.link.to_string()),
            sender: Foot::of(sender),
        })
    }
}

/// The text with line breaks, other control characters and marks that change the direction of writing made spaces, so
/// that no value can begin a line, let alone a header, of its own.
pub(super) fn one_line(text: &str) -> String {
    let harmful = |c: char| {
        c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.split(harmful).map(str::trim).filter(|piece| !piece.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A telephone number that stays on one line.
pub(super) fn telephone(number: &str) -> String {
    one_line(number).replace(' ', &NO_BREAK.to_string())
}

pub(super) fn day(at: DateTime<Utc>, zone: Zone, language: Language) -> String {
    date_text(zone.day_of(at), language)
}

fn date_text(date: NaiveDate, language: Language) -> String {
    match language {
        Language::Fr => date.format("%d/%m/%Y").to_string(),
        Language::En => date.format("%-d %B %Y").to_string().replace(' ', &NO_BREAK.to_string()),
    }
}

/// The day and the time, on those clocks: `14/03/2026 à 14 h 30` or `… à 17 h`, `14 March 2026 at 14:30`.
pub(super) fn moment(at: DateTime<Utc>, zone: Zone, language: Language) -> String {
    let date = day(at, zone, language);
    let local = zone.local(at);
    match language {
        Language::Fr if local.minute() == 0 => format!("{date} à {}", local.format("%-H\u{a0}h")),
        Language::Fr => format!("{date} à {}", local.format("%-H\u{a0}h\u{a0}%M")),
        Language::En => format!("{date} at {}", local.format("%H:%M")),
    }
}

/// How the ticket ended, for who reads it. The labels suit the page on which the answer stands; where they point at
/// it (« ici »), a letter has words of its own.
pub(super) const fn outcome(reason: ClosureReason, audience: Audience, language: Language) -> &'static str {
    match (reason, audience, language) {
        (ClosureReason::InformationGiven, Audience::Resident, Language::Fr) => {
            "La réponse à votre question se lit sur votre page de suivi."
        }
        (ClosureReason::InformationGiven, Audience::Resident, Language::En) => {
            "The answer to your question is on your tracking page."
        }
        _ => reason.label(audience, language),
    }
}

pub(super) fn turn_words(turn: Turn, language: Language) -> String {
    let on = |date| date_text(date, language);
    let (fr, en) = match turn {
        Turn::Referred => ("transmise au service".to_owned(), "referred to the service".to_owned()),
        Turn::TakenInHand => ("prise en charge".to_owned(), "taken in hand".to_owned()),
        Turn::Refused => (
            "refusée par le service, à réorienter".to_owned(),
            "refused by the service, to be passed on to another".to_owned(),
        ),
        Turn::Rerouted => ("transmise à un autre service".to_owned(), "passed on to another service".to_owned()),
        Turn::Scheduled(day) => (format!("programmée pour le {}", on(day)), format!("scheduled for {}", on(day))),
        Turn::Started => ("intervention commencée".to_owned(), "work has begun".to_owned()),
        Turn::Held(day) => (format!("en attente jusqu’au {}", on(day)), format!("on hold until {}", on(day))),
        Turn::Resumed => ("reprise après une attente".to_owned(), "under way again".to_owned()),
        Turn::Reopened => ("rouverte".to_owned(), "reopened".to_owned()),
        Turn::Cancelled => ("annulée".to_owned(), "called off".to_owned()),
        Turn::Merged => ("suivie avec une autre, identique".to_owned(), "followed together with another".to_owned()),
        Turn::Unmerged => ("suivie de nouveau pour elle-même".to_owned(), "followed by itself again".to_owned()),
        Turn::Split => ("transmise aussi à d’autres services".to_owned(), "referred to other services too".to_owned()),
    };
    match language {
        Language::Fr => fr,
        Language::En => en,
    }
}

pub(super) const fn refusal(reason: RefusalReason, language: Language) -> &'static str {
    let (fr, en) = match reason {
        RefusalReason::NotCompetent => ("hors compétence", "not competent"),
        RefusalReason::OutsideArea => ("hors secteur", "outside its area"),
        RefusalReason::Duplicate => ("doublon", "duplicate"),
        RefusalReason::InsufficientInformation => ("informations insuffisantes", "not enough information"),
        RefusalReason::Other => ("autre motif, précisé dans la saisine", "another reason, given in the ticket"),
    };
    match language {
        Language::Fr => fr,
        Language::En => en,
    }
}
