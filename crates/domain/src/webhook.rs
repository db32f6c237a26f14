//! Webhooks: what a delivery comes to, when it is tried again, when no more.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::id::WebhookId;

/// How long an event is tried to be delivered.
pub const PATIENCE: TimeDelta = TimeDelta::days(3);

/// How long a secret that was replaced goes on signing.
pub const OVERLAP: TimeDelta = TimeDelta::hours(24);

/// How long a receiver that is prompt takes for an attempt at most.
const PROMPT: TimeDelta = TimeDelta::seconds(1);

/// Whether a receiver that took so long for its last attempt is prompt, whatever it answered: those wait for no slow one.
#[must_use]
pub fn is_prompt(took: TimeDelta) -> bool {
    took <= PROMPT
}

/// The wait after the first failure, and the longest one, seconds.
const FIRST: i64 = 5;
const LONGEST: i64 = 8 * 3600;

/// Why nothing is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookDisabledBecause)]
pub enum Because {
    /// Its program asked for it.
    Asked,
    /// It did not take an event for three days.
    Failing,
    /// It answered 410: nobody is there any more.
    Gone,
}

impl Because {
    /// The name in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Asked, Self::Failing, Self::Gone].into_iter().find(|one| one.code() == code)
    }
}

/// Attempts that failed in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failing {
    /// How many.
    pub failures: u32,
    /// When the first of them was.
    pub since: DateTime<Utc>,
}

/// What comes after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It was taken: the next event.
    Go,
    /// The same event again, then.
    Again(Failing, DateTime<Utc>),
    /// Nothing more.
    Stop(Because),
}

/// What comes after an attempt that was answered with that status, or not at all. Only 2xx is success: redirects are not
/// followed. `jitter`, any number, spreads receivers that failed together.
#[must_use]
pub fn next(status: Option<u16>, before: Option<Failing>, now: DateTime<Utc>, jitter: u64) -> Next {
    match status {
        Some(200..=299) => return Next::Go,
        Some(410) => return Next::Stop(Because::Gone),
        Some(_) | None => {}
    }
    let failing = before.map_or(Failing { failures: 1, since: now }, |before| Failing {
        failures: before.failures.saturating_add(1),
        since: before.since,
    });
    let end = failing.since + PATIENCE;
    if now >= end {
        Next::Stop(Because::Failing)
    } else {
        Next::Again(failing, end.min(now + pause(failing.failures, jitter)))
    }
}

/// How long is waited after that many failures: three times as long as before, 8 hours at most, less up to a fifth.
fn pause(failures: u32, jitter: u64) -> TimeDelta {
    let seconds = 3_i64.checked_pow(failures.saturating_sub(1)).and_then(|factor| FIRST.checked_mul(factor));
    let milliseconds = seconds.unwrap_or(LONGEST).min(LONGEST) * 1000;
    let less = milliseconds / 5 * i64::try_from(jitter % 1000).unwrap_or_default() / 1000;
    TimeDelta::milliseconds(milliseconds - less)
}

/// The type of a ping.
pub const PING: &str = "webhook.ping";

/// What a webhook is sent to see whether it works: `CloudEvents` 1.0 in JSON. It stands in no feed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WebhookPing)]
pub struct Ping {
    /// The version of `CloudEvents`.
    #[schema(examples("1.0"))]
    specversion: &'static str,
    /// The id of the ping, the same each time it is sent.
    id: Uuid,
    /// Which Continuum sends it.
    #[schema(format = "uri", examples("https://continuum.ville.example/"))]
    source: String,
    /// Always `webhook.ping`.
    #[serde(rename = "type")]
    #[schema(rename = "type", examples("webhook.ping"))]
    event_type: &'static str,
    /// The webhook's id.
    #[schema(examples("0197a0c4-0000-7000-8000-000000000001"))]
    subject: String,
    /// When it was sent.
    time: DateTime<Utc>,
}

impl Ping {
    /// A ping of that id, sent by the Continuum at `source`.
    #[must_use]
    pub fn new(id: Uuid, webhook: WebhookId, source: &str, time: DateTime<Utc>) -> Self {
        let (source, subject) = (source.to_owned(), webhook.to_string());
        Self { specversion: "1.0", id, source, event_type: PING, subject, time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> DateTime<Utc> {
        time.parse().unwrap()
    }

    #[test]
    fn only_2xx_is_success_and_410_the_end() {
        let now = at("2026-03-10T09:00:00Z");
        for status in [200, 202, 204] {
            assert_eq!(next(Some(status), None, now, 0), Next::Go);
        }
        assert_eq!(next(Some(410), None, now, 0), Next::Stop(Because::Gone));
        let first = Next::Again(Failing { failures: 1, since: now }, now + TimeDelta::seconds(5));
        for status in [None, Some(301), Some(307), Some(400), Some(404), Some(429), Some(500), Some(503)] {
            assert_eq!(next(status, None, now, 0), first, "{status:?}");
        }
    }

    #[test]
    fn it_is_tried_for_three_days_ever_less_often() {
        let begin = at("2026-03-10T09:00:00Z");
        let (mut now, mut before, mut waits) = (begin, None, Vec::new());
        loop {
            match next(Some(500), before, now, 999) {
                Next::Again(failing, then) => {
                    waits.push((then - now).num_seconds());
                    (before, now) = (Some(failing), then);
                }
                Next::Stop(because) => {
                    assert_eq!(because, Because::Failing);
                    break;
                }
                Next::Go => unreachable!("500 is no success"),
            }
        }
        assert_eq!(now, begin + PATIENCE, "the last attempt is at the end of the three days");
        assert_eq!(&waits[..4], [4, 12, 36, 108]);
        assert!(waits.iter().all(|wait| *wait <= LONGEST) && waits.len() > 12, "{waits:?}");
        assert_eq!(pause(u32::MAX, 0).num_seconds(), LONGEST);
    }
}
