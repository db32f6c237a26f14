//! What is written about a ticket beside its timeline: notes among colleagues, messages between the service and the
//! referrer, messages to the resident. Three things that are never one; none of them changes the ticket.

use chrono::{DateTime, Duration, Utc};

use super::event::Part;
use super::notice::{Kind, Notice, Recipient};
use super::{Actor, Event, Fact, State, Ticket};
use crate::concern::Referrer;
use crate::id::{ServiceCode, UserId, WritingId};
use crate::rights::{Caller, Person};
use crate::text;

/// Who writes and reads notes.
pub const COLLEAGUES: [Part; 2] = [Part::Dispatcher, Part::Service];

/// Who takes part in the conversation with the referrer. Who filed the concern speaks as that, also a program that can act for
/// the service: a message to oneself would reach nobody.
pub const CONVERSATION: [Part; 3] = [Part::Dispatcher, Part::Referrer, Part::Service];

/// How long a message to the resident waits before it leaves.
pub const WAITS: Duration = Duration::minutes(20);

/// A note among colleagues: the ticket's service and the dispatchers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its id.
    pub id: WritingId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: Actor,
    /// What.
    pub text: text::Note,
    /// Colleagues who are told of it.
    pub mentions: Vec<UserId>,
}

impl Note {
    /// The messages that follow: nobody is told of their own note.
    #[must_use]
    pub fn notices(&self) -> Vec<Notice> {
        let author = if let Actor::Person { user, .. } = self.by { Some(user) } else { None };
        let told = self.mentions.iter().filter(|user| Some(**user) != author);
        told.map(|user| Notice { kind: Kind::Mention, recipient: Recipient::Person { user: *user } }).collect()
    }
}

/// A message to the referrer from the service or a dispatcher, or the referrer's to the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferrerMessage {
    /// Its id.
    pub id: WritingId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: Actor,
    /// What.
    pub text: text::Message,
}

impl ReferrerMessage {
    /// The message that follows from what they write: to the other side. A program that filed the concern reads it over
    /// the API.
    #[must_use]
    pub fn notice(by: &Actor, ticket: &Ticket) -> Option<Notice> {
        let recipient = match ticket.referrer {
            _ if by.is_referrers() => Recipient::Service { code: ticket.service.clone() },
            Referrer::Person(user) => Recipient::Person { user },
            Referrer::Client(_) => return None,
        };
        Some(Notice { kind: Kind::Message, recipient })
    }
}

/// A message to the resident, or the resident's answer. The former leaves a while later; until then it can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResidentMessage {
    /// Its id.
    pub id: WritingId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub by: Actor,
    /// What.
    pub text: text::MessageToResident,
    /// When it leaves: from then on the resident reads it.
    pub leaves_at: DateTime<Utc>,
    /// When it was taken back, if it was.
    pub taken_back_at: Option<DateTime<Utc>>,
}

impl ResidentMessage {
    /// The message that follows.
    #[must_use]
    pub const fn notice(ticket: &Ticket) -> Notice {
        Notice { kind: Kind::Message, recipient: Recipient::Resident { concern: ticket.concern } }
    }

    /// The messages that follow from what a resident answers, on their page or by e-mail: to the service, to the
    /// referrer, and to who heard the resident, as far as that is known: of a concern that follows the ticket, somebody
    /// else may have.
    ///
    /// The dispatcher's desk is told in the service's place when that refused the ticket, when the ticket was called
    /// off or merged, and when the service `cannot_read`: a partner's page shows nothing that residents write.
    /// Of a ticket that its service settled and that is closed, both are told: the service knows it, the desk can
    /// reopen it.
    #[must_use]
    pub fn answer_notices(
        ticket: &Ticket,
        heard_by: Option<Referrer>,
        desk: &ServiceCode,
        cannot_read: bool,
    ) -> Vec<Notice> {
        let answered = |recipient| Notice { kind: Kind::Answered, recipient };
        let of_service = match ticket.state {
            State::Submitted
            | State::Acknowledged
            | State::Scheduled
            | State::InProgress
            | State::OnHold
            | State::Resolved => !cannot_read,
            State::Closed => ticket.resolved_at.is_some() && !cannot_read,
            State::Refused | State::Cancelled => false,
        };
        let mut told = Vec::new();
        if of_service {
            told.push(answered(Recipient::Service { code: ticket.service.clone() }));
        }
        if !of_service || (ticket.state == State::Closed && ticket.service != *desk) {
            told.push(Notice { kind: Kind::Unattended, recipient: Recipient::Service { code: desk.clone() } });
        }
        for referrer in [Some(ticket.referrer), heard_by].into_iter().flatten() {
            if let Referrer::Person(user) = referrer
                && !ticket.hidden_from_referrer
                && !told.contains(&answered(Recipient::Person { user }))
            {
                told.push(answered(Recipient::Person { user }));
            }
        }
        told
    }
}

impl Caller {
    /// The caller in the first of these parts that they have in the ticket.
    #[must_use]
    pub fn in_one_of(&self, parts: &[Part], ticket: &Ticket) -> Option<Actor> {
        parts.iter().find(|part| self.has_part(**part, ticket)).map(|part| self.in_part(*part))
    }

    /// Whether the caller reads the note of an event of a ticket that they see: colleagues read each; why it was
    /// reopened or called off, whoever sees the ticket; unless a resident says why it is reopened, in words that are
    /// read as their feedback is.
    #[must_use]
    pub fn reads_note(&self, event: &Event, ticket: &Ticket) -> bool {
        if matches!(event.by, Actor::Resident { .. }) {
            return self.in_one_of(&CONVERSATION, ticket).is_some();
        }
        matches!(event.fact, Fact::Reopened { .. } | Fact::Cancelled { .. })
            || self.in_one_of(&COLLEAGUES, ticket).is_some()
    }
}

impl Person {
    /// Whether the person reads the ticket's notes.
    #[must_use]
    pub fn is_colleague(&self, ticket: &Ticket) -> bool {
        Caller::Person(self.clone()).in_one_of(&COLLEAGUES, ticket).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ClientId;
    use crate::ticket::example::ticket;
    use uuid::Uuid;

    fn user(n: u128) -> UserId {
        UserId(Uuid::from_u128(n))
    }

    #[test]
    fn a_message_goes_to_the_other_side() {
        let ticket = ticket(State::Submitted);
        let recipient = |by: &Actor, ticket: &Ticket| ReferrerMessage::notice(by, ticket).map(|told| told.recipient);
        let service = Actor::Person { user: user(10), part: Part::Service };
        assert_eq!(recipient(&service, &ticket), Some(Recipient::Person { user: user(3) }));
        let referrer = Actor::Person { user: user(3), part: Part::Referrer };
        assert_eq!(recipient(&referrer, &ticket), Some(Recipient::Service { code: ticket.service.clone() }));
        let program = ClientId(Uuid::from_u128(20));
        let filed_by_program = Ticket { referrer: Referrer::Client(program), ..ticket.clone() };
        assert_eq!(recipient(&service, &filed_by_program), None);
        let answer = Actor::Client { client: program, part: Part::Referrer };
        assert_eq!(recipient(&answer, &filed_by_program), Some(Recipient::Service { code: ticket.service }));
    }

    fn desk() -> ServiceCode {
        "regulation".parse().unwrap()
    }

    #[test]
    fn a_residents_answer_goes_to_the_desk_where_no_service_acts_on_it() {
        let told = |ticket: &Ticket, cannot_read| {
            let notices = ResidentMessage::answer_notices(ticket, None, &desk(), cannot_read).into_iter();
            let services = notices.filter_map(|notice| match notice.recipient {
                Recipient::Service { code } => Some((notice.kind, code)),
                _ => None,
            });
            services.collect::<Vec<_>>()
        };
        let (service, unattended) = (ticket(State::Submitted).service, (Kind::Unattended, desk()));
        let of_service = (Kind::Answered, service);
        for state in State::ALL {
            let expected = match state.code() {
                "refused" | "cancelled" | "closed" => &unattended,
                _ => &of_service,
            };
            assert_eq!(told(&ticket(state), false), std::slice::from_ref(expected), "{}", state.code());
            assert_eq!(told(&ticket(state), true), std::slice::from_ref(&unattended), "{}", state.code());
        }
        let ended = ticket(State::Closed);
        let settled = Ticket { resolved_at: Some(ended.filed_at), ..ended };
        assert_eq!(told(&settled, false), [of_service, unattended.clone()]);
        assert_eq!(told(&settled, true), [unattended]);
        let of_the_desk = Ticket { service: desk(), ..settled };
        assert_eq!(told(&of_the_desk, false), [(Kind::Answered, desk())], "told once");
    }

    #[test]
    fn a_residents_answer_goes_to_who_heard_them_too() {
        let ticket = ticket(State::Submitted);
        let told = |ticket: &Ticket, heard_by| {
            let notices = ResidentMessage::answer_notices(ticket, heard_by, &desk(), false).into_iter();
            notices.map(|notice| notice.recipient).collect::<Vec<_>>()
        };
        let service = Recipient::Service { code: ticket.service.clone() };
        let (own, other) = (Recipient::Person { user: user(3) }, Recipient::Person { user: user(4) });
        assert_eq!(told(&ticket, Some(Referrer::Person(user(3)))), [service.clone(), own.clone()]);
        assert_eq!(told(&ticket, None), [service.clone(), own.clone()]);
        assert_eq!(told(&ticket, Some(Referrer::Person(user(4)))), [service.clone(), own, other]);
        let complaint = Ticket { hidden_from_referrer: true, ..ticket };
        assert_eq!(told(&complaint, Some(Referrer::Person(user(4)))), [service]);
    }

    #[test]
    fn who_mentions_themselves_is_not_told() {
        let by = Actor::Person { user: user(1), part: Part::Service };
        let text = String::from("À voir ensemble").try_into().unwrap();
        let (id, at) = (WritingId(Uuid::from_u128(9)), ticket(State::Submitted).filed_at);
        let note = Note { id, at, by, text, mentions: vec![user(1), user(2)] };
        let told: Vec<_> = note.notices().into_iter().map(|notice| notice.recipient).collect();
        assert_eq!(told, [Recipient::Person { user: user(2) }]);
    }
}
