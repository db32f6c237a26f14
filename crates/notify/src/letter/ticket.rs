//! Letters about one turn of a ticket.

use chrono::{DateTime, NaiveDate, Utc};
use domain::city::Sender;
use domain::city::catalogue::{Audience, ClosureReason};
use domain::id::{MessageId, TicketId};
use domain::language::Language;
use domain::letter::LetterName;
use domain::ticket::Fact;
use domain::ticket::event::RefusalReason;
use domain::ticket::notice::Kind;
use domain::time::Zone;
use minijinja::Value;
use minijinja::value::Serde;
use url::Url;

use super::context::Context;
use super::{ComposeError, Envelope};

/// Everything that one e-mail about a turn of a ticket says.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a question by itself")]
pub struct TicketLetter {
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
    /// [`Kind::Outcome`] as not competent: the competent body that was told (CRPA L114-2).
    pub body_told: Option<String>,
    /// [`Kind::Refused`], where it is needed: why the service sent the ticket back.
    pub refusal_reason: Option<RefusalReason>,
    /// [`Kind::Progress`]: which turn the ticket took. [`Kind::Referral`]: why it comes back to the service, if it does.
    pub turn: Option<Turn>,
    /// [`Kind::Merged`]: the reference of the ticket that it is followed with.
    pub main: Option<String>,
    /// Whether the resident is asked if it is solved.
    pub asks: bool,
    /// [`Kind::Cancelled`]: whether the resident reads why, on their page.
    pub explained: bool,
    /// [`Kind::Referral`] to the dispatcher's desk, [`Kind::Withdrawn`] to the partner: it left the ticket unanswered.
    pub silence: bool,
    /// Until when it should have answered.
    pub answer_was_due_at: Option<DateTime<Utc>>,
    /// To a partner without accounts: what it is told with its link.
    pub partner: Option<Partner>,
    /// Whether it goes to a member of the service who asked for what its mailbox gets.
    pub member: bool,
    /// The ticket, for staff; the tracking page, for the resident; the link of its own, for a partner without accounts.
    pub link: Url,
    /// Where a resident stops the mails.
    pub unsubscribe: Option<Url>,
    /// When it happened: the `Date` of the mail.
    pub at: DateTime<Utc>,
}

/// What a partner without accounts is told with its link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partner {
    /// Why it is told.
    pub purpose: String,
    /// Until when the link works.
    pub expires_at: DateTime<Utc>,
}

/// A turn that a ticket took, as its referrer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It was referred to its service.
    Referred,
    /// The service took it in hand.
    TakenInHand,
    /// The service sent it back.
    Refused,
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
            Fact::Refused { .. } => Some(Self::Refused),
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
            | Fact::Resolved { .. }
            | Fact::Closed { .. }
            | Fact::Assigned { .. }
            | Fact::Followed { .. }
            | Fact::Prioritised { .. }
            | Fact::AttachmentAdded { .. }
            | Fact::AttachmentRemoved { .. }
            | Fact::Pseudonymised => None,
        }
    }
}

impl TicketLetter {
    pub(super) fn name(&self) -> Result<LetterName, ComposeError> {
        let (kind, audience) = (self.kind, self.audience);
        match kind {
            // Who has no account gets other words.
            Kind::Referral if self.partner.is_some() => Ok(LetterName::Partner),
            _ if kind.is_told_to(audience) => Ok(LetterName::Ticket(kind, audience)),
            _ => Err(ComposeError::Pair { kind, audience }),
        }
    }

    pub(super) fn values(&self, sender: &Sender, zone: Zone) -> Result<Value, ComposeError> {
        Ok(Value::from(Serde(Context::new(self, sender, zone)?)))
    }

    pub(super) fn envelope(&self) -> Envelope<'_> {
        Envelope {
            id: self.id,
            to: &self.to,
            at: self.at,
            language: self.language,
            conversation: Some(format!("ticket.{}", self.ticket)),
            unsubscribe: self.unsubscribe.as_ref(),
        }
    }
}
