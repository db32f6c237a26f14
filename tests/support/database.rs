//! One PostgreSQL server for the run, durability off; a template with the migrations, the city of Amiens and its
//! people; and for each test a database cloned from it, dropped at the end.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use actix_web::rt::System;
use auth::SealKeys;
use auth::password::{Cost, Passwords};
use auth::token::TokenKey;
use chrono::DateTime;
use continuum::{Keys, Mail};
use domain::clock::Clock as _;
use domain::id::UserId;
use domain::language::Language;
use domain::rights::Person;
use local_postgres::Server;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use store::user::User;
use store::{Connect, SealingKey, SealingKeys};

use super::city::{HandClock, START};
use crate::integrate::until;

/// The password of everybody.
pub const PASSWORD: &str = "mot de passe des essais";

/// The schema that holds the city.
pub const SCHEMA: &str = "continuum";

/// Hashes cost nothing here.
pub const COST: Cost = Cost { memory: 64, passes: 1 };

static SERVER: Mutex<Option<Server>> = Mutex::new(None);
static URL: OnceLock<String> = OnceLock::new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Starts the server and prepares the template. With `DATABASE_URL` set, uses that server instead.
pub fn start() {
    let url = std::env::var("DATABASE_URL").unwrap_or_else(|_| {
        let server = Server::start_throwaway().unwrap_or_else(|error| panic!("no PostgreSQL to test against: {error}"));
        let url = server.url("postgres");
        *SERVER.lock().unwrap() = Some(server);
        url
    });
    URL.set(url).unwrap();
    System::new().block_on(async {
        if SERVER.lock().unwrap().is_some() {
            // Each line of the log says of which database it is: tests that read it run beside others.
            admin("alter system set log_line_prefix = '%m [%p] %d '").await;
            admin("select pg_reload_conf()").await;
        }
        admin(&format!("drop database if exists {} with (force)", template())).await;
        admin(&format!("create database {}", template())).await;
        admin(&format!("create role {} login password '{PASSWORD}'", serving_role())).await;
        prepare().await;
    });
}

/// Stops the server.
pub fn stop() {
    if files_folder().exists() {
        std::fs::remove_dir_all(files_folder()).unwrap();
    }
    if let Some(server) = SERVER.lock().unwrap().take() {
        server.stop().unwrap();
    } else if URL.get().is_some() {
        System::new().block_on(async {
            admin(&format!("drop database if exists {} with (force)", template())).await;
            admin(&format!("drop role if exists {}", serving_role())).await;
        });
    }
}

/// The role that serves in tests: it owns nothing.
pub fn serving_role() -> String {
    format!("continuum_serving_{}", std::process::id())
}

/// The URL of a database on the server, for who serves.
pub fn serving_url(database: &str) -> String {
    let mut url = url::Url::parse(&url(database)).unwrap();
    url.set_username(&serving_role()).unwrap();
    url.set_password(Some(PASSWORD)).unwrap();
    url.into()
}

fn template() -> String {
    format!("continuum_template_{}", std::process::id())
}

/// The URL of a database on the server.
pub fn url(database: &str) -> String {
    let mut url = url::Url::parse(URL.get().unwrap()).unwrap();
    url.set_path(database);
    url.into()
}

async fn admin(statement: &str) {
    let mut connection = PgConnection::connect(URL.get().unwrap()).await.unwrap();
    connection.execute(AssertSqlSafe(statement.to_owned())).await.unwrap();
    connection.close().await.unwrap();
}

/// The keys that every test uses: always the same.
pub fn keys() -> Keys {
    let token = TokenKey { signs_from: DateTime::UNIX_EPOCH, pem: token_pem().into() };
    Keys { folder: None, token: vec![token], sealing: sealing_keys(), seal: SealKeys::new(&seal_pem()).unwrap() }
}

/// The keys that seal what is kept.
pub fn sealing_keys() -> SealingKeys {
    SealingKeys { residents: SealingKey::new([7; 32]), accounts: SealingKey::new([8; 32]) }
}

/// The key that signs access tokens: always the same.
pub fn token_pem() -> String {
    static PEM: OnceLock<String> = OnceLock::new();
    PEM.get_or_init(|| auth::Tokens::generate_key().unwrap()).clone()
}

/// The key that seals the audit log: always the same.
pub fn seal_pem() -> String {
    static PEM: OnceLock<String> = OnceLock::new();
    PEM.get_or_init(|| SealKeys::generate_key().unwrap()).clone()
}

/// A configuration for a database.
pub fn config(database: &str, mail: Mail, clock: &Arc<HandClock>) -> continuum::Config {
    continuum::Config {
        database: Connect {
            url: serving_url(database).into(),
            replica: None,
            schema: SCHEMA.to_owned(),
            connections: 8,
        },
        listen: "127.0.0.1:0".to_owned(),
        metrics_listen: None,
        public_url: Some("https://continuum.ville-amiens.example".parse().unwrap()),
        keys: keys(),
        files: continuum::FileSettings::in_folder(&files_folder()),
        mail,
        private_targets: Vec::new(),
        geocoder: None,
        password_cost: COST,
        proxies: Vec::new(),
        origins: Vec::new(),
        return_urls: Vec::new(),
        dkim: None,
        oidc: None,
        rate_limits: None,
        threads: Some(1),
        patience: continuum::PATIENCE,
        worker: false,
        clock: clock.clone(),
        ids: Arc::new(continuum::TimeOrderedIds),
    }
}

/// The folder for the files of tests that do not look into it: they have no names in common.
fn files_folder() -> PathBuf {
    std::env::temp_dir().join(format!("continuum_tests_{}", std::process::id()))
}

async fn prepare() {
    let clock = Arc::new(HandClock::at(START));
    let mut config = config(&template(), Mail::Folder(PathBuf::new()), &clock);
    config.database.url = url(&template()).into();
    let public_url = config.public_url.clone().unwrap();
    let cx = continuum::context(&config, &public_url).await.unwrap();
    assert!(cx.store.grant_serving(SCHEMA, &serving_role()).await.unwrap());
    let amiens = root().join("cities/amiens");
    let city = continuum::city::read(&amiens).unwrap();
    let hash = Passwords::new(COST).unwrap().hash(PASSWORD).unwrap();
    let tx = cx.store.begin().await.unwrap();
    // Not by the use case: each test's audit log is its own.
    tx.put_city(&city, None, clock.now()).await.unwrap();
    for person in continuum::city::read_demo(&amiens).unwrap() {
        let user = User {
            person: Person {
                user: UserId(cx.ids.next()),
                roles: person.roles.into_iter().collect(),
                services: person.services.into_iter().collect(),
            },
            email: person.email,
            name: person.name,
            language: Language::Fr,
            active: true,
            password_hash: Some(hash.clone()),
            linked: false,
            second_factor: false,
            version: 1,
            created_at: clock.now(),
        };
        tx.add_user(&user).await.unwrap();
    }
    tx.commit().await.unwrap();
    cx.store.close().await;
}

/// A database of one test; dropped with it.
pub struct Database {
    pub name: String,
}

impl Database {
    /// A clone of the template.
    pub async fn cloned() -> Self {
        // Two clones at once would each keep the template busy for the other.
        static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        let database = Self::unmade();
        let _turn = TURN.lock().await;
        admin(&format!("create database {} template {}", database.name, template())).await;
        database
    }

    /// An empty one.
    pub async fn empty() -> Self {
        let database = Self::unmade();
        admin(&format!("create database {}", database.name)).await;
        database
    }

    fn unmade() -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self { name: format!("continuum_test_{}_{number}", std::process::id()) }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        url(&self.name)
    }

    /// A connection that sees the city's schema, for what no use case tells.
    pub async fn connection(&self) -> PgConnection {
        let mut connection = PgConnection::connect(&self.url()).await.unwrap();
        connection.execute("set search_path to continuum").await.unwrap();
        connection
    }

    /// A number that a statement counts.
    pub async fn count(&self, statement: &str) -> i64 {
        let mut connection = self.connection().await;
        let count = sqlx::query_scalar(AssertSqlSafe(statement.to_owned())).fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        count
    }

    /// Until a statement waits for a row that somebody else holds.
    pub async fn until_somebody_waits(&self) {
        self.until_wait(1).await;
    }

    /// Until so many statements wait for what somebody else holds.
    pub async fn until_wait(&self, statements: i64) {
        let waits =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        until("a statement that waits", async || (self.count(waits).await >= statements).then_some(())).await;
    }
}

impl Database {
    /// Adds copies to a table: `from` is where its rows come from, as `t`, and what is new in each copy, as `copy`;
    /// `new` are the columns of the latter.
    pub async fn copy(&self, table: &str, new: &[&str], from: &str) {
        let mut connection = self.connection().await;
        let columns: Vec<String> = sqlx::query_scalar(
            "select column_name::text from information_schema.columns
             where table_schema = 'continuum' and table_name = $1 and is_generated = 'NEVER' and is_identity = 'NO'",
        )
        .bind(table)
        .fetch_all(&mut connection)
        .await
        .unwrap();
        let of = |column: &String| format!("{}.{column}", if new.contains(&column.as_str()) { "copy" } else { "t" });
        let values = columns.iter().map(of).collect::<Vec<_>>().join(", ");
        let statement = format!("insert into {table} ({}) select {values} from {from}", columns.join(", "));
        connection.execute(AssertSqlSafe(statement)).await.unwrap();
        connection.execute(AssertSqlSafe(format!("analyze {table}"))).await.unwrap();
    }
}

/// What sessions of one database have run, as the server's log tells.
pub struct Statements {
    log: PathBuf,
    /// How much of the log was read.
    read: u64,
    /// Stands in each of their lines: ` continuum_test_1_2 LOG:`.
    of: String,
}

/// An entry of the server's log.
#[derive(Debug)]
pub struct Logged(String);

impl Statements {
    /// Sessions that begin from now on write each statement and its plan into the log. None when the server is not one
    /// of ours (`DATABASE_URL`): its log is not at hand.
    pub async fn logged(database: &Database) -> Option<Self> {
        let log = SERVER.lock().unwrap().as_ref().map(|server| server.log_file().to_owned());
        let Some(log) = log else {
            eprintln!("statements are not counted: the log of that server is not at hand");
            return None;
        };
        for setting in
            ["log_statement = 'all'", "session_preload_libraries = 'auto_explain'", "auto_explain.log_min_duration = 0"]
        {
            admin(&format!("alter database {} set {setting}", database.name)).await;
        }
        let read = std::fs::metadata(&log).unwrap().len();
        Some(Self { log, read, of: format!(" {} LOG:", database.name) })
    }

    /// The entries about statements since this was last asked.
    pub fn news(&mut self) -> Vec<Logged> {
        let mut log = File::open(&self.log).unwrap();
        log.seek(SeekFrom::Start(self.read)).unwrap();
        let mut text = String::new();
        self.read += log.read_to_string(&mut text).unwrap() as u64;
        let mut entries: Vec<Logged> = Vec::new();
        for line in text.lines() {
            match (line.strip_prefix('\t'), entries.last_mut()) {
                (Some(more), Some(Logged(entry))) => *entry = format!("{entry}\n{more}"),
                (Some(_), None) => {}
                (None, _) => entries.push(Logged(line.to_owned())),
            }
        }
        entries.retain(|entry| entry.0.contains(&self.of) && (entry.is_run() || entry.plan().is_some()));
        entries
    }
}

impl Logged {
    /// Whether it says that a statement of a request was run: not what connections begin with, nor what is announced to
    /// other processes or asked from time to time.
    pub fn is_run(&self) -> bool {
        let aside = ["SET search_path", "LISTEN ", "pg_notify", "select revision from city"];
        let run = self.0.contains("LOG:  execute ") || self.0.contains("LOG:  statement: ");
        run && !aside.iter().any(|text| self.0.contains(text))
    }

    /// All that it says.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The plan of a statement that was run.
    pub fn plan(&self) -> Option<&str> {
        self.0.split_once("plan:").map(|(_, plan)| plan)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let statement = format!("drop database if exists {} with (force)", self.name);
        // Also while a test panics: a runtime of its own, on a thread of its own.
        let dropped = std::thread::spawn(move || System::new().block_on(admin(&statement))).join();
        assert!(dropped.is_ok() || std::thread::panicking(), "a test's database could not be dropped");
    }
}
