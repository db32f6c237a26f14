//! The worker: leases what is due, writes it, delivers it, marks it. Any number of them may run at once.

use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use arc_swap::ArcSwapOption;
use chrono::{DateTime, Duration, Utc};
use domain::clock::{Clock, Ids};
use domain::id::MessageId;
use domain::ticket::notice::{Kind, Recipient};
use domain::time::{Calendar, Zone};
use futures_util::{StreamExt as _, stream};
use store::office::Office;
use store::outbox::{About, Addressee, CHANNEL, Leased, Limit, Topic, UNSEEN};
use store::{Error, Listener, Store};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use url::Url;

use crate::late;
use crate::letter::{ComposeError, Letter, Stationery};
use crate::plan::plan;
use crate::post::{Post, Signature};
use crate::sight::may_be_told;
use crate::transport::{DeliveryError, Transport};
use crate::write::{Writer, language_of};

/// How many messages are leased at once.
const BATCH: u64 = 20;
/// How many are delivered at once.
const AT_ONCE: usize = 4;
/// How long a lease lasts: longer than a delivery may take. What cannot end before it does is not begun.
const LEASE: Duration = Duration::seconds(90);
/// How long a delivery takes at most: a mail server has a minute; then it is left, and what became of it noted.
const DELIVERY: Duration = Duration::seconds(65);
/// The same, with what is read before.
const WHOLE: Duration = Duration::seconds(70);
/// How long the first repeat waits; each further one waits twice as long.
const FIRST_WAIT: Duration = Duration::seconds(5);
/// How long a repeat waits at most.
const LONGEST_WAIT: Duration = Duration::minutes(15);
/// For how long a message is tried.
const PATIENCE: Duration = Duration::days(3);
/// How long it goes on with what it is delivering when it is told to stop.
const GRACE: StdDuration = StdDuration::from_secs(10);
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
    signature: Option<Signature>,
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
    /// Ended unsent: there was no need any more, or whoever it was for may no longer know of it.
    pub stopped: usize,
}

impl Drained {
    const fn is_nothing(self) -> bool {
        self.sent + self.put_off + self.dead + self.stopped == 0
    }
}

/// What became of one message.
enum Fate {
    /// Delivered, without these messages.
    Sent(Vec<MessageId>),
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

impl Fate {
    const fn name(&self) -> &'static str {
        match self {
            Self::Sent(_) => "sent",
            Self::PutOff(_) => "put_off",
            Self::Dead(_) => "dead",
            Self::Stopped(_) => "stopped",
            Self::Bounced(_) => "bounced",
            Self::Muted => "muted",
            Self::Held(_) => "held",
        }
    }
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
        Self { store, transport, clock, ids, wake, public_url, signature: None, desk: ArcSwapOption::empty() }
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

    /// Drains the outbox until it is told to stop: then what is being delivered is finished, within [`GRACE`], and what is left of
    /// the batch is given back. When the returned future is dropped, what is being delivered is delivered again, under the same
    /// id, once its lease has run out.
    pub async fn run(&self, stopping: &CancellationToken) {
        let mut listener: Option<Listener> = None;
        while !stopping.is_cancelled() {
            let drained = self.round(stopping).await;
            self.note(drained.is_ok());
            match drained {
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
                () = stopping.cancelled() => {}
            }
        }
    }

    /// Notes for the metrics page that a round was done, or was not.
    fn note(&self, done: bool) {
        let task = [("task", "outbox")];
        // Counted from the beginning, so that the first failure is an increase.
        metrics::counter!("continuum_worker_errors_total", &task).increment(u64::from(!done));
        if done {
            #[allow(clippy::cast_precision_loss, reason = "seconds since 1970")]
            let now = self.clock.now().timestamp() as f64;
            metrics::gauge!("continuum_worker_success_timestamp_seconds", &task).set(now);
        }
    }

    /// One round: settles when new messages leave, then sends everything that is due now and first in its lane, up to a
    /// batch.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn drain(&self) -> Result<Drained, Error> {
        self.round(&CancellationToken::new()).await
    }

    async fn round(&self, stopping: &CancellationToken) -> Result<Drained, Error> {
        let now = self.clock.now();
        let Some(desk) = self.desk().await? else { return Ok(Drained::default()) };
        plan(&self.store, &*self.ids, desk.office.calendar.as_ref(), now).await?;
        let until = now + LEASE;
        let leased = self.store.lease_messages(now, until, BATCH).await?;
        if leased.is_empty() {
            return Ok(Drained::default());
        }
        let limits = self.store.mail_limits(&leased, now).await?;
        let mut held: Vec<MessageId> = leased.iter().map(|message| message.id).collect();
        let decide = |message: Leased| {
            let limit = limits.get(&message.id).copied();
            self.decide(message, limit, &desk, until)
        };
        // Told to stop, or by an error, nothing more is begun; what is under way is finished: mail servers have it already.
        let halted = stopping.child_token();
        let in_time = || self.clock.now() + WHOLE < until;
        let begun = stream::iter(leased).take_while(|_| ready(!halted.is_cancelled() && in_time()));
        let mut fates = begun.map(decide).buffer_unordered(AT_ONCE);
        let out_of_time = async {
            stopping.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        let mut out_of_time = pin!(out_of_time);
        let mut drained = Drained::default();
        let mut noted = Ok(());
        loop {
            let (message, fate) = tokio::select! {
                fate = fates.next() => match fate {
                    Some(fate) => fate,
                    None => break,
                },
                () = &mut out_of_time => break,
            };
            // One of which this could not be noted is not given back: others would send it again at once.
            held.retain(|id| *id != message.id);
            if let Err(error) = self.mark(&message, fate, &mut drained).await {
                halted.cancel();
                noted = noted.and(Err(error));
            }
        }
        let given_back = if held.is_empty() { Ok(()) } else { self.store.give_mails_back(&held, until).await };
        noted.and(given_back)?;
        Ok(drained)
    }

    /// What letters are written with; none before a city is loaded.
    async fn desk(&self) -> Result<Option<Arc<Desk>>, Error> {
        let held = self.desk.load_full();
        let Some(office) = self.store.office(held.as_ref().map(|desk| desk.office.revision)).await? else {
            return Ok(held);
        };
        let zone = office.calendar.as_ref().map_or(Zone::PARIS, Calendar::zone);
        let paper = Stationery::new(office.settings.sender.clone(), zone, &office.letters);
        let desk = Arc::new(Desk { office, paper });
        self.desk.store(Some(desk.clone()));
        Ok(Some(desk))
    }

    async fn decide(&self, message: Leased, limit: Option<Limit>, desk: &Desk, until: DateTime<Utc>) -> (Leased, Fate) {
        let fate = match limit {
            Some(Limit::Muted) => Fate::Muted,
            Some(Limit::Until(at)) => Fate::Held(at),
            // A database that does not answer is the same as a mail server that does not.
            None => self.send(&message, desk, until).await.unwrap_or_else(|error| Fate::PutOff(error.to_string())),
        };
        (message, fate)
    }

    async fn send(&self, message: &Leased, desk: &Desk, until: DateTime<Utc>) -> Result<Fate, Error> {
        if let Some(why) = message.moot {
            return Ok(Fate::Stopped(why));
        }
        let Some(to) = &message.addressee else {
            if matches!(message.recipient, Recipient::Person { .. } | Recipient::Member { .. }) {
                return Ok(Fate::Stopped("the account is disabled"));
            }
            return Ok(Fate::Dead("the recipient has no address any more".to_owned()));
        };
        let service = &desk.office.settings.dispatcher_desk;
        let (public_url, language) = (&self.public_url, language_of(to));
        let writer = Writer { public_url, desk: service, mail: message, to, language };
        let mut left_out = Vec::new();
        let letter = match &message.topic {
            Topic::Ticket(first) => {
                let all = std::iter::once(&**first).chain(&message.also);
                let (turns, unseen): (Vec<&About>, Vec<&About>) =
                    all.partition(|about| may_be_told(to, about, service));
                if turns.is_empty() {
                    return Ok(Fate::Stopped(UNSEEN));
                }
                left_out.extend(unseen.iter().map(|about| about.message));
                written(&writer, &once_each(&turns))
            }
            Topic::List(list) => writer.list(list),
            Topic::Concern(about) => writer.concern(about),
            Topic::Affair(topic) => writer.affair(topic),
            Topic::Late => {
                let Addressee::Person { person, .. } = to else {
                    return Ok(Fate::Dead("what is late is told to people".to_owned()));
                };
                let late = self.store.late_tickets(person, self.clock.now(), late::MOST).await?;
                if late.tickets.is_empty() {
                    return Ok(Fate::Stopped("nothing is late"));
                }
                writer.late(&late)
            }
        };
        let composed = letter.and_then(|letter| letter.compose(&desk.paper));
        let returns_to = desk.office.settings.sender.returns_to.as_deref();
        let post = composed.and_then(|letter| Post::new(letter, returns_to, &message.returns, self.signature.as_ref()));
        let post = match post {
            Ok(post) => post,
            Err(error) => return Ok(Fate::Dead(error.to_string())),
        };
        // What was to be read took so long that others may send it before this could end.
        if self.clock.now() + DELIVERY >= until {
            return Ok(Fate::PutOff("what it tells took too long to read".to_owned()));
        }
        let delivered = self.transport.deliver(&post, message.id).instrument(traces::mail()).await;
        Ok(match delivered {
            Ok(()) => Fate::Sent(left_out),
            Err(DeliveryError::Gone(words)) => Fate::Bounced(words),
            Err(DeliveryError::Permanent(words)) => Fate::Dead(words),
            Err(DeliveryError::Transient(words)) if self.clock.now() - message.leaves_at > PATIENCE => {
                Fate::Dead(words)
            }
            Err(DeliveryError::Transient(words)) => Fate::PutOff(words),
        })
    }

    async fn mark(&self, message: &Leased, fate: Fate, drained: &mut Drained) -> Result<(), Error> {
        let (id, now) = (message.id, self.clock.now());
        metrics::counter!("continuum_messages_total", "outcome" => fate.name()).increment(1);
        match fate {
            Fate::Sent(left_out) => {
                drained.sent += 1;
                tracing::info!(mail = %id, about = %message.topic.name(), "sent");
                self.store.mark_sent(id, &left_out, now).await
            }
            Fate::Stopped(why) => {
                drained.stopped += 1;
                tracing::info!(mail = %id, about = %message.topic.name(), why, "not sent");
                self.store.stop_mail(id, now, why).await
            }
            Fate::PutOff(words) => {
                drained.put_off += 1;
                let until = now + wait(id, message.attempt);
                tracing::warn!(mail = %id, about = %message.topic.name(), %words, %until, "put off");
                self.store.put_off(id, until, &words).await
            }
            Fate::Dead(words) => {
                drained.dead += 1;
                tracing::error!(mail = %id, about = %message.topic.name(), %words, "given up");
                self.store.give_up(id, now, &words).await
            }
            Fate::Bounced(words) => {
                drained.dead += 1;
                tracing::warn!(mail = %id, about = %message.topic.name(), %words, "the address takes no mail");
                self.store.bounced(id, now, &words).await.map(drop)
            }
            Fate::Muted => {
                drained.stopped += 1;
                tracing::info!(mail = %id, about = %message.topic.name(), "not sent: the address takes no mail");
                self.store.leave_unsent(id, now).await
            }
            Fate::Held(until) => {
                drained.put_off += 1;
                tracing::warn!(mail = %id, about = %message.topic.name(), %until, "held: too many a day");
                self.store.hold_mail(id, until, "too many e-mails about the ticket in a day").await
            }
        }
    }
}

/// The letter of these turns, of which there is one at least.
fn written(writer: &Writer<'_>, turns: &[&About]) -> Result<Letter, ComposeError> {
    match turns {
        [about] => writer.turn(about),
        turns => writer.news(turns, turns.iter().any(|about| about.ticket.id != turns[0].ticket.id)),
    }
}

/// Each turn once: somebody may be told of one as its referrer and as a member of a service that watches.
fn once_each<'a>(turns: &[&'a About]) -> Vec<&'a About> {
    let mut kept: Vec<&About> = Vec::new();
    for about in turns {
        let is_told = |of: &&About| of.ticket.id == about.ticket.id && of.event.id == about.event.id;
        let of_the_event = |kind: Kind| {
            !matches!(
                kind,
                Kind::Mention
                    | Kind::Message
                    | Kind::Answered
                    | Kind::Unattended
                    | Kind::Reminder
                    | Kind::Undeliverable
            )
        };
        if !of_the_event(about.kind) || !kept.iter().any(|of| of_the_event(of.kind) && is_told(of)) {
            kept.push(about);
        }
    }
    kept
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
