//! The worker: leases what is due, writes it, delivers it, marks it. Any number of them may run at once.

use std::sync::Arc;
use std::time::Duration as StdDuration;

use chrono::{DateTime, Duration, Utc};
use domain::city::Sender;
use domain::city::catalogue::Audience;
use domain::clock::Clock;
use domain::id::MessageId;
use domain::language::Language;
use domain::ticket::list::TicketList;
use domain::ticket::notice::Kind;
use domain::ticket::{Actor, Fact};
use futures_util::{StreamExt as _, stream};
use store::outbox::{About, AboutConcern, Addressee, AffairTopic, CHANNEL, Leased, Limit, Referred, Topic};
use store::{Error, Listener, Store};
use tokio::sync::Notify;
use url::Url;

use crate::letter::{
    AffairLetter, ComposeError, ConcernLetter, Letter, ListLetter, Partner, Turn, compose, compose_affair,
    compose_concern, compose_list,
};
use crate::post::{Post, Signature};
use crate::transport::{DeliveryError, Transport};

/// How many messages are leased at once.
const BATCH: u64 = 20;
/// How many are delivered at once.
const AT_ONCE: usize = 4;
/// How long a lease lasts: longer than a delivery may take, which is a minute at most.
const LEASE: Duration = Duration::seconds(90);
/// How long the first repeat waits; each further one waits twice as long.
const FIRST_WAIT: Duration = Duration::seconds(5);
/// How long a repeat waits at most.
const LONGEST_WAIT: Duration = Duration::minutes(15);
/// For how long a message is tried.
const PATIENCE: Duration = Duration::days(3);
/// How often the worker looks by itself, should nobody tell it.
const LOOK: StdDuration = StdDuration::from_secs(2);

/// Drains the outbox.
pub struct Worker {
    store: Store,
    transport: Transport,
    clock: Arc<dyn Clock>,
    wake: Arc<Notify>,
    public_url: Url,
    signature: Option<Signature>,
}

/// What one round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drained {
    /// Delivered.
    pub sent: usize,
    /// To be tried again later.
    pub put_off: usize,
    /// Given up.
    pub dead: usize,
    /// Ended unsent: there was no need any more.
    pub stopped: usize,
}

impl Drained {
    const fn is_nothing(self) -> bool {
        self.sent + self.put_off + self.dead + self.stopped == 0
    }
}

/// What became of one message.
enum Fate {
    Sent,
    PutOff(String),
    Dead(String),
    Stopped(&'static str),
    /// The address takes no mail, as it now turns out.
    Bounced(String),
    /// The address takes no mail, as was known.
    Muted,
    /// The recipient has had more about the ticket than anybody reads: this waits until then.
    Held(DateTime<Utc>),
}

impl Worker {
    /// A worker; `public_url` is where the links in the letters lead.
    #[must_use]
    pub fn new(store: Store, transport: Transport, clock: Arc<dyn Clock>, wake: Arc<Notify>, public_url: Url) -> Self {
        Self { store, transport, clock, wake, public_url, signature: None }
    }

    /// The same worker, which signs what it sends.
    #[must_use]
    pub fn signing(self, signature: Option<Signature>) -> Self {
        Self { signature, ..self }
    }

    /// Where mail goes, for people to read.
    #[must_use]
    pub fn describe(&self) -> String {
        self.transport.describe()
    }

    /// Drains the outbox until the returned future is dropped. What is being delivered at that moment is delivered
    /// again, under the same id, once its lease has run out.
    pub async fn run(&self) {
        let mut listener: Option<Listener> = None;
        loop {
            match self.drain().await {
                Ok(drained) if !drained.is_nothing() => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "the outbox could not be drained; trying again"),
            }
            if listener.is_none() {
                listener = match self.store.listen(&[CHANNEL]).await {
                    Ok(listener) => Some(listener),
                    Err(error) => {
                        tracing::warn!(%error, "new messages cannot be listened to; looking instead");
                        None
                    }
                };
            }
            let told = async {
                match &mut listener {
                    Some(listener) => listener.next().await.map(drop),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.wake.notified() => {}
                outcome = told => if outcome.is_err() { listener = None },
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// One round: everything that is due now and first in its lane, up to a batch.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn drain(&self) -> Result<Drained, Error> {
        let now = self.clock.now();
        let leased = self.store.lease_messages(now, now + LEASE, BATCH).await?;
        if leased.is_empty() {
            return Ok(Drained::default());
        }
        let settings = self.store.city_settings().await?;
        let sender = settings.ok_or_else(|| Error::Corrupt("there are messages, but no city".into()))?.sender;
        let limits = self.store.mail_limits(&leased, now).await?;
        let decide = |message: Leased| {
            let limit = limits.get(&message.id).copied();
            self.decide(message, limit, &sender)
        };
        let mut fates = stream::iter(leased).map(decide).buffer_unordered(AT_ONCE);
        let mut drained = Drained::default();
        while let Some((message, fate)) = fates.next().await {
            self.mark(&message, fate, &mut drained).await?;
        }
        Ok(drained)
    }

    async fn decide(&self, message: Leased, limit: Option<Limit>, sender: &Sender) -> (Leased, Fate) {
        let fate = match limit {
            Some(Limit::Muted) => Fate::Muted,
            Some(Limit::Until(at)) => Fate::Held(at),
            None => self.send(&message, sender).await,
        };
        (message, fate)
    }

    async fn send(&self, message: &Leased, sender: &Sender) -> Fate {
        if let Some(why) = message.moot {
            return Fate::Stopped(why);
        }
        let Some(addressee) = &message.addressee else {
            return Fate::Dead("the recipient has no address any more".to_owned());
        };
        let composed = match &message.topic {
            Topic::Ticket(about) => self.letter(message, about, addressee).and_then(|l| compose(&l, sender)),
            Topic::List(list) => self.list(message, list, addressee).and_then(|l| compose_list(&l, sender)),
            Topic::Concern(about) => {
                self.concern_letter(message, about, addressee).and_then(|l| compose_concern(&l, sender))
            }
            Topic::Affair(topic) => self.affair(message, topic, addressee).and_then(|l| compose_affair(&l, sender)),
        };
        let returns_to = sender.returns_to.as_deref();
        let post = composed.and_then(|letter| Post::new(letter, returns_to, &message.token, self.signature.as_ref()));
        let post = match post {
            Ok(post) => post,
            Err(error) => return Fate::Dead(error.to_string()),
        };
        match self.transport.deliver(&post, message.id).await {
            Ok(()) => Fate::Sent,
            Err(DeliveryError::Gone(words)) => Fate::Bounced(words),
            Err(DeliveryError::Permanent(words)) => Fate::Dead(words),
            Err(DeliveryError::Transient(words)) if self.clock.now() - message.since > PATIENCE => Fate::Dead(words),
            Err(DeliveryError::Transient(words)) => Fate::PutOff(words),
        }
    }

    async fn mark(&self, message: &Leased, fate: Fate, drained: &mut Drained) -> Result<(), Error> {
        let (id, now) = (message.id, self.clock.now());
        match fate {
            Fate::Sent => {
                drained.sent += 1;
                tracing::info!(message = %id, about = %message.topic.name(), "sent");
                self.store.mark_sent(id, now).await
            }
            Fate::Stopped(why) => {
                drained.stopped += 1;
                tracing::info!(message = %id, about = %message.topic.name(), why, "not sent");
                self.store.stop_message(id, now, why).await
            }
            Fate::PutOff(words) => {
                drained.put_off += 1;
                let until = now + wait(id, message.attempt);
                tracing::warn!(message = %id, about = %message.topic.name(), %words, %until, "put off");
                self.store.put_off(id, until, &words).await
            }
            Fate::Dead(words) => {
                drained.dead += 1;
                tracing::error!(message = %id, about = %message.topic.name(), %words, "given up");
                self.store.give_up(id, now, &words).await
            }
            Fate::Bounced(words) => {
                drained.dead += 1;
                tracing::warn!(message = %id, about = %message.topic.name(), %words, "the address takes no mail");
                self.store.bounced(id, now, &words).await.map(drop)
            }
            Fate::Muted => {
                drained.stopped += 1;
                tracing::info!(message = %id, about = %message.topic.name(), "not sent: the address takes no mail");
                self.store.leave_unsent(id, now).await
            }
            Fate::Held(until) => {
                drained.put_off += 1;
                tracing::warn!(message = %id, about = %message.topic.name(), %until, "held: too many a day");
                self.store.put_off(id, until, "too many e-mails about the ticket in a day").await
            }
        }
    }

    fn letter(&self, message: &Leased, about: &About, addressee: &Addressee) -> Result<Letter, ComposeError> {
        let ticket = &about.ticket;
        let (to, audience, language, path) = match addressee {
            Addressee::Service { email, door } => {
                let path =
                    door.as_ref().map_or_else(|| ticket_path(&ticket.reference), |door| partner_path(&door.token));
                (email, Audience::Service, Language::Fr, path)
            }
            Addressee::Person { email, language } => {
                (email, Audience::Agent, *language, ticket_path(&ticket.reference))
            }
            Addressee::Resident { email, language, token, .. } => {
                (email, Audience::Resident, *language, format!("v1/tracking/{token}"))
            }
        };
        let fact = &about.event.fact;
        let asks = audience == Audience::Resident
            && (about.kind == Kind::AskedAgain || matches!((about.kind, fact), (Kind::Outcome, Fact::Resolved { .. })));
        let unsubscribe =
            if let Addressee::Resident { token, .. } = addressee { Some(self.unsubscribe(token)?) } else { None };
        let door = if let Addressee::Service { door, .. } = addressee { door.as_ref() } else { None };
        Ok(Letter {
            id: message.id,
            ticket: ticket.id,
            kind: about.kind,
            audience,
            language,
            to: to.clone(),
            reference: ticket.reference.clone(),
            category: about.category.label.in_language(language).to_owned(),
            service_name: about.service.name.in_language(language).to_owned(),
            service_phone: about.service.phone.clone(),
            filed_at: if let Addressee::Resident { heard_at, .. } = addressee { *heard_at } else { ticket.filed_at },
            ack_due_at: ticket.ack_due_at,
            resolve_due_at: ticket.resolve_due_at,
            expected_on: if let Fact::Acknowledged { expected_on, .. } = fact { *expected_on } else { None },
            closure_reason: match fact {
                Fact::Resolved { closure_reason, .. } => Some(*closure_reason),
                Fact::Closed { closure_reason, .. } => *closure_reason,
                _ if about.kind == Kind::AskedAgain => ticket.closure_reason,
                _ => None,
            },
            body_told: if let Fact::Closed { body_told: Some(body), .. } = fact {
                Some(body.to_string())
            } else {
                None
            },
            refusal_reason: if let Fact::Refused { reason, .. } = fact { Some(*reason) } else { None },
            turn: Turn::of(fact),
            main: about.main.clone(),
            asks,
            silence: matches!(fact, Fact::Rerouted { .. }) && about.event.by == Actor::System,
            partner: door.map(|door| Partner {
                purpose: door.purpose.in_language(language).to_owned(),
                expires_at: door.expires_at,
            }),
            link: self.at(&if asks { format!("{path}#solved") } else { path })?,
            unsubscribe,
            at: message.since,
        })
    }

    /// A place at which this server is reached.
    fn at(&self, path: &str) -> Result<Url, ComposeError> {
        self.public_url.join(path).map_err(|_| ComposeError::Missing("link"))
    }

    fn unsubscribe(&self, token: &str) -> Result<Url, ComposeError> {
        self.at(&format!("v1/tracking/{token}/unsubscribe"))
    }

    fn concern_letter(
        &self,
        message: &Leased,
        about: &AboutConcern,
        to: &Addressee,
    ) -> Result<ConcernLetter, ComposeError> {
        let Addressee::Resident { concern, email, language, token, heard_at } = to else {
            return Err(ComposeError::Recipient);
        };
        let referred = |of: &Referred| {
            let service = of.service.name.in_language(*language).to_owned();
            (of.reference.clone(), service, of.service.phone.clone())
        };
        Ok(ConcernLetter {
            id: message.id,
            concern: *concern,
            news: about.news,
            language: *language,
            to: email.clone(),
            category: about.category.label.in_language(*language).to_owned(),
            filed_at: *heard_at,
            tickets: about.tickets.iter().map(referred).collect(),
            link: self.at(&format!("v1/tracking/{token}"))?,
            unsubscribe: self.unsubscribe(token)?,
            at: message.since,
        })
    }

    fn list(&self, message: &Leased, list: &TicketList, to: &Addressee) -> Result<ListLetter, ComposeError> {
        let (to, language) = match to {
            Addressee::Person { email, language } | Addressee::Resident { email, language, .. } => (email, *language),
            Addressee::Service { email, .. } => (email, Language::Fr),
        };
        Ok(ListLetter {
            id: message.id,
            language,
            to: to.clone(),
            list: list.clone(),
            tickets: self.public_url.join("v1/tickets/").map_err(|_| ComposeError::Missing("link"))?,
            at: message.since,
        })
    }

    fn affair(&self, message: &Leased, topic: &AffairTopic, to: &Addressee) -> Result<AffairLetter, ComposeError> {
        let (to, language) = match to {
            Addressee::Person { email, language } | Addressee::Resident { email, language, .. } => (email, *language),
            Addressee::Service { email, .. } => (email, Language::Fr),
        };
        let link = topic.token.as_ref().map(|token| self.public_url.join(&format!("account/{token}")));
        let (address, agent) = topic.place.clone().unwrap_or_default();
        Ok(AffairLetter {
            id: message.id,
            affair: topic.affair.clone(),
            language,
            to: to.clone(),
            link: link.transpose().map_err(|_| ComposeError::Missing("link"))?,
            expires_at: topic.expires_at,
            address,
            agent,
            secret: topic.secret.clone(),
            at: message.since,
        })
    }
}

fn partner_path(token: &str) -> String {
    format!("v1/partners/{token}")
}

fn ticket_path(reference: &str) -> String {
    format!("v1/tickets/{reference}")
}

/// How long the next attempt waits: twice as long each time, a fifth more or less, so that messages which failed
/// together are not tried together. The id decides how much: no randomness is needed.
fn wait(id: MessageId, attempt: i32) -> Duration {
    let doublings = u32::try_from(attempt - 1).unwrap_or(0).min(10);
    let whole = (FIRST_WAIT * 2_i32.pow(doublings)).min(LONGEST_WAIT);
    let share = i32::from(id.0.as_bytes()[15]) - 128;
    whole + whole * share / 640
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn repeats_wait_longer_and_longer_but_never_too_long() {
        let id = |last: u8| MessageId(Uuid::from_u128(u128::from(last)));
        assert_eq!(wait(id(128), 1), Duration::seconds(5));
        assert_eq!(wait(id(128), 2), Duration::seconds(10));
        assert_eq!(wait(id(128), 30), LONGEST_WAIT);
        assert!(wait(id(0), 1) >= Duration::seconds(4) && wait(id(255), 1) <= Duration::seconds(6));
        assert_ne!(wait(id(1), 5), wait(id(200), 5));
    }
}
