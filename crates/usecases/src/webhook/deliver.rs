//! Delivering to webhooks: to each one event after the other, to many at once.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use domain::feed::{CloudEvent, Position};
use domain::id::MessageId;
use domain::webhook::{Next, PING, Ping, next};
use fetch::{Answered, Failure};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::Error;
use store::webhook::{Attempt, Lease, Then};
use tokio::task::JoinSet;
use tracing::Instrument as _;
use uuid::Uuid;

use super::sign::{json, signature};
use crate::Context;
use crate::watch::worked;

/// To how many webhooks a worker delivers at once, in each lane.
const AT_ONCE: usize = 64;

/// How many events are delivered to one before others have their turn.
const EVENTS: u64 = 50;

/// How long it is delivered to one before others have their turn, if nothing has gone wrong.
const TURN: Duration = Duration::from_secs(5);

/// How long nobody else delivers to it: longer than a turn with its last request takes.
const LEASED: TimeDelta = TimeDelta::minutes(2);

/// How often a worker looks for what is due.
const LOOK: Duration = Duration::from_secs(1);

/// How long the log is kept.
const KEPT: TimeDelta = TimeDelta::days(30);

/// Delivers until the process is to end; then finishes what is being sent, within its time, and gives every lease back. Any number
/// of workers may do this.
///
/// There are two lanes: webhooks whose last attempt took a second at most wait for no other, however many there are. One that
/// becomes slow leaves that lane after one attempt; a new one has to show what it is.
pub async fn run(cx: Context) {
    tokio::join!(lane(&cx, true), lane(&cx, false));
}

async fn lane(cx: &Context, prompt: bool) {
    let mut turns = JoinSet::new();
    while !cx.stopping.is_cancelled() {
        let fed = cx.fed.notified();
        while turns.try_join_next().is_some() {}
        let free = AT_ONCE - turns.len();
        let found = if free == 0 { Ok(Vec::new()) } else { lease(cx, prompt, u32::try_from(free).unwrap_or(1)).await };
        worked(cx.now(), "webhooks", found.is_ok());
        match found {
            Ok(leases) => {
                for lease in leases {
                    let cx = cx.clone();
                    turns.spawn(async move {
                        let (webhook, id) = (lease.webhook.id, lease.id);
                        let delivered = tokio::select! {
                            delivered = deliver(&cx, lease) => delivered,
                            // What was sent and could not be noted is sent again, by others.
                            () = cx.out_of_time() => cx.store.end_lease(webhook, id, cx.now()).await,
                        };
                        if let Err(error) = delivered {
                            tracing::warn!(%error, "events could not be delivered to a webhook; trying again");
                        }
                    });
                }
            }
            Err(error) => tracing::warn!(%error, "webhooks could not be looked at; trying again"),
        }
        tokio::select! {
            () = fed => {}
            Some(_) = turns.join_next() => {}
            () = tokio::time::sleep(LOOK) => {}
            () = cx.stopping.cancelled() => {}
        }
    }
    while turns.join_next().await.is_some() {}
}

/// Leases webhooks of a lane to which something is to be delivered, `limit` at most.
///
/// # Errors
/// When the database does not answer.
pub async fn lease(cx: &Context, prompt: bool, limit: u32) -> Result<Vec<Lease>, Error> {
    let now = cx.now();
    cx.store.lease_webhooks(cx.ids.next(), now, now + LEASED, prompt, limit).await
}

/// Forgets what was delivered 30 days ago, some at a time. Returns how much.
///
/// # Errors
/// When the database does not answer.
pub async fn forget(cx: &Context) -> Result<u64, Error> {
    cx.store.clear_deliveries(cx.now() - KEPT).await
}

/// Delivers to a webhook, one event after the other, until nothing is due, something goes wrong, or others have their turn.
///
/// # Errors
/// When the database does not answer: what was delivered and could not be noted is delivered again.
pub async fn deliver(cx: &Context, lease: Lease) -> Result<(), Error> {
    let turn = Turn { cx, lease: &lease };
    let held = match lease.ping {
        Some(ping) => turn.ping(ping).await?,
        None => true,
    };
    if held && lease.events {
        turn.events().await?;
    }
    cx.store.end_lease(lease.webhook.id, lease.id, cx.now()).await
}

struct Turn<'a> {
    cx: &'a Context,
    lease: &'a Lease,
}

/// What is sent.
struct Sent<'a, T> {
    id: Uuid,
    event_type: &'static str,
    position: Option<Position>,
    traceparent: Option<&'a str>,
    body: &'a T,
}

impl Turn<'_> {
    /// Sends a ping, once.
    async fn ping(&self, id: Uuid) -> Result<bool, Error> {
        let at = self.cx.now();
        let ping = Ping::new(id, self.lease.webhook.id, &self.cx.source, at);
        let sent = Sent { id, event_type: PING, position: None, traceparent: None, body: &ping };
        let attempt = self.attempt(&sent, at, 1).await;
        self.note(Some(&attempt), Then::Pinged).await
    }

    async fn events(&self) -> Result<(), Error> {
        let (webhook, began) = (&self.lease.webhook, Instant::now());
        let (after, bound) = match webhook.replay {
            Some((after, until)) => (after, Some(until)),
            None => (webhook.position, None),
        };
        let look = self.cx.store.events(&self.lease.client, &webhook.filter, after, EVENTS).await?;
        let done = |position: Position| {
            let position = bound.map_or(position, |bound| bound.min(position));
            Then::Done { position, replayed: bound.is_some() }
        };
        let mut failing = webhook.failing;
        for happened in look.items {
            let position = happened.position;
            if bound.is_some_and(|bound| position > bound) {
                break;
            }
            if began.elapsed() > TURN || self.cx.stopping.is_cancelled() {
                return Ok(());
            }
            let (id, event_type) = (happened.id, happened.event_type.code());
            let traceparent = happened.traceparent.clone();
            let event = CloudEvent::new(happened, &self.cx.source);
            let traceparent = traceparent.as_deref();
            let sent = Sent { id, event_type, position: Some(position), traceparent, body: &event };
            let number = failing.map_or(0, |failing| failing.failures) + 1;
            let attempt = self.attempt(&sent, self.cx.now(), number).await;
            let status = attempt.answer.as_ref().ok().map(|(status, _)| *status);
            let (now, jitter) = (self.cx.now(), self.cx.ids.next().as_u64_pair().1);
            let then = match next(status, failing, now, jitter) {
                Next::Go => done(position),
                Next::Again(failing, at) => Then::Again(failing, at),
                Next::Stop(because) => Then::Stop(because),
            };
            let held = self.note(Some(&attempt), then).await?;
            // What is slow goes on in the other lane.
            if !held || !matches!(then, Then::Done { .. }) || !attempt.is_prompt() {
                return Ok(());
            }
            failing = None;
        }
        // What nobody asked for is passed over.
        if look.until > after { self.note(None, done(look.until)).await.map(drop) } else { Ok(()) }
    }

    async fn note(&self, attempt: Option<&Attempt>, then: Then) -> Result<bool, Error> {
        let message = MessageId(self.cx.ids.next());
        let held = self.cx.store.attempted(self.lease, attempt, then, message, self.cx.now()).await?;
        if matches!(then, Then::Stop(_)) {
            self.cx.wake.notify_one();
        }
        Ok(held)
    }

    /// Sends something once, now. The log tells a ping's body from that time.
    async fn attempt<T: Serialize>(&self, sent: &Sent<'_, T>, at: DateTime<Utc>, number: u32) -> Attempt {
        let (body, began) = (json(sent.body), Instant::now());
        let url = &self.lease.webhook.url;
        let (length, digest) = (u32::try_from(body.len()).unwrap_or(u32::MAX), Sha256::digest(&body).to_vec());
        let span = traces::delivery(sent.event_type, number, sent.traceparent);
        let mut headers = vec![
            ("content-type", "application/cloudevents+json".to_owned()),
            ("webhook-id", sent.id.to_string()),
            ("webhook-timestamp", at.timestamp().to_string()),
            ("webhook-signature", signature(&self.lease.secrets, sent.id, at, &body)),
        ];
        // Where no collector is named, the trace goes on all the same.
        let traceparent = traces::traceparent(&span).or_else(|| sent.traceparent.map(ToOwned::to_owned));
        headers.extend(traceparent.map(|traceparent| (traces::TRACEPARENT, traceparent)));
        let post = self.cx.fetcher.post(url, &headers, body);
        let answer = post.instrument(span.clone()).await;
        traces::delivered(&span, answer.as_ref().map(|answer| answer.status).map_err(|failure| code(*failure)));
        let outcome = match &answer {
            Ok(Answered { status: 200..=299, .. }) => "delivered",
            Ok(_) => "status",
            Err(failure) => code(*failure),
        };
        metrics::counter!("continuum_webhook_attempts_total", "outcome" => outcome).increment(1);
        metrics::histogram!("continuum_webhook_attempt_duration_seconds").record(began.elapsed().as_secs_f64());
        Attempt {
            id: self.cx.ids.next(),
            url: url.to_string(),
            event: sent.id,
            event_type: sent.event_type,
            position: sent.position,
            number,
            at,
            duration: u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX),
            headers: headers.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect(),
            length,
            digest,
            answer: match answer {
                Ok(Answered { status, begin }) => Ok((status, String::from_utf8_lossy(&begin).into_owned())),
                Err(failure) => Err(code(failure)),
            },
        }
    }
}

const fn code(failure: Failure) -> &'static str {
    match failure {
        Failure::Refused(_) => "refused",
        Failure::Unreachable => "unreachable",
        Failure::Timeout => "timeout",
        Failure::Broken => "broken",
    }
}
