//! Writing the letter of an e-mail, from what the outbox knows of it.

use domain::city::catalogue::Audience;
use domain::id::ServiceCode;
use domain::language::Language;
use domain::rights::Secrecy;
use domain::ticket::list::TicketList;
use domain::ticket::notice::{Kind, Recipient};
use domain::ticket::{Actor, Fact};
use store::outbox::{About, AboutConcern, Addressee, AffairTopic, Leased, Referred};
use store::ticket::Late;
use url::Url;

use crate::late;
use crate::letter::{
    AffairLetter, ComposeError, ConcernLetter, LateLetter, Letter, ListLetter, NewsLetter, Partner, ReferredTo,
    TicketLetter, Told, Turn,
};
use crate::sight::can_open;

/// Writes letters to one addressee.
#[derive(Debug, Clone, Copy)]
pub struct Writer<'a> {
    /// Where the links lead.
    pub public_url: &'a Url,
    /// The service that settles what no other takes.
    pub desk: &'a ServiceCode,
    /// The e-mail.
    pub mail: &'a Leased,
    /// Who gets it.
    pub to: &'a Addressee,
    /// The language that it is written in.
    pub language: Language,
}

/// The language that somebody is written to in.
pub(crate) const fn language_of(addressee: &Addressee) -> Language {
    match addressee {
        Addressee::Person { language, .. } | Addressee::Resident { language, .. } => *language,
        Addressee::Service { .. } => Language::Fr,
    }
}

impl Writer<'_> {
    fn email(&self) -> String {
        match self.to {
            Addressee::Service { email, .. } | Addressee::Person { email, .. } | Addressee::Resident { email, .. } => {
                email.clone()
            }
        }
    }

    /// A place at which this server is reached.
    fn at(&self, path: &str) -> Result<Url, ComposeError> {
        self.public_url.join(path).map_err(|_| ComposeError::Missing("link"))
    }

    /// Where the addressee reads a ticket.
    fn path(&self, reference: &str) -> String {
        match self.to {
            Addressee::Service { door: Some(door), .. } => format!("v1/partners/{}", door.token),
            Addressee::Service { door: None, .. } | Addressee::Person { .. } => format!("v1/tickets/{reference}"),
            Addressee::Resident { token, .. } => format!("v1/tracking/{token}"),
        }
    }

    fn unsubscribe(&self, token: &str) -> Result<Url, ComposeError> {
        self.at(&format!("v1/tracking/{token}/unsubscribe"))
    }

    /// Of one turn.
    ///
    /// # Errors
    /// When a link is none.
    pub fn turn(&self, about: &About) -> Result<Letter, ComposeError> {
        let (ticket, fact, language) = (&about.ticket, &about.event.fact, self.language);
        let member = matches!(about.recipient, Recipient::Member { .. });
        let audience = match self.to {
            Addressee::Person { .. } if !member => Audience::Agent,
            Addressee::Person { .. } | Addressee::Service { .. } => Audience::Service,
            Addressee::Resident { .. } => Audience::Resident,
        };
        let asks = audience == Audience::Resident
            && (about.kind == Kind::AskedAgain || matches!((about.kind, fact), (Kind::Outcome, Fact::Resolved { .. })));
        let path = self.path(&ticket.reference);
        let unsubscribe = match self.to {
            Addressee::Resident { token, .. } => Some(self.unsubscribe(token)?),
            Addressee::Service { .. } | Addressee::Person { .. } => None,
        };
        let door = if let Addressee::Service { door, .. } = self.to { door.as_ref() } else { None };
        Ok(Letter::Ticket(Box::new(TicketLetter {
            id: self.mail.id,
            ticket: ticket.id,
            kind: about.kind,
            audience,
            language,
            to: self.email(),
            reference: ticket.reference.clone(),
            category: about.category.label.in_language(language).to_owned(),
            // Who is competent is said with its name (CRPA L114-2).
            service_name: match (about.kind, &about.organisation) {
                (Kind::Forwarded, Some(organisation)) => {
                    format!("{}, {organisation}", about.service.name.in_language(language))
                }
                _ => about.service.name.in_language(language).to_owned(),
            },
            service_phone: about.service.phone.clone(),
            filed_at: about.heard_at,
            ack_due_at: ticket.ack_due_at,
            resolve_due_at: ticket.resolve_due_at,
            expected_on: if let Fact::Acknowledged { expected_on, .. } = fact { *expected_on } else { None },
            closure_reason: match fact {
                Fact::Resolved { closure_reason, .. } => Some(*closure_reason),
                Fact::Closed { closure_reason, .. } => *closure_reason,
                _ if about.kind == Kind::AskedAgain => ticket.closure_reason,
                _ => None,
            },
            body_told: match fact {
                Fact::Resolved { body_told, .. } | Fact::Closed { body_told, .. } => {
                    body_told.as_ref().map(ToString::to_string)
                }
                _ => None,
            },
            refusal_reason: if let Fact::Refused { reason, .. } = fact { Some(*reason) } else { None },
            turn: Turn::of(fact),
            main: about.main.clone(),
            asks,
            explained: fact.message_to_resident().is_some(),
            silence: matches!(fact, Fact::Rerouted { .. }) && about.event.by == Actor::System,
            answer_was_due_at: if let Fact::Rerouted { answer_due_at, .. } = fact { *answer_due_at } else { None },
            partner: door.map(|door| Partner {
                purpose: door.purpose.in_language(language).to_owned(),
                expires_at: door.expires_at,
            }),
            member,
            link: self.at(&if asks { format!("{path}#solved") } else { path })?,
            unsubscribe,
            at: about.at,
        })))
    }

    /// Of several turns: of one ticket, or in a `digest`.
    ///
    /// # Errors
    /// When a link is none.
    pub fn news(&self, turns: &[&About], digest: bool) -> Result<Letter, ComposeError> {
        let told = |about: &&About| {
            let ticket = &about.ticket;
            let open = can_open(self.to, about, self.desk);
            let named = ticket.secrecy() == Secrecy::Standard;
            Ok::<_, ComposeError>(Told {
                ticket: ticket.id,
                reference: ticket.reference.clone(),
                category: named.then(|| about.category.label.in_language(self.language).to_owned()),
                service_name: about.service.name.in_language(self.language).to_owned(),
                link: if open { Some(self.at(&self.path(&ticket.reference))?) } else { None },
                kind: about.kind,
                audience: match about.recipient {
                    Recipient::Person { .. } => Audience::Agent,
                    _ => Audience::Service,
                },
                fact: about.event.fact.clone(),
                at: about.at,
            })
        };
        Ok(Letter::News(NewsLetter {
            id: self.mail.id,
            language: self.language,
            to: self.email(),
            mailbox: matches!(self.to, Addressee::Service { .. }),
            digest,
            turns: turns.iter().map(told).collect::<Result<_, _>>()?,
            list: self.at("v1/tickets")?,
            at: self.mail.since,
        }))
    }

    /// Of a concern as a whole.
    ///
    /// # Errors
    /// When it is to nobody who raised one, or a link is none.
    pub fn concern(&self, about: &AboutConcern) -> Result<Letter, ComposeError> {
        let Addressee::Resident { concern, token, .. } = self.to else {
            return Err(ComposeError::Recipient);
        };
        let referred = |of: &Referred| ReferredTo {
            reference: of.reference.clone(),
            service: of.service.name.in_language(self.language).to_owned(),
            phone: of.service.phone.clone(),
            address: of.service.address.clone(),
            state: of.state,
        };
        Ok(Letter::Concern(ConcernLetter {
            id: self.mail.id,
            concern: *concern,
            news: about.news,
            language: self.language,
            to: self.email(),
            category: about.category.label.in_language(self.language).to_owned(),
            filed_at: about.heard_at,
            tickets: about.tickets.iter().map(referred).collect(),
            link: self.at(&format!("v1/tracking/{token}"))?,
            unsubscribe: self.unsubscribe(token)?,
            at: self.mail.since,
        }))
    }

    /// Of what is due before a café.
    ///
    /// # Errors
    /// When a link is none.
    pub fn list(&self, list: &TicketList) -> Result<Letter, ComposeError> {
        Ok(Letter::List(ListLetter {
            id: self.mail.id,
            language: self.language,
            to: self.email(),
            list: list.clone(),
            tickets: self.at("v1/tickets/")?,
            at: self.mail.since,
        }))
    }

    /// Of what is late.
    ///
    /// # Errors
    /// When a link is none.
    pub fn late(&self, late: &Late) -> Result<Letter, ComposeError> {
        Ok(Letter::Late(LateLetter {
            id: self.mail.id,
            language: self.language,
            to: self.email(),
            services: late::by_service(late, self.language, self.public_url)?,
            more: late.more,
            list: self.at("v1/tickets?late=true")?,
            at: self.mail.since,
        }))
    }

    /// Of an account or a program.
    ///
    /// # Errors
    /// When a link is none.
    pub fn affair(&self, topic: &AffairTopic) -> Result<Letter, ComposeError> {
        let (address, agent) = topic.place.clone().unwrap_or_default();
        Ok(Letter::Affair(AffairLetter {
            id: self.mail.id,
            affair: topic.affair.clone(),
            language: self.language,
            to: self.email(),
            link: topic.token.as_ref().map(|token| self.at(&format!("account/{token}"))).transpose()?,
            expires_at: topic.expires_at,
            address,
            agent,
            program: topic.program.clone(),
            hint: topic.hint.clone(),
            at: self.mail.since,
        }))
    }
}
