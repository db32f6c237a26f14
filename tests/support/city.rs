//! A city of one test: an instance over a database of its own, with the clock in the test's hand and the outbox drained
//! when the test says so.

use std::path::Path;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Duration, Utc};
use continuum::{Instance, Mail};
use domain::audit::chain::Entry;
use domain::clock::Clock;
use futures_util::future::join;
use mail_parser::{Message, MessageParser};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use store::audit::Filter;
use tempfile::TempDir;

use super::caller::Caller;
use super::database::{self, Database, PASSWORD};

/// When every test begins: a Tuesday, ten o'clock in Amiens.
pub const START: &str = "2026-03-10T09:00:00Z";

/// A clock that is moved by hand.
pub struct HandClock(Mutex<DateTime<Utc>>);

impl HandClock {
    pub fn at(time: &str) -> Self {
        Self(Mutex::new(time.parse().unwrap()))
    }

    pub fn set(&self, time: &str) {
        *self.0.lock().unwrap() = time.parse().unwrap();
    }

    pub fn forward(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for HandClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// A city of one test.
pub struct City {
    pub instance: Instance,
    pub clock: Arc<HandClock>,
    pub database: Database,
    pub mail: TempDir,
}

impl City {
    /// Amiens, with nothing in it yet. Each e-mail becomes a file.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// Amiens, its instance configured otherwise.
    pub async fn with(configure: impl FnOnce(&mut continuum::Config)) -> Self {
        let database = Database::cloned().await;
        let clock = Arc::new(HandClock::at(START));
        let mail = tempfile::tempdir().unwrap();
        let mut config = database::config(&database.name, Mail::Folder(mail.path().to_owned()), &clock);
        configure(&mut config);
        let instance = continuum::build(config).await.unwrap();
        Self { instance, clock, database, mail }
    }

    /// Somebody who has not logged in.
    pub fn stranger(&self) -> Caller {
        Caller::new(&self.instance.base_url, None)
    }

    /// Logs somebody in, by the part of the address before the @.
    pub async fn login(&self, who: &str) -> Caller {
        let reply = self.stranger().post("/v1/sessions", &json!({ "email": email(who), "password": PASSWORD })).await;
        self.with_token(&reply.ok())
    }

    /// Who holds the tokens of a session.
    pub fn with_token(&self, session: &Value) -> Caller {
        Caller::new(&self.instance.base_url, Some(session["access_token"].as_str().unwrap()))
    }

    /// The account of somebody, as the administrator reads it.
    pub async fn account(&self, who: &str) -> Value {
        let page = self.admin().await.get("/v1/users?limit=200").await.ok();
        let items = page["items"].as_array().unwrap();
        items.iter().find(|user| user["email"] == email(who).as_str()).unwrap().clone()
    }

    /// The acts of the audit log, the first one first.
    pub async fn audited(&self) -> Vec<Value> {
        let page = self.instance.context.store.audit_page(&Filter::default(), None, 1000).await.unwrap();
        let act = |entry: &Entry| serde_json::to_value(entry.record().unwrap().act).unwrap();
        page.items.iter().rev().map(act).collect()
    }

    /// A second instance on the same database.
    pub async fn second(&self) -> Instance {
        self.second_with(|_| {}).await
    }

    /// A second instance on the same database, configured otherwise.
    pub async fn second_with(&self, configure: impl FnOnce(&mut continuum::Config)) -> Instance {
        let mail = Mail::Folder(self.mail.path().to_owned());
        let mut config = database::config(&self.database.name, mail, &self.clock);
        configure(&mut config);
        continuum::build(config).await.unwrap()
    }

    /// What comes of a request that waits for an account which somebody else has locked, and has done that with.
    pub async fn meanwhile<T>(&self, done: &str, request: impl Future<Output = T>) -> T {
        let mut other = self.database.connection().await;
        let statements = format!("begin; select from user_account for update; {done}");
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut other).await.unwrap();
        let commit = async {
            self.database.until_somebody_waits().await;
            sqlx::raw_sql("commit").execute(&mut other).await.unwrap();
        };
        join(request, commit).await.0
    }

    /// A police agent.
    pub async fn agent(&self) -> Caller {
        self.login("claire.delattre").await
    }

    /// Another police agent.
    pub async fn other_agent(&self) -> Caller {
        self.login("karim.haddad").await
    }

    /// A member of propreté.
    pub async fn proprete(&self) -> Caller {
        self.login("amelie.petit").await
    }

    /// A member of voirie.
    pub async fn voirie(&self) -> Caller {
        self.login("sophie.morel").await
    }

    /// The dispatcher.
    pub async fn dispatcher(&self) -> Caller {
        self.login("nadia.fournier").await
    }

    /// The auditor.
    pub async fn auditor(&self) -> Caller {
        self.login("yasmine.colin").await
    }

    /// The manager of propreté and déchets.
    pub async fn manager(&self) -> Caller {
        self.login("denis.marchand").await
    }

    /// The administrator.
    pub async fn admin(&self) -> Caller {
        self.login("paul.carpentier").await
    }

    /// Files a concern about dumped rubbish, which goes to propreté. Returns its ticket.
    pub async fn dumping(&self) -> Value {
        let filed = self.agent().await.post("/v1/concerns", &dumping()).await.created();
        filed["tickets"][0].clone()
    }

    /// Drains the outbox until nothing is due. Returns how many messages were sent.
    pub async fn drain(&self) -> usize {
        let mut sent = 0;
        loop {
            let drained = self.instance.worker.drain().await.unwrap();
            sent += drained.sent;
            if drained == notify::Drained::default() {
                return sent;
            }
        }
    }

    /// From now on, e-mails come back to addresses of their own.
    pub async fn take_mail_back(&self) {
        let statement = "update city set revision = revision + 1, settings = jsonb_set(settings, '{sender,returns_to}', '\"retours@ville-amiens.example\"')";
        sqlx::query(statement).execute(&mut self.database.connection().await).await.unwrap();
        usecases::city::reload(&self.instance.context).await.unwrap();
    }

    /// The e-mails that were written as files, in the order of their names.
    pub fn letters(&self) -> Vec<Message<'static>> {
        letters_in(self.mail.path())
    }

    /// The e-mails to an address.
    pub fn letters_to(&self, address: &str) -> Vec<Message<'static>> {
        let to = |letter: &Message<'_>| letter.to().and_then(|to| to.first()?.address().map(ToOwned::to_owned));
        self.letters().into_iter().filter(|letter| to(letter).as_deref() == Some(address)).collect()
    }

    /// Stops the instance.
    pub async fn stop(self) {
        self.instance.stop().await;
    }
}

/// The address of somebody, of whom the part before the @ is given.
pub fn email(who: &str) -> String {
    let domain = if ["olivier.duval", "camille.tellier"].contains(&who) { "amiens-metropole" } else { "ville-amiens" };
    format!("{who}@{domain}.example")
}

/// The path of the link in a letter, from `begin` on.
#[track_caller]
pub fn link(letter: &Message<'_>, begin: &str) -> String {
    let text = letter.body_text(0).unwrap();
    let at = text.find(begin).unwrap_or_else(|| panic!("no link {begin} in {text}"));
    text[at..].split_whitespace().next().unwrap().trim_end_matches(['.', '>', ')']).to_owned()
}

/// The e-mails that were written as files, in the order of their names.
pub fn letters_in(folder: &Path) -> Vec<Message<'static>> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "eml"));
    files.sort();
    let letter = |file| MessageParser::new().parse(&std::fs::read(file).unwrap()).unwrap().into_owned();
    files.into_iter().map(letter).collect()
}

/// A concern about dumped rubbish, heard on patrol in the north, from a resident who left an address.
pub fn dumping() -> Value {
    json!({
        "origin": "patrol",
        "category": "illegal_dumping",
        "description": "Un matelas et des sacs au pied du mur",
        "place": { "lat": 49.9121, "lon": 2.2972, "address": "Rue du Pigeonnier" },
        "resident": { "email": "habitante@mail.example" }
    })
}
