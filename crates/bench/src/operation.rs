//! What is measured: each operation as the requests that ask for it.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;

use crate::people::Who;
use crate::story::ticket_id;

/// How many different requests are sent in turn.
const DIFFERENT: usize = 20_000;
/// How many rows an export has at most.
const EXPORTED: i32 = 100_000;

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    /// The version that it changes: `If-Match`.
    pub(crate) version: Option<i64>,
    pub(crate) body: String,
    /// The number of the ticket that it names.
    pub(crate) ticket: Option<u32>,
    /// The place that it names: latitude, longitude.
    pub(crate) place: Option<(f64, f64)>,
}

/// How its requests may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sending {
    /// Again and again.
    Repeated,
    /// Again and again, but what was asked for before is told from memory: each is another one.
    Different,
    /// Each one once.
    Once,
    /// One at a time: few are answered at once.
    Alone,
}

/// How fast it was to be, asked before the program was written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asked {
    Nothing,
    /// So near to PostgreSQL alone, at least.
    Ratio(f64),
    /// Milliseconds that 99 of 100 answers take at most, of a million tickets; of more, twice as many.
    P99(f64),
}

/// An operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) who: Who,
    pub(crate) sending: Sending,
    /// How often the server may wait for the database at most, asking who it is that asks among it; none when it grows with the
    /// answer.
    pub(crate) round_trips: Option<usize>,
    pub(crate) asked: Asked,
    requests: fn(&City, &mut Xoshiro256PlusPlus) -> Request,
}

/// What requests are made of.
pub(crate) struct City {
    pub(crate) tickets: u32,
    /// The numbers of the tickets that nobody has taken in hand yet.
    pub(crate) submitted: std::ops::RangeInclusive<u32>,
    /// The last position of the feed.
    pub(crate) head: i64,
    pub(crate) now: DateTime<Utc>,
}

fn get(path: String) -> Request {
    Request { method: "GET", path, version: None, body: String::new(), ticket: None, place: None }
}

/// Of one that was taken in hand: by opening others, the dispatcher's own service would receive what is to be acknowledged later.
fn of_some_ticket(city: &City, random: &mut Xoshiro256PlusPlus, what: &str) -> Request {
    let number = random.random_range(1..(*city.submitted.start()).max(2));
    Request { ticket: Some(number), ..get(format!("/v1/tickets/{}{what}", ticket_id(number))) }
}

fn day(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Everything that is measured, what changes the city last.
pub(crate) const ALL: [Operation; 12] = [
    Operation {
        name: "read a ticket",
        who: Who::Dispatcher,
        sending: Sending::Repeated,
        round_trips: Some(1),
        asked: Asked::Nothing,
        requests: |city, random| of_some_ticket(city, random, ""),
    },
    Operation {
        name: "read a ticket's timeline",
        who: Who::Dispatcher,
        sending: Sending::Repeated,
        round_trips: Some(1),
        asked: Asked::Ratio(0.6),
        requests: |city, random| of_some_ticket(city, random, "/timeline"),
    },
    Operation {
        name: "work list, page of 50",
        who: Who::Service,
        sending: Sending::Repeated,
        round_trips: Some(1),
        asked: Asked::Ratio(0.5),
        requests: |_, _| get("/v1/tickets?status=submitted&sort=ack_due_at&limit=50".to_owned()),
    },
    Operation {
        name: "full-text search",
        who: Who::Dispatcher,
        sending: Sending::Repeated,
        // Once more for words that resemble those that no ticket holds; and when none resembles, who asks.
        round_trips: Some(3),
        asked: Asked::P99(50.0),
        requests: |_, random| {
            let asked =
                ["matelas", "lampadaire", "hippocampe", "trottinettes+parc", "fuite+Saint-Leu", "encombrants", "17"];
            get(format!("/v1/tickets?q={}&limit=50", asked[random.random_range(0..asked.len())]))
        },
    },
    Operation {
        name: "events, page of 100",
        who: Who::Program,
        sending: Sending::Repeated,
        round_trips: Some(1),
        asked: Asked::Ratio(0.5),
        requests: |city, random| {
            let after = random.random_range(0..=(city.head - 100).max(0));
            get(format!("/v1/events?limit=100&after={after}"))
        },
    },
    Operation {
        name: "statistics of a year",
        who: Who::Dispatcher,
        sending: Sending::Repeated,
        round_trips: Some(2),
        asked: Asked::P99(50.0),
        requests: |city, _| {
            let (from, before) = (city.now - Duration::days(400), city.now - Duration::days(35));
            let (from, before) = (day(from), day(before));
            get(format!("/v1/stats/tickets?group_by=service&filed_from={from}&filed_before={before}"))
        },
    },
    // The same figures are told again within seconds: no two of these are the same.
    Operation {
        name: "statistics of any year",
        who: Who::Dispatcher,
        sending: Sending::Different,
        round_trips: Some(2),
        asked: Asked::P99(50.0),
        requests: |city, random| {
            let before = city.now - Duration::days(random.random_range(35..2000));
            let minutes = random.random_range(0..1440);
            let (from, before) = (before - Duration::days(365), before - Duration::minutes(minutes));
            let query = format!("group_by=service&filed_from={}&filed_before={}", day(from), day(before));
            get(format!("/v1/stats/tickets?{query}"))
        },
    },
    Operation {
        name: "sheet of a ticket",
        who: Who::Dispatcher,
        sending: Sending::Repeated,
        round_trips: Some(1),
        asked: Asked::Nothing,
        requests: |city, random| of_some_ticket(city, random, "/sheet"),
    },
    Operation {
        name: "Open311, list of requests",
        who: Who::Public,
        sending: Sending::Repeated,
        round_trips: Some(1),
        asked: Asked::Nothing,
        requests: |_, _| get("/open311/v2/requests.json".to_owned()),
    },
    Operation {
        name: "export of 100 000 tickets",
        who: Who::Dispatcher,
        sending: Sending::Alone,
        round_trips: None,
        asked: Asked::Nothing,
        requests: |city, _| {
            let share = i32::try_from(city.tickets).unwrap_or(i32::MAX).max(EXPORTED);
            let from = city.now - Duration::days(3660) * (EXPORTED / 1000) / (share / 1000);
            get(format!("/v1/tickets/export?format=ndjson&filed_from={}", day(from)))
        },
    },
    Operation {
        name: "file a concern",
        who: Who::Agent,
        sending: Sending::Repeated,
        round_trips: Some(3),
        asked: Asked::Ratio(0.8),
        requests: |_, random| {
            // So that none lies on another, a kilometre around.
            let mut degrees = |from: f64| (random.random_range(from..from + 0.02) * 1e6).round() / 1e6;
            let (lat, lon) = (degrees(49.885), degrees(2.285));
            let place = json!({ "lat": lat, "lon": lon, "address": "Rue du Pigeonnier" });
            let description = "Une ornière profonde au milieu de la chaussée, les cyclistes se déportent";
            let body = json!({ "origin": "patrol", "category": "pothole", "description": description, "place": place });
            let place = Some((lat, lon));
            Request { method: "POST", body: body.to_string(), place, ..get("/v1/concerns".to_owned()) }
        },
    },
    Operation {
        name: "acknowledge a ticket",
        who: Who::EveryService,
        sending: Sending::Once,
        round_trips: Some(3),
        asked: Asked::Ratio(0.55),
        requests: |_, _| Request { method: "POST", version: Some(1), body: "{}".to_owned(), ..get(String::new()) },
    },
];

impl Operation {
    /// Requests that ask for it, each another one as far as there are others.
    pub(crate) fn requests(&self, city: &City) -> Vec<Request> {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(u64::from(city.tickets));
        if self.sending != Sending::Once {
            return (0..DIFFERENT).map(|_| (self.requests)(city, &mut random)).collect();
        }
        let named = |number| {
            let path = format!("/v1/tickets/{}/acknowledge", ticket_id(number));
            Request { path, ticket: Some(number), ..(self.requests)(city, &mut random) }
        };
        city.submitted.clone().map(named).collect()
    }
}
