//! `docs/operations.md`: its scripts back a city up and bring it back, as they stand there.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use image::ImageFormat;
use local_postgres::Server;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use super::{Town, page};
use crate::integrate::until;
use crate::support::caller::Caller;
use crate::support::city::{dumping, email, letters_in, link};
use crate::support::database::{Database, PASSWORD, root};
use crate::support::files::{attachments, photograph, upload};
use crate::support::program::{Program, run, said};
use crate::webhook::receiver::Receiver;

crate::tests![
    a_city_is_backed_up_and_brought_back_in_an_empty_cluster,
    folders_that_come_and_go_meanwhile_spoil_no_backup,
];

/// The scripts of the page, by the name in their first line.
fn scripts() -> BTreeMap<String, String> {
    let page = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let blocks = page.split("\n```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("sh\n"));
    let named = |block: &str| (block.lines().next().unwrap().strip_prefix("# ").unwrap().to_owned(), block.to_owned());
    blocks.map(named).collect()
}

/// Who runs the page's scripts: a folder with them, and with the program.
struct Operator {
    folder: tempfile::TempDir,
}

impl Operator {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, script) in scripts() {
            fs::write(folder.path().join(name), script).unwrap();
        }
        let program = format!("#!/bin/sh\nexec '{}' continuum \"$@\"\n", std::env::current_exe().unwrap().display());
        fs::write(folder.path().join("continuum"), program).unwrap();
        fs::set_permissions(folder.path().join("continuum"), fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a script of the page.
    fn output(&self, script: &str, environment: &[(&str, &str)]) -> Output {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(self.folder.path().to_owned()).chain(std::env::split_paths(&path));
        let mut command = Command::new("sh");
        command.arg(self.path(script)).env("PATH", std::env::join_paths(path).unwrap());
        command.envs(environment.iter().copied()).current_dir(self.folder.path()).output().unwrap()
    }

    /// Runs a script of the page to its good end. Returns what it said.
    #[track_caller]
    fn run(&self, script: &str, environment: &[(&str, &str)]) -> String {
        let output = self.output(script, environment);
        assert!(output.status.success(), "{script}: {}", said(&output));
        said(&output)
    }

    /// Backs a city up while its worker has nothing to do. Returns where, and what [`rows`] its tables hold there.
    async fn back_up(&self, environment: &[(&str, &str)], database: &str, but: &[&str]) -> (String, Rows) {
        until("a backup while nothing is written", async || {
            let before = rows(database, but).await;
            let backup = self.run("backup.sh", environment).lines().next().unwrap().to_owned();
            let nothing = rows(database, but).await == before;
            // Backups are named after the second that they begin in.
            tokio::time::sleep(Duration::from_secs(1)).await;
            nothing.then_some((backup, before))
        })
        .await
    }
}

/// How many rows each table holds, and a digest of them.
type Rows = BTreeMap<String, (i64, Option<String>)>;

/// A concern of that category whose resident is that one.
fn raised(category: &str, resident: &str) -> Value {
    let mut concern = dumping();
    concern["category"] = json!(category);
    concern["resident"] = json!({ "email": resident });
    concern
}

/// When a café may be.
#[expect(clippy::disallowed_methods, reason = "the program runs on the system's clock")]
fn in_two_days() -> Value {
    let begins = chrono::Utc::now() + chrono::Duration::days(2);
    json!({ "starts_at": begins, "ends_at": begins + chrono::Duration::hours(2) })
}

/// Has erased what the resident of a ticket left, and waits until a worker has noted it beside the files.
async fn forget(town: &Town, ticket: &Value, files: &Path) {
    let concern = ticket["concern_id"].as_str().unwrap();
    let dispatcher = town.login("nadia.fournier").await;
    dispatcher.post(&format!("/v1/residents/{concern}/erase"), &json!({})).await.ok();
    let mut worker = town.worker("127.0.0.1:0");
    until("the note", async || files.join("erased").join(concern).exists().then_some(())).await;
    worker.kill().unwrap();
    worker.wait().unwrap();
}

/// Of how many concerns a resident's contact is kept.
async fn contacts(database: &str) -> i64 {
    let mut connection = PgConnection::connect(database).await.unwrap();
    sqlx::query_scalar("select count(*) from continuum.resident_contact").fetch_one(&mut connection).await.unwrap()
}

/// The rows of all tables, but for those that name one of these concerns; and the number that the last ticket was given.
async fn rows(database: &str, but: &[&str]) -> Rows {
    let mut connection = PgConnection::connect(database).await.unwrap();
    let tables = "select tablename::text from pg_tables where schemaname = 'continuum'";
    let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
    let mut all = BTreeMap::new();
    for table in tables {
        let digest = format!(
            "select count(*), md5(string_agg(md5(t::text), '' order by md5(t::text))) from continuum.{table} t
             where not exists (select from unnest($1::text[]) named where strpos(t::text, named) > 0)"
        );
        let row = sqlx::query_as(AssertSqlSafe(digest)).bind(but).fetch_one(&mut connection).await.unwrap();
        all.insert(table, row);
    }
    let number = "select last_value, null::text from continuum.ticket_number";
    all.insert("ticket_number".to_owned(), sqlx::query_as(number).fetch_one(&mut connection).await.unwrap());
    all
}

/// What a city's people read of it: tickets with all that happened, the concern, the photograph, the cafés.
async fn read(url: &str, token: &Value, ticket: &Value) -> BTreeMap<String, Value> {
    let dispatcher = Caller::new(url, token.as_str());
    let mut all = BTreeMap::new();
    let of = format!("/v1/tickets/{}", ticket["id"].as_str().unwrap());
    let concern = format!("/v1/concerns/{}", ticket["concern_id"].as_str().unwrap());
    let paths = [
        "/v1/tickets?limit=200".to_owned(),
        of.clone(),
        format!("{of}/timeline?limit=200"),
        attachments(ticket),
        concern,
        "/v1/cafes".to_owned(),
    ];
    for path in paths {
        let value = dispatcher.get(&path).await.ok();
        all.insert(path, value);
    }
    let photograph = &all[&attachments(ticket)]["items"][0]["id"];
    let content = dispatcher.get(&format!("{}/{}/content", attachments(ticket), photograph.as_str().unwrap())).await;
    all.insert("photograph".to_owned(), json!(content.is(200).bytes));
    all
}

/// The e-mail to a resident that says so, once it was written.
async fn letter(mail: &Path, words: &str) -> mail_parser::Message<'static> {
    until(words, async || {
        let letters = if mail.exists() { letters_in(mail) } else { Vec::new() };
        let to =
            |letter: &mail_parser::Message<'_>| letter.to().and_then(|to| to.first()?.address().map(ToOwned::to_owned));
        let found = |letter: &mail_parser::Message<'_>| {
            to(letter).as_deref() == Some("habitante@mail.example") && letter.body_text(0).unwrap().contains(words)
        };
        letters.into_iter().find(found)
    })
    .await
}

/// A program that is sent all that happens.
async fn followed(town: &Town) -> Receiver {
    let receiver = Receiver::start("127.0.0.1");
    let follower = town.follower(&town.login("paul.carpentier").await).await;
    follower.post("/v1/webhooks", &json!({ "url": receiver.url() })).await.created();
    receiver
}

/// Who may do what with a file or a folder.
fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// What is said of the audit log that is whole.
fn whole(output: &str) -> &str {
    let line = output.lines().find(|line| line.starts_with("The audit log is whole: "));
    line.unwrap_or_else(|| panic!("{output}"))
}

/// There is something to tell a program, a worker has looked for such twice since then, and nothing is sent.
async fn nobody_outside_hears(program: &Program, database: &str, receiver: &Receiver) {
    let sent = receiver.sent().len();
    let mut connection = PgConnection::connect(database).await.unwrap();
    let behind = "select count(*) from continuum.webhook w join continuum.feed_head h on w.position < h.position";
    until("something to tell", async || {
        let count: i64 = sqlx::query_scalar(behind).fetch_one(&mut connection).await.unwrap();
        (count == 1).then_some(())
    })
    .await;
    let url = program.ready["metrics_url"].as_str().unwrap();
    let looked = async || page(url).await.value("continuum_worker_success_timestamp_seconds{task=\"webhooks\"}");
    let before = looked().await;
    until("a look at webhooks", async || (looked().await >= before + 2.0).then_some(())).await;
    assert_eq!(receiver.sent().len(), sent);
}

/// The resident's link leads there, and what the resident left is opened: the outcome reaches them.
async fn the_resident_hears(program: &Program, path: &str, ticket: &Value, mail: &Path) {
    let resident = Caller::new(program.base_url(), None);
    let shown = resident.get(path.split('#').next().unwrap()).await.is(200).text.clone();
    assert!(shown.contains(ticket["reference"].as_str().unwrap()), "{shown}");
    let proprete = Caller::new(program.base_url(), login(program.base_url(), "amelie.petit").await.as_str());
    let now = proprete.get(&format!("/v1/tickets/{}", ticket["id"].as_str().unwrap())).await.ok();
    proprete.resolve(&now).await.ok();
    let outcome = letter(mail, "La suite donnée à votre demande").await;
    assert!(outcome.body_text(0).unwrap().contains(now["reference"].as_str().unwrap()));
}

/// Makes a role that may not create databases. Returns the URL of the database that it will own.
async fn owned(server: &Server) -> String {
    let mut admin = PgConnection::connect(&server.url("postgres")).await.unwrap();
    admin.execute("create role amiens_owner login").await.unwrap();
    let mut url: url::Url = server.url("continuum").parse().unwrap();
    url.set_username("amiens_owner").unwrap();
    url.into()
}

async fn login(url: &str, who: &str) -> Value {
    let body = json!({ "email": email(who), "password": PASSWORD });
    Caller::new(url, None).post("/v1/sessions", &body).await.created()["access_token"].clone()
}

async fn a_city_is_backed_up_and_brought_back_in_an_empty_cluster() {
    let operator = Operator::new();
    let town = Town::start(&[]).await;
    // The people of the template came without an entry in the log.
    town.database.connection().await.execute("update user_account set created_at = '2100-01-01'").await.unwrap();
    let [keys, data] = town.folders.each_ref().map(|folder| folder.path().to_owned());
    let receiver = followed(&town).await;
    let (agent, proprete) = (town.login("claire.delattre").await, town.login("amelie.petit").await);
    for _ in 0..3 {
        agent.post("/v1/concerns", &dumping()).await.created();
    }
    let ticket = agent.post("/v1/concerns", &dumping()).await.created()["tickets"][0].clone();
    upload(&proprete, &ticket, "mur.jpg", &photograph(60, 40, ImageFormat::Jpeg)).await.created();
    let seen = proprete.get(&format!("/v1/tickets/{}", ticket["id"].as_str().unwrap())).await.ok();
    proprete.acknowledge(&seen).await.ok();
    crate::cafe::plan(&agent, in_two_days()).await;
    // A restricted one, whose reading is audited.
    agent.post("/v1/concerns", &raised("neighbour_noise", "habitante@mail.example")).await.created();
    let mut leaving = Vec::new();
    for resident in ["partante@mail.example", "partie@mail.example"] {
        leaving.push(agent.post("/v1/concerns", &raised("pothole", resident)).await.created()["tickets"][0].clone());
    }
    let receipt = letter(&data.join("mail"), ticket["reference"].as_str().unwrap()).await;
    let path = link(&receipt, "/v1/tracking/");
    let token = login(town.url(), "nadia.fournier").await;
    let before = read(town.url(), &token, &ticket).await;
    // A minute later, where starting took all connections.
    until("a seal", async || town.program.log().contains("the audit log is sealed").then_some(())).await;
    until("figures", async || (town.database.count("select count(*) from feed_due").await == 0).then_some(())).await;
    until("what the program is sent", async || (!receiver.sent().is_empty()).then_some(())).await;

    // Backed up while it runs.
    let (backups, keys_backups) = (operator.path("backups"), operator.path("elsewhere"));
    let (database, files) = (town.database.url(), data.join("files"));
    let here = [
        ("BACKUPS", backups.to_str().unwrap()),
        ("KEYS_BACKUPS", keys_backups.to_str().unwrap()),
        ("DATABASE_URL", &database),
        ("CONTINUUM_FILES", files.to_str().unwrap()),
        ("CONTINUUM_KEYS_DIR", keys.to_str().unwrap()),
    ];
    // Made by the program, before there is anything to note.
    assert_eq!(mode(&files.join("erased")), 0o700);
    let erased = [0, 1].map(|which: usize| leaving[which]["concern_id"].as_str().unwrap());
    let (backup, kept) = operator.back_up(&here, &database, &erased).await;
    operator.run("backup-keys.sh", &here);
    assert_eq!(town.program.log().matches("the audit log is sealed").count(), 1);
    let verified = run(&["audit", "verify"], &here);
    assert!(verified.status.success(), "{}", said(&verified));
    let entries = whole(&said(&verified)).to_owned();
    // Two residents have erased what they left: one before a later backup, one after.
    let left = contacts(&database).await;
    forget(&town, &leaving[0], &files).await;
    operator.run("backup.sh", &here);
    forget(&town, &leaving[1], &files).await;
    assert_eq!(contacts(&database).await, left - 2);
    let Town { program, folders: _folders, .. } = town;
    assert!(program.end("-TERM").success());
    let sent = receiver.sent().len();

    // Brought back on a server that has nothing.
    let server = Server::start_throwaway().unwrap();
    let (admin, database) = (server.url("postgres"), owned(&server).await);
    let in_use = files;
    let (files, keys, data) = (operator.path("files"), operator.path("keys"), operator.path("data"));
    let keys_backup = fs::read_dir(&keys_backups).unwrap().next().unwrap().unwrap().path();
    let there = [
        ("BACKUP", backup.as_str()),
        ("BACKUPS", backups.to_str().unwrap()),
        ("FILES_IN_USE", in_use.to_str().unwrap()),
        ("KEYS_BACKUP", keys_backup.to_str().unwrap()),
        ("ADMIN_URL", &admin),
        ("DATABASE", "continuum"),
        ("OWNER", "amiens_owner"),
        ("DATABASE_URL", &database),
        ("CONTINUUM_FILES", files.to_str().unwrap()),
        ("CONTINUUM_KEYS_DIR", keys.to_str().unwrap()),
        ("CONTINUUM_DATA_DIR", data.to_str().unwrap()),
        ("CONTINUUM_PUBLIC_URL", "https://continuum.ville-amiens.example"),
        ("CONTINUUM_WEBHOOK_PRIVATE_TARGETS", "127.0.0.1/32"),
    ];
    let restored = operator.run("restore.sh", &there);
    assert_eq!(whole(&restored), entries, "the same entries, and whole");
    assert!(restored.trim_end().ends_with("Erased again: what was left with 2 concerns."), "{restored}");
    assert_eq!(mode(&keys), 0o700, "nobody else reads the keys");
    assert_eq!(contacts(&database).await, left - 2, "before anything is started");
    // Nothing else differs, in any table: what was erased again names its concern, as does the log that tells of it.
    assert_eq!(rows(&database, &erased).await, kept);
    operator.run("exercise.sh", &there);
    let program = Program::start(&["serve", "--metrics-listen", "127.0.0.1:0"], &there);
    let token = login(program.base_url(), "nadia.fournier").await;
    assert_eq!(read(program.base_url(), &token, &ticket).await, before);
    the_resident_hears(&program, &path, &ticket, &data.join("mail")).await;
    nobody_outside_hears(&program, &database, &receiver).await;
    assert_eq!(receiver.sent().len(), sent, "since the other city ended");
    assert!(program.end("-TERM").success());
    receiver.stop().await;
    let verified = run(&["audit", "verify"], &there);
    assert!(verified.status.success(), "{}", said(&verified));
    server.stop().unwrap();
}

async fn folders_that_come_and_go_meanwhile_spoil_no_backup() {
    const KEPT: usize = 2000;
    let (operator, database) = (Operator::new(), Database::cloned().await);
    let (files, backups, url) = (operator.path("files"), operator.path("backups"), database.url());
    let place = |folder: &str| {
        fs::create_dir_all(files.join(folder)).unwrap();
        fs::write(files.join(folder).join("content"), folder).unwrap();
    };
    fs::create_dir_all(files.join("erased")).unwrap();
    (0..KEPT).for_each(|kept| place(&format!("kept-{kept}")));
    let environment = [
        ("BACKUPS", backups.to_str().unwrap()),
        ("DATABASE_URL", &url),
        ("CONTINUUM_FILES", files.to_str().unwrap()),
        ("LC_ALL", "C"),
    ];
    let over = AtomicBool::new(false);
    let output = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                place("upload");
                fs::remove_dir_all(files.join("upload")).unwrap();
            }
        });
        let output = operator.output("backup.sh", &environment);
        over.store(true, Ordering::Relaxed);
        output
    });
    let told = said(&output);
    assert!(told.contains("file changed as we read it"), "nothing came and went: {told}");
    assert!(output.status.success(), "{told}");
    let backup = Path::new(told.lines().next().unwrap());
    let sums = Command::new("sha256sum").args(["--check", "--quiet", "SHA256SUMS"]).current_dir(backup).output();
    let sums = sums.unwrap();
    assert!(sums.status.success(), "{}", said(&sums));
    let listed = Command::new("tar").arg("-tf").arg(backup.join("files.tar")).output().unwrap();
    let kept = |name: &&str| name.starts_with("./kept-") && name.ends_with("/content");
    assert_eq!(said(&listed).lines().filter(kept).count(), KEPT);
    // Where something else goes wrong, no backup could be taken for whole, and nothing is made among the files.
    fs::remove_dir(files.join("erased")).unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let broken = operator.output("backup.sh", &environment);
    assert!(!broken.status.success(), "{}", said(&broken));
    let made: Vec<_> = fs::read_dir(&backups).unwrap().map(|backup| backup.unwrap().path()).collect();
    assert_eq!((made.len(), made.iter().filter(|backup| backup.join("SHA256SUMS").exists()).count()), (2, 1));
    assert!(!files.join("erased").exists());
}
