//! The commands of an operator.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use mail_parser::Message;
use serde_json::json;

use crate::support::caller::Caller;
use crate::support::city::{letters_in, link};
use crate::support::database::{Database, PASSWORD, root, sealing_keys};
use crate::support::program::{Program, command, keys_folder, postgres_pid, run, runs, said};

crate::tests![
    migrations_are_checked_and_run_by_several_at_once,
    a_database_newer_than_the_program_is_refused,
    a_city_is_loaded_whole_and_only_what_differs_is_changed,
    an_account_is_made_and_logs_in_and_another_key_is_refused,
    serve_alone_brings_its_own_database_and_keeps_it,
    what_could_not_be_sent_is_listed_and_replayed_or_dismissed,
    the_contract_is_compared,
    what_is_said_by_half_is_refused,
];

/// The environment of commands on a database.
pub(super) struct Operator {
    pub(super) database: Database,
    pub(super) keys: tempfile::TempDir,
}

impl Operator {
    pub(super) fn run(&self, arguments: &[&str]) -> std::process::Output {
        run(arguments, &self.environment().each_ref().map(|(name, value)| (*name, value.as_str())))
    }

    /// Starts a command, which goes on by itself.
    pub(super) fn start(&self, arguments: &[&str]) -> std::process::Child {
        self.start_with(arguments, Stdio::null())
    }

    /// Starts a command that reads from there.
    pub(super) fn start_with(&self, arguments: &[&str], stdin: Stdio) -> std::process::Child {
        let environment = self.environment();
        let mut command = command(arguments, &environment.each_ref().map(|(name, value)| (*name, value.as_str())));
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Starts the server, with a worker that writes e-mails as files.
    pub(super) fn serve(&self) -> Program {
        let environment = self.environment();
        let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
        Program::start(&["serve", "--metrics-listen", "127.0.0.1:0"], &environment)
    }

    fn environment(&self) -> [(&'static str, String); 3] {
        let keys = self.keys.path().display().to_string();
        [("DATABASE_URL", self.database.url()), ("CONTINUUM_KEYS_DIR", keys.clone()), ("CONTINUUM_DATA_DIR", keys)]
    }
}

impl Operator {
    /// The first e-mail to an address, once a worker has written it.
    pub(super) async fn letter_to(&self, address: &str) -> Message<'static> {
        self.letters_to(address, 1).await.swap_remove(0)
    }

    /// The e-mails to an address, once a worker has written so many.
    pub(super) async fn letters_to(&self, address: &str, count: usize) -> Vec<Message<'static>> {
        let folder = self.keys.path().join("mail");
        let began = Instant::now();
        loop {
            let letters = if folder.exists() { letters_in(&folder) } else { Vec::new() };
            let to = |letter: &Message<'_>| letter.to().and_then(|to| to.first()?.address()) == Some(address);
            let letters: Vec<_> = letters.into_iter().filter(to).collect();
            if letters.len() >= count {
                return letters;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "{} e-mail(s) to {address}", letters.len());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

pub(super) async fn empty() -> Operator {
    Operator { database: Database::empty().await, keys: keys_folder() }
}

pub(super) async fn amiens() -> Operator {
    Operator { database: Database::cloned().await, keys: keys_folder() }
}

async fn migrations_are_checked_and_run_by_several_at_once() {
    let operator = empty().await;
    let pending = operator.run(&["migrate", "--check"]);
    assert_eq!(pending.status.code(), Some(1), "{}", said(&pending));
    assert!(said(&pending).contains("0001 city") && said(&pending).contains("0004 delivery"), "{}", said(&pending));
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| operator.run(&["migrate"]))).collect();
        for run in runs {
            let output = run.join().unwrap();
            assert!(output.status.success(), "{}", said(&output));
        }
    });
    let pending = operator.run(&["migrate", "--check"]);
    assert!(pending.status.success() && said(&pending).contains("Nothing is pending"), "{}", said(&pending));
}

async fn a_database_newer_than_the_program_is_refused() {
    let operator = amiens().await;
    let mut connection = operator.database.connection().await;
    sqlx::query("insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (9999, 'later', true, '', 0)")
        .execute(&mut connection)
        .await
        .unwrap();
    for arguments in [&["migrate"][..], &["migrate", "--check"], &["city", "load", "cities/amiens"]] {
        let output = operator.run(arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            said(&output).contains("the database is newer than this program: it has migration 9999"),
            "{}",
            said(&output)
        );
    }
}

async fn a_city_is_loaded_whole_and_only_what_differs_is_changed() {
    let operator = empty().await;
    let check = operator.run(&["city", "check", "cities/amiens"]);
    assert!(check.status.success(), "{}", said(&check));
    let first = operator.run(&["city", "load", "cities/amiens"]);
    assert!(said(&first).contains("service: 16 added, 0 changed, 0 retired"), "{}", said(&first));
    let again = operator.run(&["city", "load", "cities/amiens"]);
    assert!(said(&again).contains("Nothing differs."), "{}", said(&again));
    let copy = tempfile::tempdir().unwrap();
    let copied = std::process::Command::new("cp").arg("-r").arg(root().join("cities/amiens")).arg(copy.path()).status();
    assert!(copied.unwrap().success());
    let folder = copy.path().join("amiens");
    let dir = folder.to_str().unwrap();
    let edit = |file: &str, from: &str, to: &str| {
        let path = folder.join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} says {from}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    };
    edit("services.yaml", "voirie@", "voirie-bis@");
    let changed = operator.run(&["city", "load", dir]);
    assert_eq!(said(&changed), "service: 0 added, 1 changed, 0 retired\nLoaded.\n");
    let unexplained = operator.run(&["city", "load", dir, "--replace-rules"]);
    assert!(!unexplained.status.success() && said(&unexplained).contains("--reason"), "{}", said(&unexplained));
    edit("services.yaml", "kind: municipal", "kind: royal");
    edit("routing.yaml", "send_to: [mediation]", "send_to: [dragons]");
    let broken = operator.run(&["city", "load", dir]);
    assert_eq!(broken.status.code(), Some(1));
    let lines = said(&broken);
    assert!(
        lines.contains("services.yaml:")
            && lines.contains("royal")
            && lines.contains("routing.yaml:")
            && lines.contains("dragons"),
        "{lines}"
    );
    assert_eq!(operator.database.count("select count(*) from service where active").await, 16);
}

async fn an_account_is_made_and_logs_in_and_another_key_is_refused() {
    let operator = amiens().await;
    let invite = |email: &str, also: &[&str]| {
        operator.run(&[&["user", "invite", "--email", email, "--name", "A", "--role", "service_member"], also].concat())
    };
    for (also, told) in [
        (&[][..], "a role in a service goes with at least one --service"),
        (&["--service", "dragons"], "the city has no service dragons"),
    ] {
        let refused = invite("a@ville.example", also);
        assert_eq!(refused.status.code(), Some(1));
        assert!(said(&refused).contains(told), "{}", said(&refused));
    }
    for unsendable in ["a@[127.0.0.1]", "\"a b\"@ville.example", "root"] {
        let refused = invite(unsendable, &[]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(said(&refused).contains("not an e-mail address"), "{}", said(&refused));
    }
    let invited = invite("a@ville.example", &["--service", "voirie"]);
    assert!(said(&invited).contains("a@ville.example is invited."), "{}", said(&invited));
    let twice = invite("A@ville.example", &["--service", "voirie"]);
    assert!(said(&twice).contains("there is an account with that address already"), "{}", said(&twice));
    let program = operator.serve();
    let token = link(&operator.letter_to("a@ville.example").await, "/account/").replace("/account/", "");
    let stranger = Caller::new(program.base_url(), None);
    let chosen = json!({ "token": token, "password": "pigeon violet tram soupière" });
    stranger.post("/v1/passwords", &chosen).await.is(200);
    let login = json!({ "email": "A@ville.example", "password": "pigeon violet tram soupière" });
    stranger.post("/v1/sessions", &login).await.created();
    let agent = json!({ "email": "claire.delattre@ville-amiens.example", "password": PASSWORD });
    let token = stranger.post("/v1/sessions", &agent).await.created()["access_token"].clone();
    let agent = Caller::new(program.base_url(), token.as_str());
    agent.post("/v1/concerns", &crate::support::city::dumping()).await.created();
    let without = operator.run(&["user", "remove-second-factor", "--email", "a@ville.example"]);
    assert!(said(&without).contains("no second factor is set up"), "{}", said(&without));
    sqlx::query("insert into second_factor (user_id, key_id, sealed, confirmed_at, created_at) select id, $1, '', now(), now() from user_account where email = 'a@ville.example'")
        .bind(sealing_keys().accounts.id())
        .execute(&mut operator.database.connection().await)
        .await
        .unwrap();
    stranger.post("/v1/sessions", &login).await.refused(401, "second_factor_needed");
    let removed = operator.run(&["user", "remove-second-factor", "--email", "a@ville.example"]);
    assert!(said(&removed).contains("logs in with the password alone"), "{}", said(&removed));
    stranger.post("/v1/sessions", &login).await.created();
    assert!(program.end("-TERM").success());
    fs::remove_file(operator.keys.path().join("residents.key")).unwrap();
    let output = operator.run(&["serve"]);
    assert!(
        said(&output).contains("residents.key at hand is not the one that sealed what the database holds"),
        "{}",
        said(&output)
    );
}

async fn serve_alone_brings_its_own_database_and_keeps_it() {
    let data = tempfile::tempdir().unwrap();
    let environment = [("CONTINUUM_DATA_DIR", data.path().to_str().unwrap())];
    let load = run(&["city", "load", "cities/amiens"], &environment);
    assert!(load.status.success(), "{}", said(&load));
    let private =
        format!("continuum: without DATABASE_URL, in the private PostgreSQL of {}/postgres", environment[0].1);
    let aside = String::from_utf8(load.stderr).unwrap();
    assert!(aside.starts_with(&format!("{private}, made now\n")), "{aside}");
    let program = Program::start(&["serve", "--metrics-listen", "127.0.0.1:0"], &environment);
    assert!(program.log().contains("with a private PostgreSQL in the data folder"), "{}", program.log());
    assert!(program.log().contains("each e-mail is written as a file"), "{}", program.log());
    let stranger = Caller::new(program.base_url(), None);
    assert_eq!(stranger.get("/health/ready").await.ok()["status"], "ok");
    stranger.get("/v1/tracking/secret-token").await.is(404);
    let metrics = reqwest::get(program.ready["metrics_url"].as_str().unwrap()).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("continuum_http_requests_total") && metrics.contains("/v1/tracking/{token}"), "{metrics}");
    assert!(!metrics.contains("secret-token") && !program.log().contains("secret-token"));
    let address = program.base_url().trim_start_matches("http://").to_owned();
    assert!(run(&["health", "--listen", &address], &[]).status.success());
    let weak = run(&["serve", "--argon2-memory-kib", "19455"], &environment);
    assert!(said(&weak).contains("costs too little to protect passwords"), "{}", said(&weak));
    let second = run(&["serve"], &environment);
    assert!(said(&second).contains(&program.ready["pid"].to_string()), "names who holds the folder: {}", said(&second));
    let postgres = postgres_pid(data.path());
    commands_join_its_database(&program, &environment).await;
    assert!(runs(postgres), "a command has stopped what it had not started");
    assert!(program.end("-TERM").success());
    assert!(!runs(postgres), "the private PostgreSQL was left behind");
    // A demonstration would begin anew in the same folder.
    let key = fs::read(data.path().join("keys/residents.key")).unwrap();
    for more in [&[][..], &["--reset"]] {
        let demo = run(&[&["demo", "--data-dir", data.path().to_str().unwrap()], more].concat(), &[]);
        assert!(!demo.status.success() && said(&demo).contains("was not made by a demonstration"), "{}", said(&demo));
    }
    assert_eq!(fs::read(data.path().join("keys/residents.key")).unwrap(), key);
    let audit = run(&["audit", "verify"], &environment);
    assert!(said(&audit).contains("The audit log is whole: entries 1 to "), "{}", said(&audit));
    let aside = String::from_utf8(audit.stderr).unwrap();
    assert!(aside.starts_with(&format!("{private}\n")), "{aside}");
    assert!(!data.path().join("demo.json").exists());
    assert_eq!(run(&["health", "--listen", &address], &[]).status.code(), Some(1));
}

/// What a command does while `serve` runs, `serve` sees; several at once too.
async fn commands_join_its_database(program: &Program, environment: &[(&str, &str)]) {
    let works = |arguments: &[&str], told: &str| {
        let output = run(arguments, environment);
        assert!(output.status.success() && said(&output).contains(told), "{arguments:?}: {}", said(&output));
    };
    works(&["city", "load", "cities/amiens"], "Nothing differs.");
    works(&["migrate", "--check"], "Nothing is pending.");
    works(&["outbox", "list"], "No message is dead.");
    works(&["keys", "rotate"], "signs from");
    let invite = |email| ["user", "invite", "--email", email, "--name", "A", "--role", "admin"];
    std::thread::scope(|scope| {
        for email in ["a@ville.example", "b@ville.example", "c@ville.example"] {
            scope.spawn(move || works(&invite(email), "is invited."));
        }
    });
    works(&["audit", "list", "--act", "user_invited"], "operator");
    works(&["audit", "verify"], "The audit log is whole: entries 1 to 5");
    let stranger = Caller::new(program.base_url(), None);
    let login = json!({ "email": "a@ville.example", "password": PASSWORD });
    stranger.post("/v1/sessions", &login).await.refused(401, "wrong_credentials");
    works(&["audit", "list", "--act", "login_refused"], "no_password");
    assert_eq!(
        run(&["inbound"], environment).status.code(),
        Some(65),
        "the database is there: what is read is no e-mail"
    );
}

async fn what_could_not_be_sent_is_listed_and_replayed_or_dismissed() {
    let operator = amiens().await;
    let nothing = operator.run(&["outbox", "list"]);
    assert_eq!(said(&nothing), "No message is dead.\n");
    let city = crate::support::city::City::with(|config| config.database.url = operator.database.url().into()).await;
    city.dumping().await;
    let mut connection = operator.database.connection().await;
    sqlx::query("update outbox set state = 'dead', last_error = '550 5.1.1 [adresse] inconnue'")
        .execute(&mut connection)
        .await
        .unwrap();
    let listed = said(&operator.run(&["outbox", "list"]));
    assert!(listed.contains("AMI-26-000001") && listed.contains("550 5.1.1 [adresse] inconnue"), "{listed}");
    let first = said(&operator.run(&["outbox", "list", "--limit", "1"]));
    let (one, more) = first.split_once("… and more: go on with ").unwrap();
    let (option, seq) = more.trim_end().trim_end_matches('.').split_once(' ').unwrap();
    let others = said(&operator.run(&["outbox", "list", option, seq]));
    assert_eq!(format!("{one}{others}"), listed);
    let id = listed.split_whitespace().next().unwrap();
    assert_eq!(said(&operator.run(&["outbox", "replay", id])), "1 message(s) will be sent again.\n");
    let twice = operator.run(&["outbox", "replay", id]);
    assert!(!twice.status.success() && said(&twice).contains("no dead message has such an id"), "{}", said(&twice));
    assert_eq!(said(&operator.run(&["outbox", "replay", "--all"])), "2 message(s) will be sent again.\n");
    assert_eq!(said(&operator.run(&["outbox", "list"])), "No message is dead.\n");
    sqlx::query("update outbox set state = 'dead'").execute(&mut connection).await.unwrap();
    assert_eq!(said(&operator.run(&["outbox", "dismiss", id])), "1 message(s) will never be sent.\n");
    for gone in ["dismiss", "replay"] {
        let twice = operator.run(&["outbox", gone, id]);
        assert!(!twice.status.success() && said(&twice).contains("no dead message has such an id"), "{}", said(&twice));
    }
    let stopped = said(&operator.run(&["outbox", "list", "--state", "stopped"]));
    assert!(
        stopped.contains(id) && stopped.contains("an operator dismissed it: 550 5.1.1 [adresse] inconnue"),
        "{stopped}"
    );
    assert_eq!(operator.run(&["outbox", "dismiss"]).status.code(), Some(2), "which ones, or all of them");
    assert_eq!(said(&operator.run(&["outbox", "dismiss", "--all"])), "2 message(s) will never be sent.\n");
    assert_eq!(said(&operator.run(&["outbox", "list"])), "No message is dead.\n");
    assert_eq!(city.drain().await, 0);
    let told = said(&operator.run(&["audit", "list", "--act", "outbox_dismissed"]));
    assert!(told.contains("operator") && told.contains("{\"count\":2}") && told.contains("{\"count\":1}"), "{told}");
    city.stop().await;
}

async fn the_contract_is_compared() {
    let same = run(&["openapi", "--check"], &[]);
    assert!(same.status.success(), "{}", said(&same));
    let other = tempfile::NamedTempFile::new().unwrap();
    let differs = run(&["openapi", "--check", other.path().to_str().unwrap()], &[]);
    assert_eq!(differs.status.code(), Some(1));
}

async fn what_is_said_by_half_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (file, folder) = (folder.path().join("key.pem"), folder.path().to_str().unwrap());
    fs::write(&file, "a key").unwrap();
    let (url, file) = ("CONTINUUM_PUBLIC_URL", file.to_str().unwrap());
    let refused = |command: &str, said_too: (&str, &str), needs: &str| {
        let environment = [("CONTINUUM_DATA_DIR", folder), (url, "https://continuum.example"), said_too];
        let output = run(&[command], &environment);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(
            said(&output).contains(needs) && said(&output).contains("not all of them are there"),
            "{}",
            said(&output)
        );
    };
    for command in ["serve", "worker"] {
        refused(command, ("DKIM_KEY", "a key"), "--dkim-selector");
        refused(command, ("DKIM_KEY_FILE", file), "--dkim-selector");
    }
    refused("serve", ("OIDC_CLIENT_ID", "continuum"), "--oidc-issuer");
    refused("serve", ("OIDC_CLIENT_SECRET", "s3cret"), "--oidc-issuer");
    // What has no option is told where somebody looks for it.
    let help = run(&["serve", "--help"], &[]);
    for name in
        ["DATABASE_URL", "DATABASE_REPLICA_URL", "SMTP_URL", "DKIM_KEY", "OIDC_CLIENT_SECRET", "_FILE", "CONTINUUM_LOG"]
    {
        assert!(said(&help).contains(&format!("`{name}`")), "{name}: {}", said(&help));
    }
}
