//! The worker: leases what is due, writes it, delivers it, marks it. Any number of them may run at once.

use std::sync::Arc;
use std::time::Duration as StdDuration;

use arc_swap::ArcSwapOption;
use chrono::Duration;
use domain::city::catalogue::Audience;
use domain::clock::{Clock, Ids};
use domain::id::MessageId;
use domain::language::Language;
use domain::rights::Secrecy;
use domain::ticket::Fact;
use domain::ticket::notice::{Kind, Recipient};
use futures_util::{StreamExt as _, stream};
use store::office::Office;
use store::outbox::{About, Addressee, AffairTopic, CHANNEL, Leased, Topic};
use store::{Error, Listener, Store};
use tokio::sync::Notify;
use url::Url;

use crate::late;
use crate::letter::{
    AffairLetter, ComposeError, LateLetter, Letter, NewsLetter, Stationery, Told, Turn, compose, compose_affair,
    compose_late, compose_news,
};
use crate::plan::plan;
use crate::sight::{can_open, may_be_told};
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
    ids: Arc<dyn Ids>,
    wake: Arc<Notify>,
    public_url: Url,
    desk: ArcSwapOption<Desk>,
}

/// What letters are written with, as it was last read.
struct Desk {
    office: Office,
    paper: Stationery,
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
    /// Not sent: whoever it was for may no longer know of it, or there was nothing left to tell.
    pub withheld: usize,
}

impl Drained {
    const fn is_nothing(self) -> bool {
        self.sent + self.put_off + self.dead + self.withheld == 0
    }
}

/// What became of one message.
enum Fate {
    Sent,
    PutOff(String),
    Dead(String),
    Withheld(&'static str),
}

impl Worker {
    /// A worker; `public_url` is where the links in the letters lead.
    #[must_use]
    pub fn new(
        store: Store,
        transport: Transport,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        wake: Arc<Notify>,
        public_url: Url,
    ) -> Self {
        Self { store, transport, clock, ids, wake, public_url, desk: ArcSwapOption::empty() }
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

    /// One round: settles when new messages leave, then sends everything that is due now and first in its lane, up to a
    /// batch.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn drain(&self) -> Result<Drained, Error> {
        let now = self.clock.now();
        let Some(desk) = self.desk().await? else { return Ok(Drained::default()) };
        plan(&self.store, &*self.ids, desk.office.calendar.as_ref(), now).await?;
        let leased = self.store.lease_messages(now, now + LEASE, BATCH).await?;
        let mut fates = stream::iter(leased).map(|message| self.decide(message, &desk)).buffer_unordered(AT_ONCE);
        let mut drained = Drained::default();
        while let Some((message, fate)) = fates.next().await {
            self.mark(&message, fate, &mut drained).await?;
        }
        Ok(drained)
    }

    /// What letters are written with; none before a city is loaded.
    async fn desk(&self) -> Result<Option<Arc<Desk>>, Error> {
        let held = self.desk.load_full();
        let Some(office) = self.store.office(held.as_ref().map(|desk| desk.office.revision)).await? else {
            return Ok(held);
        };
        let paper = Stationery::new(office.settings.sender.clone(), &office.letters);
        let desk = Arc::new(Desk { office, paper });
        self.desk.store(Some(desk.clone()));
        Ok(Some(desk))
    }

    async fn decide(&self, message: Leased, desk: &Desk) -> (Leased, Fate) {
        let fate = match self.send(&message, desk).await {
            Ok(fate) => fate,
            // The database does not answer: the same as a mail server that does not.
            Err(error) => Fate::PutOff(error.to_string()),
        };
        (message, fate)
    }

    async fn send(&self, message: &Leased, desk: &Desk) -> Result<Fate, Error> {
        let Some(addressee) = &message.addressee else {
            if matches!(message.recipient, Recipient::Person { .. } | Recipient::Member { .. }) {
                return Ok(Fate::Withheld("the account is disabled"));
            }
            return Ok(Fate::Dead("the recipient has no address any more".to_owned()));
        };
        let paper = &desk.paper;
        let composed = match &message.topic {
            Topic::Ticket(first) => {
                let office = &desk.office;
                let service = &office.settings.dispatcher_desk;
                let told = |about: &&About| may_be_told(addressee, about, service);
                let turns: Vec<&About> = std::iter::once(&**first).chain(&message.also).filter(told).collect();
                match once_each(&turns).as_slice() {
                    [] => return Ok(Fate::Withheld("the recipient may no longer know of it")),
                    [about] => {
                        letter_about(&self.public_url, message, about, addressee).and_then(|l| compose(&l, paper))
                    }
                    turns => self.news(message, turns, addressee, office).and_then(|l| compose_news(&l, paper)),
                }
            }
            Topic::Affair(topic) => self.affair(message, topic, addressee).and_then(|l| compose_affair(&l, paper)),
            Topic::Late => match self.late(message, addressee).await? {
                None => return Ok(Fate::Withheld("nothing is late")),
                Some(letter) => letter.and_then(|l| compose_late(&l, paper)),
            },
        };
        let composed = match composed {
            Ok(composed) => composed,
            Err(error) => return Ok(Fate::Dead(error.to_string())),
        };
        Ok(match self.transport.deliver(&composed, message.id).await {
            Ok(()) => Fate::Sent,
            Err(DeliveryError::Permanent(words)) => Fate::Dead(words),
            Err(DeliveryError::Transient(words)) if self.clock.now() - message.leaves_at > PATIENCE => {
                Fate::Dead(words)
            }
            Err(DeliveryError::Transient(words)) => Fate::PutOff(words),
        })
    }

    async fn mark(&self, message: &Leased, fate: Fate, drained: &mut Drained) -> Result<(), Error> {
        let (id, now) = (message.id, self.clock.now());
        match fate {
            Fate::Sent => {
                drained.sent += 1;
                tracing::info!(message = %id, about = %message.topic.name(), "sent");
                self.store.mark_sent(id, now).await
            }
            Fate::Withheld(why) => {
                drained.withheld += 1;
                tracing::info!(message = %id, about = %message.topic.name(), why, "not sent");
                self.store.withhold_mail(id, now, why).await
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
        }
    }

    fn news(
        &self,
        message: &Leased,
        turns: &[&About],
        addressee: &Addressee,
        office: &Office,
    ) -> Result<NewsLetter, ComposeError> {
        let (to, language) = whom(addressee);
        let told = |about: &&About| {
            let ticket = &about.ticket;
            let open = can_open(addressee, about, &office.settings.dispatcher_desk);
            let named = ticket.secrecy() == Secrecy::Standard;
            Ok::<_, ComposeError>(Told {
                ticket: ticket.id,
                reference: ticket.reference.clone(),
                category: named.then(|| about.category.label.in_language(language).to_owned()),
                service_name: about.service.name.in_language(language).to_owned(),
                link: if open { Some(at(&self.public_url, &ticket_path(&ticket.reference))?) } else { None },
                kind: about.kind,
                fact: about.event.fact.clone(),
                at: about.at,
            })
        };
        Ok(NewsLetter {
            id: message.id,
            language,
            to: to.to_owned(),
            turns: turns.iter().map(told).collect::<Result<_, _>>()?,
            list: at(&self.public_url, "v1/tickets")?,
            at: message.since,
        })
    }

    /// The list of what is late now; none when nothing is.
    async fn late(
        &self,
        message: &Leased,
        addressee: &Addressee,
    ) -> Result<Option<Result<LateLetter, ComposeError>>, Error> {
        let Addressee::Person { person, .. } = addressee else { return Ok(None) };
        let late = self.store.late_tickets(person, self.clock.now(), late::MOST).await?;
        if late.tickets.is_empty() {
            return Ok(None);
        }
        let (to, language) = whom(addressee);
        let letter = || {
            Ok(LateLetter {
                id: message.id,
                language,
                to: to.to_owned(),
                services: late::by_service(&late, language, &self.public_url)?,
                more: late.more,
                list: at(&self.public_url, "v1/tickets?late=true")?,
                at: message.since,
            })
        };
        Ok(Some(letter()))
    }

    fn affair(&self, message: &Leased, topic: &AffairTopic, to: &Addressee) -> Result<AffairLetter, ComposeError> {
        let (to, language) = whom(to);
        let link = topic.token.as_ref().map(|token| self.public_url.join(&format!("account/{token}")));
        let (address, agent) = topic.place.clone().unwrap_or_default();
        Ok(AffairLetter {
            id: message.id,
            affair: topic.affair.clone(),
            language,
            to: to.to_owned(),
            link: link.transpose().map_err(|_| ComposeError::Missing("link"))?,
            expires_at: topic.expires_at,
            address,
            agent,
            secret: topic.secret.clone(),
            at: message.since,
        })
    }
}

/// The letter that tells of one turn of a ticket, with links that begin with `public_url`.
///
/// # Errors
/// When the link is none.
pub fn letter_about(
    public_url: &Url,
    message: &Leased,
    about: &About,
    addressee: &Addressee,
) -> Result<Letter, ComposeError> {
    let ticket = &about.ticket;
    let (to, audience, language, path) = match addressee {
        Addressee::Service { email } => (email, Audience::Service, Language::Fr, ticket_path(&ticket.reference)),
        Addressee::Person { email, language, .. } if matches!(about.recipient, Recipient::Member { .. }) => {
            (email, Audience::Service, *language, ticket_path(&ticket.reference))
        }
        Addressee::Person { email, language, .. } => {
            (email, Audience::Agent, *language, ticket_path(&ticket.reference))
        }
        Addressee::Resident { email, language, token, .. } => {
            (email, Audience::Resident, *language, format!("v1/tracking/{token}"))
        }
    };
    let fact = &about.event.fact;
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
            _ => None,
        },
        body_told: if let Fact::Closed { body_told: Some(body), .. } = fact { Some(body.to_string()) } else { None },
        refusal_reason: if let Fact::Refused { reason, .. } = fact { Some(*reason) } else { None },
        turn: Turn::of(fact),
        member: matches!(about.recipient, Recipient::Member { .. }),
        link: at(public_url, &path)?,
        at: about.at,
    })
}

/// Each turn once: somebody may be told of one as its referrer and as a member of a service that watches.
fn once_each<'a>(turns: &[&'a About]) -> Vec<&'a About> {
    let mut kept: Vec<&About> = Vec::new();
    for about in turns {
        let is_told = |of: &&About| of.ticket.id == about.ticket.id && of.event.id == about.event.id;
        let of_the_event = |kind: Kind| !matches!(kind, Kind::Mention | Kind::Message | Kind::Reminder);
        if !of_the_event(about.kind) || !kept.iter().any(|of| of_the_event(of.kind) && is_told(of)) {
            kept.push(about);
        }
    }
    kept
}

fn whom(addressee: &Addressee) -> (&str, Language) {
    match addressee {
        Addressee::Person { email, language, .. } | Addressee::Resident { email, language, .. } => (email, *language),
        Addressee::Service { email } => (email, Language::Fr),
    }
}

fn at(public_url: &Url, path: &str) -> Result<Url, ComposeError> {
    public_url.join(path).map_err(|_| ComposeError::Missing("link"))
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
