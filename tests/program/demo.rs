//! The demonstration, as the README tells a newcomer to try it.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::database::root;
use crate::support::program::{Program, command, postgres_pid, run, runs, said};

crate::tests![the_demonstration_is_what_the_readme_says];

async fn login(program: &Program, role: &str) -> Caller {
    let logins = program.ready["logins"].as_array().unwrap();
    let login = logins.iter().find(|login| login["role"] == role).unwrap();
    let body = json!({ "email": login["email"], "password": login["password"] });
    let session = Caller::new(program.base_url(), None).post("/v1/sessions", &body).await.created();
    Caller::new(program.base_url(), session["access_token"].as_str())
}

fn letters(data: &std::path::Path) -> usize {
    fs::read_dir(data.join("mail"))
        .map_or(0, |files| files.filter(|f| f.as_ref().unwrap().path().extension().is_some_and(|e| e == "eml")).count())
}

async fn the_story_is_told(program: &Program) {
    for role in ["agent", "service_member", "dispatcher", "admin"] {
        login(program, role).await.get("/v1/me").await.ok();
    }
    let dispatcher = login(program, "dispatcher").await;
    assert_eq!(
        dispatcher.get("/v1/cafes?status=held&area=secteurs:nord").await.ok()["items"].as_array().unwrap().len(),
        1
    );
    let map = Caller::new(program.base_url(), None).get("/ogc/collections/cafes/items").await.is(200).text.clone();
    assert!(map.contains("marché du Pigeonnier"), "it was announced: {map}");
    let data = Caller::new(program.base_url(), None).get("/v1/open-data/tickets.csv").await.is(200).text.clone();
    assert_eq!(data.lines().count(), 4, "a month of three categories is published: {data}");
    let tickets = dispatcher.get("/v1/tickets?limit=200").await.ok()["items"].as_array().unwrap().clone();
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for ticket in &tickets {
        *states.entry(ticket["state"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    for state in ["submitted", "acknowledged", "in_progress", "closed"] {
        assert!(states.contains_key(state), "{states:?}");
    }
    assert!(tickets.iter().any(|ticket| ticket["late"] == true));
}

/// The lines that the demonstration prints for its reader, as a script.
fn curl_story(log: &str) -> String {
    let from = log.find("  # 1.").unwrap();
    log[from..log.find("  Ctrl-C").unwrap()].to_owned()
}

/// The README shows the same lines, with names in place of what differs from one demonstration to the next.
fn readme_says_the_same(story: &str, ready: &Value) {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let password = ready["logins"][0]["password"].as_str().unwrap();
    let (base, mail) = (ready["base_url"].as_str().unwrap(), ready["mail_dir"].as_str().unwrap());
    for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let line = line.replace(base, "$BASE").replace(mail, "$MAIL").replace(password, "$PASSWORD");
        assert!(readme.contains(&line), "the README does not say: {line}");
    }
}

async fn the_demonstration_is_what_the_readme_says() {
    let data = tempfile::tempdir().unwrap();
    let dir = data.path().to_str().unwrap();
    let demo = ["demo", "--data-dir", dir];
    // Killed while the story is told: the next start tells it from the beginning.
    let mut first = command(&[&demo[..], &["--listen", "127.0.0.1:0"]].concat(), &[]).spawn().unwrap();
    let began = std::time::Instant::now();
    while !data.path().join("postgres/cluster/PG_VERSION").exists() && began.elapsed().as_secs() < 60 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    first.kill().unwrap();
    first.wait().unwrap();
    let program = Program::start(&demo, &[]);
    the_story_is_told(&program).await;
    let story = curl_story(&program.log());
    readme_says_the_same(&story, &program.ready);
    let output = Command::new("bash").args(["-c", &story]).output().unwrap();
    let printed = said(&output);
    assert!(printed.contains("\"state\":\"acknowledged\"") && printed.contains("\"state\":\"resolved\""), "{printed}");
    // Each header of the letter on a line of its own.
    assert!(printed.contains("To: habitante@mail.example") && printed.contains("\nMIME-Version: "), "{printed}");
    let again = run(&[&demo[..], &["--reset"]].concat(), &[]);
    assert!(said(&again).contains(&program.ready["pid"].to_string()), "a running one is left alone: {}", said(&again));
    let (before, postgres) = (letters(data.path()), postgres_pid(data.path()));
    let password = program.ready["logins"][0]["password"].clone();
    assert!(program.end("-INT").success());
    assert!(!runs(postgres), "Ctrl-C leaves nothing behind");
    let program = Program::start(&demo, &[]);
    assert_eq!(program.ready["logins"][0]["password"], password);
    assert!(letters(data.path()) >= before && before > 15);
    let filed = login(&program, "dispatcher").await.get("/v1/tickets?status=resolved").await.ok();
    assert_eq!(filed["items"].as_array().unwrap().len(), 1, "what was filed is still there");
    assert!(program.end("-TERM").success());
    let program = Program::start(&[&demo[..], &["--reset"]].concat(), &[]);
    assert_ne!(program.ready["logins"][0]["password"], password);
    the_story_is_told(&program).await;
    assert!(program.end("-TERM").success());
}
