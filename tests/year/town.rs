//! The town: its people logged in, its clock, its worker, its post, and what is known of what was said.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use continuum::Mail;
use domain::clock::Clock as _;
use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use serde_json::{Value, json};

use super::cast::{self, Temper};
use super::post::Post;
use crate::client::{Program, add_secret, register};
use crate::support::caller::Caller;
use crate::support::city::{City, START, email};
use crate::support::database::PASSWORD;
use crate::support::smtp::{Behaviour, SmtpServer};

/// How many things are done at once.
pub const AT_ONCE: usize = 6;

/// How long the gateway uses a secret: it would expire after a year.
const SECRET: Duration = Duration::weeks(40);

/// A concern, as who plays knows it.
#[derive(Debug)]
pub struct Said {
    pub number: usize,
    pub id: String,
    pub category: &'static str,
    /// The place among the officers.
    pub officer: usize,
    /// Who left an address.
    pub resident: Option<usize>,
    pub cafe: Option<String>,
    pub week: i64,
    /// The tickets that it was referred with, as far as the officer may know of them.
    pub tickets: Vec<String>,
    /// The ticket of another concern that it was attached to.
    pub attached: Option<String>,
}

/// A café of the year.
#[derive(Debug)]
pub struct Cafe {
    pub id: String,
    /// The week in which it is held.
    pub week: i64,
    pub cancelled: bool,
    /// How many concerns were heard there.
    pub heard: usize,
}

/// What happened to an e-mail that was handed in, and how often.
pub type HandedIn = BTreeMap<String, usize>;

pub struct Town {
    pub city: City,
    pub server: SmtpServer,
    pub post: Post,
    pub week: i64,
    /// How many concerns there will be.
    pub concerns: usize,
    pub said: Vec<Said>,
    pub by_id: BTreeMap<String, usize>,
    /// The concern of each ticket, by its reference.
    pub by_reference: BTreeMap<String, usize>,
    pub cafes: Vec<Cafe>,
    /// Each partner's newest link to a ticket, by its reference, and the week in which it is followed again.
    pub links: BTreeMap<String, (String, i64)>,
    /// Who was found to see what they were written about: address and reference.
    pub seen: BTreeSet<(String, String)>,
    /// The tracking pages on which residents stopped mails, and when.
    pub silenced: BTreeMap<String, DateTime<Utc>>,
    /// How many letters were looked at for that.
    pub looked_at: usize,
    /// The tickets about which machines wrote.
    pub machines: BTreeSet<String>,
    /// The tickets that residents have had taken up again.
    pub insisted: BTreeSet<String>,
    pub handed_in: HandedIn,
    pub stranger: Caller,
    gateway: Program,
    secret_until: DateTime<Utc>,
    mails: usize,
}

impl Town {
    pub async fn found(concerns: usize) -> Self {
        let server = SmtpServer::start();
        let url = server.url();
        let unknown = (0..concerns).filter(|resident| cast::temper(*resident) == Temper::Unknown).map(|resident| {
            let address = cast::address(resident);
            let words = format!("550 5.1.1 <{address}> no such user");
            (address, words)
        });
        server.behave(&Behaviour { refuse: unknown.collect(), ..Behaviour::default() });
        let city = City::with(|config| {
            config.mail = Mail::Smtp(url.into());
            config.threads = Some(2);
        })
        .await;
        city.take_mail_back().await;
        let gateway = register(&city, &["mail:inbound"], &[]).await;
        let (stranger, secret_until) = (city.stranger(), city.clock.now() + SECRET);
        Self {
            city,
            server,
            post: Post::default(),
            week: 0,
            concerns,
            said: Vec::new(),
            by_id: BTreeMap::new(),
            by_reference: BTreeMap::new(),
            cafes: Vec::new(),
            links: BTreeMap::new(),
            seen: BTreeSet::new(),
            looked_at: 0,
            machines: BTreeSet::new(),
            silenced: BTreeMap::new(),
            insisted: BTreeSet::new(),
            handed_in: BTreeMap::new(),
            stranger,
            gateway,
            secret_until,
            mails: 0,
        }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.city.clock.now()
    }

    /// The day that many days ahead.
    pub fn day(&self, ahead: i64) -> String {
        (self.now() + Duration::days(ahead)).format("%Y-%m-%d").to_string()
    }

    /// Ten o'clock on the Tuesday of a week.
    pub fn tuesday(week: i64) -> DateTime<Utc> {
        START.parse::<DateTime<Utc>>().unwrap() + Duration::weeks(week)
    }

    /// Somebody, logged in.
    pub async fn who(&self, name: &str) -> Caller {
        let reply = self.stranger.post("/v1/sessions", &json!({ "email": email(name), "password": PASSWORD })).await;
        self.stranger.bearing(reply.ok()["access_token"].as_str().unwrap())
    }

    /// What the worker does by itself.
    pub async fn look_after(&self) {
        let cx = &self.city.instance.context;
        while usecases::ticket::run_clocks(cx).await.unwrap() > 0 {}
        while usecases::cafe::remind(cx).await.unwrap() > 0 {}
    }

    /// Lets the post go to and fro until nobody writes any more.
    pub async fn post_goes(&mut self) {
        for _ in 0..80 {
            self.city.clock.forward(Duration::minutes(21));
            let cx = &self.city.instance.context;
            self.city.drain().await;
            while usecases::bounce::settle(cx).await.unwrap() > 0 {}
            self.city.drain().await;
            let first = self.post.collect(&self.server, self.now());
            if first == self.post.letters.len() {
                return;
            }
            self.answer(first).await;
        }
        panic!("they go on writing to one another");
    }

    /// Mails come in, one after the other, by the gateway's program. Gives what became of each.
    pub async fn hand_in(&mut self, mails: Vec<String>) -> Vec<Value> {
        if mails.is_empty() {
            return Vec::new();
        }
        if self.now() > self.secret_until {
            // Programs are given a new secret each year.
            let secret = add_secret(&self.city.admin().await, &self.gateway.id, "secret").await["secret"].clone();
            secret.as_str().unwrap().clone_into(&mut self.gateway.secret);
            self.secret_until = self.now() + SECRET;
        }
        let gateway = self.gateway.caller(&self.city).await;
        let mut outcomes = Vec::new();
        for mail in mails {
            self.mails += 1;
            let mail = format!("Message-ID: <{}@mx.example>\r\n{mail}", self.mails);
            let request = gateway.request(Method::POST, "/v1/inbound/email").header("Content-Type", "message/rfc822");
            let outcome = gateway.send(request.body(mail)).await.ok();
            let why = outcome["why"].as_str().unwrap_or_default();
            let key = format!("{} {why}", outcome["outcome"].as_str().unwrap());
            *self.handed_in.entry(key.trim_end().to_owned()).or_default() += 1;
            outcomes.push(outcome);
        }
        outcomes
    }

    /// The concern that a ticket is of, which everything that is done to it depends on.
    pub fn number(&self, ticket: &Value) -> usize {
        self.by_id[ticket["concern_id"].as_str().unwrap()]
    }

    /// A throw of the dice about a concern in this week.
    pub fn dice(&self, number: usize, about: &str) -> usize {
        cast::dice(number, &format!("{about} {}", self.week))
    }
}

/// Every page of a list.
pub async fn whole(who: &Caller, path: &str) -> Vec<Value> {
    let sign = if path.contains('?') { '&' } else { '?' };
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = who.get(&format!("{path}{sign}limit=200{cursor}")).await.ok();
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next_cursor"].as_str() else { return items };
        cursor = format!("&cursor={next}");
    }
}

/// Does something with each, some at once.
pub async fn each<T>(all: impl IntoIterator<Item = T>, act: impl AsyncFn(T)) {
    stream::iter(all).for_each_concurrent(AT_ONCE, |one| act(one)).await;
}
