//! Letters to residents about their concern as a whole: that it was received, that their link was renewed, how it stands
//! now that they want mails again.

use chrono::{DateTime, Months, Utc};
use domain::city::Sender;
use domain::concern::News;
use domain::id::{ConcernId, MessageId};
use domain::language::Language;
use domain::ticket::State;
use domain::time::Zone;
use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;
use url::Url;

use super::Envelope;
use super::context::{Foot, day, one_line, telephone};

/// After how long a request that nobody has answered counts as refused (CRPA L231-4).
const SILENCE: Months = Months::new(2);

/// Everything that one e-mail about a concern says.
#[derive(Debug, Clone)]
pub struct ConcernLetter {
    /// The local part of `Message-ID`, the same at each attempt.
    pub id: MessageId,
    /// The concern.
    pub concern: ConcernId,
    /// What happened.
    pub news: News,
    /// The language that it is written in.
    pub language: Language,
    /// The address that it goes to.
    pub to: String,
    /// What the concern is about, in `language`.
    pub category: String,
    /// When it was filed.
    pub filed_at: DateTime<Utc>,
    /// Its tickets. None when it was answered on the spot.
    pub tickets: Vec<ReferredTo>,
    /// The tracking page.
    pub link: Url,
    /// Where the resident stops the mails.
    pub unsubscribe: Url,
    /// When it happened: the `Date` of the mail.
    pub at: DateTime<Utc>,
}

/// A ticket of the concern.
#[derive(Debug, Clone)]
pub struct ReferredTo {
    /// What people say on the phone.
    pub reference: String,
    /// Who has it, in the letter's language.
    pub service: String,
    /// The service's telephone.
    pub phone: Option<String>,
    /// The service's own postal address.
    pub address: Option<String>,
    /// How it stands.
    pub state: State,
}

/// A ticket, as a template names it.
#[derive(Serialize)]
struct Referred {
    reference: String,
    service: String,
    phone: String,
    address: Option<String>,
    /// How it stands, in a sentence.
    stands: &'static str,
}

/// The values that a template may name.
#[derive(Serialize)]
struct Values {
    language: &'static str,
    category: String,
    filed_on: String,
    tickets: Vec<Referred>,
    /// The sender's address, unless each ticket's service has its own (CRPA R112-5).
    write_to: Option<String>,
    /// From which day on silence counts as a refusal.
    silent_on: String,
    link: Option<String>,
    unsubscribe: Option<String>,
    sender: Foot,
}

impl ConcernLetter {
    pub(super) fn values(&self, sender: &Sender, zone: Zone) -> Value {
        let language = self.language;
        let referred = |ReferredTo { reference, service, phone, address, state }: &ReferredTo| Referred {
            reference: one_line(reference),
            service: one_line(service),
            phone: telephone(phone.as_deref().unwrap_or(&sender.phone)),
            address: address.as_deref().map(one_line),
            stands: state.to_resident(language),
        };
        let each_has_its_own = !self.tickets.is_empty() && self.tickets.iter().all(|ticket| ticket.address.is_some());
        Value::from(Serde(Values {
            language: language.tag(),
            category: one_line(&self.category),
            filed_on: day(self.filed_at, zone, language),
            tickets: self.tickets.iter().map(referred).collect(),
            write_to: (!each_has_its_own).then(|| one_line(&sender.address)),
            silent_on: day(self.filed_at + SILENCE, zone, language),
            link: Some(self.link.to_string()),
            unsubscribe: Some(self.unsubscribe.to_string()),
            sender: Foot::of(sender),
        }))
    }

    pub(super) fn envelope(&self) -> Envelope<'_> {
        Envelope {
            id: self.id,
            to: &self.to,
            at: self.at,
            language: self.language,
            conversation: Some(format!("concern.{}", self.concern)),
            unsubscribe: Some(&self.unsubscribe),
        }
    }
}
