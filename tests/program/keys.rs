//! Another key in the place of the one that seals what residents left.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::commands::{Operator, amiens};
use crate::support::caller::Caller;
use crate::support::city::{dumping, link};
use crate::support::database::{PASSWORD, sealing_keys};
use crate::support::program::{Program, said};

crate::tests![
    what_residents_left_is_sealed_anew_and_found_again,
    who_was_broken_off_is_run_again,
    what_a_backup_brings_back_is_sealed_anew,
];

const RESIDENT: &str = "habitante@mail.example";
const REPLACE: [&str; 2] = ["keys", "replace-residents"];

async fn caller(program: &Program, name: &str) -> Caller {
    let stranger = Caller::new(program.base_url(), None);
    let login = json!({ "email": format!("{name}@ville-amiens.example"), "password": PASSWORD });
    let token = stranger.post("/v1/sessions", &login).await.created()["access_token"].clone();
    stranger.bearing(token.as_str().unwrap())
}

/// A concern of a resident who left an address.
async fn filed(program: &Program) -> Value {
    caller(program, "claire.delattre").await.post("/v1/concerns", &dumping()).await.created()
}

/// An e-mail that belongs nowhere.
fn write_an_email(operator: &Operator) {
    let mut inbound = operator.start_with(&["inbound"], Stdio::piped());
    let mail = format!("From: {RESIDENT}\r\nMessage-ID: <1@mail.example>\r\nSubject: Mot perdu\r\n\r\nBonjour\r\n");
    inbound.stdin.take().unwrap().write_all(mail.as_bytes()).unwrap();
    let output = inbound.wait_with_output().unwrap();
    assert!(said(&output).contains("unplaced"), "{}", said(&output));
}

fn key(operator: &Operator, name: &str) -> String {
    fs::read_to_string(operator.keys.path().join(name)).unwrap()
}

async fn sealed_with(operator: &Operator, id: &str) -> i64 {
    let tables = ["resident_contact", "unplaced_mail"];
    let count = |table| format!("(select count(*) from {table} where key_id = '{id}')");
    operator.database.count(&format!("select {}", tables.map(count).join(" + "))).await
}

/// Replaces the key once the database has noticed that a killed process is gone.
async fn replace_when_alone(operator: &Operator) -> String {
    let began = Instant::now();
    loop {
        let told = said(&operator.run(&REPLACE));
        if !told.contains("stop every instance first") {
            return told;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{told}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn what_residents_left_is_sealed_anew_and_found_again() {
    let operator = amiens().await;
    let program = operator.serve();
    let concern = filed(&program).await;
    let at = |what: &str| format!("/v1/concerns/{}/{what}", concern["id"].as_str().unwrap());
    let agent = caller(&program, "claire.delattre").await;
    let code = agent.post(&at("slip"), &json!({ "factor": "12" })).await.created()["code"].clone();
    let earlier = link(&operator.letter_to(RESIDENT).await, "/v1/tracking/");
    let refused = operator.run(&REPLACE);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("stop every instance first"), "{}", said(&refused));
    assert!(program.end("-TERM").success());
    write_an_email(&operator);
    let mut connection = operator.database.connection().await;
    for mute in [
        "insert into muted_address select address_digest, now() from resident_contact",
        "insert into muted_address values ('of nobody here', now())",
    ] {
        sqlx::query(mute).execute(&mut connection).await.unwrap();
    }
    let id = sealing_keys().residents.id().to_owned();
    assert_eq!(sealed_with(&operator, &id).await, 2);
    let key_before = key(&operator, "residents.key");

    let replaced = operator.run(&REPLACE);
    assert!(replaced.status.success(), "{}", said(&replaced));
    let told = "Sealed anew: 1 contact(s) of residents, 1 e-mail(s) that belong nowhere. Dead: 1 link(s), 1 slip(s). \
                Published sheets with another link: 0.";
    assert!(said(&replaced).contains(told), "{}", said(&replaced));
    assert_eq!(sealed_with(&operator, &id).await, 0);
    assert_ne!(key(&operator, "residents.key"), key_before);
    assert_eq!(key(&operator, &format!("residents-{id}.key")), key_before, "backups need it");
    assert!(!operator.keys.path().join("residents.next.key").exists());
    let muted = "select count(*) from muted_address m join resident_contact r on r.address_digest = m.digest";
    assert_eq!(operator.database.count(muted).await, 1);
    assert_eq!(operator.database.count("select count(*) from muted_address").await, 1);
    sqlx::query("delete from muted_address").execute(&mut connection).await.unwrap();

    let program = operator.serve();
    let (stranger, dispatcher) = (Caller::new(program.base_url(), None), caller(&program, "nadia.fournier").await);
    let found = dispatcher.post("/v1/residents/search", &json!({ "email": RESIDENT })).await.ok();
    assert_eq!(found["concerns"], json!([concern["id"]]));
    let export = format!("/v1/residents/{}/export", concern["id"].as_str().unwrap());
    let export = dispatcher.get(&export).await.ok();
    assert_eq!(export["concerns"][0]["contact"]["email"], RESIDENT);
    assert!(export.to_string().contains("Mot perdu"), "what they wrote is found by their address: {export}");
    assert_eq!(dispatcher.get("/v1/inbound").await.ok()["items"][0]["subject"], "Mot perdu");
    stranger.get(&earlier).await.is(404);
    stranger.post("/v1/tracking", &json!({ "code": code, "factor": "12" })).await.refused(422, "wrong_slip");
    dispatcher.post(&at("tracking/renew"), &json!({})).await.ok();
    let letters = operator.letters_to(RESIDENT, 2).await;
    let later = link(letters.last().unwrap(), "/v1/tracking/");
    stranger.get(&later).await.is(200);
    // Whoever has the earlier link by e-mail can still stop the mails.
    let one_click = [("List-Unsubscribe", "One-Click")];
    stranger.submit(&format!("{}/unsubscribe", earlier.split('#').next().unwrap()), &one_click).await.is(200);
    assert_eq!(
        operator.database.count("select count(*) from tracking_link where mails_stopped_at is not null").await,
        1
    );
    assert!(program.end("-TERM").success());
    let replaced = "select count(*) from audit_entry where act = 'residents_key_replaced'";
    assert_eq!(operator.database.count(replaced).await, 1);
}

async fn who_was_broken_off_is_run_again() {
    let operator = amiens().await;
    let program = operator.serve();
    filed(&program).await;
    assert!(program.end("-TERM").success());
    let (id, folder) = (sealing_keys().residents.id().to_owned(), operator.keys.path().to_owned());
    let file = |name: &str| folder.join(name);
    // Before anything was sealed with it: it lay there, and is not taken.
    let lay = "CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=";
    fs::write(file("residents.next.key"), lay).unwrap();
    let output = operator.run(&REPLACE);
    assert!(said(&output).contains("Sealed anew: 1 contact(s)"), "{}", said(&output));
    let next = key(&operator, "residents.key");
    assert_ne!(next, lay);
    // After all was sealed with it, before it was put in place.
    fs::write(file("residents.next.key"), &next).unwrap();
    fs::copy(file(&format!("residents-{id}.key")), file("residents.key")).unwrap();
    let output = operator.run(&["serve"]);
    assert!(said(&output).contains("`continuum keys replace-residents` was broken off, run that"), "{}", said(&output));
    let output = operator.run(&REPLACE);
    assert!(output.status.success() && said(&output).contains("sealed anew before"), "{}", said(&output));
    assert_eq!(key(&operator, "residents.key"), next);
    assert!(operator.serve().end("-TERM").success());
    // Killed while it seals: nothing was, and the next one does it.
    let mut connection = operator.database.connection().await;
    sqlx::raw_sql("begin; lock table resident_contact in access share mode").execute(&mut connection).await.unwrap();
    let mut waits = operator.start(&REPLACE);
    operator.database.until_somebody_waits().await;
    assert!(Command::new("kill").args(["-9", &waits.id().to_string()]).status().unwrap().success());
    waits.wait().unwrap();
    sqlx::raw_sql("rollback").execute(&mut connection).await.unwrap();
    assert_eq!(key(&operator, "residents.key"), next);
    let told = replace_when_alone(&operator).await;
    assert!(told.contains("Sealed anew: 1 contact(s)"), "{told}");
    assert!(operator.serve().end("-TERM").success());
}

async fn what_a_backup_brings_back_is_sealed_anew() {
    let operator = amiens().await;
    let program = operator.serve();
    let first = filed(&program).await;
    filed(&program).await;
    assert!(program.end("-TERM").success());
    let mut connection = operator.database.connection().await;
    let keep = "create table public.backup as select * from resident_contact where concern_id = $1";
    sqlx::raw_sql(sqlx::AssertSqlSafe(keep.replace("$1", &format!("'{}'", first["id"].as_str().unwrap()))))
        .execute(&mut connection)
        .await
        .unwrap();
    assert!(operator.run(&REPLACE).status.success());
    // One as it was before: sealed with the earlier key, its address muted under it; the other under the later key.
    let bring_back = "delete from resident_contact where concern_id in (select concern_id from public.backup);
        insert into resident_contact select * from public.backup; drop table public.backup;
        insert into muted_address select address_digest, now() from resident_contact";
    sqlx::raw_sql(bring_back).execute(&mut connection).await.unwrap();
    let id = sealing_keys().residents.id().to_owned();
    assert_eq!(sealed_with(&operator, &id).await, 1);
    let output = operator.run(&["serve"]);
    assert!(said(&output).contains(&format!("if it lies there as residents-{id}.key")), "{}", said(&output));
    // Without that key nothing is made and nothing is lost.
    let (kept, away) = (format!("residents-{id}.key"), operator.keys.path().join("away"));
    fs::rename(operator.keys.path().join(&kept), &away).unwrap();
    let before = key(&operator, "residents.key");
    let output = operator.run(&REPLACE);
    assert!(!output.status.success() && said(&output).contains(&id), "{}", said(&output));
    assert_eq!((key(&operator, "residents.key"), sealed_with(&operator, &id).await), (before, 1));
    fs::rename(&away, operator.keys.path().join(&kept)).unwrap();

    let output = operator.run(&REPLACE);
    assert!(said(&output).contains("Sealed anew: 2 contact(s)"), "{}", said(&output));
    let muted = "select count(*) from resident_contact r join muted_address m on m.digest = r.address_digest";
    assert_eq!(operator.database.count(muted).await, 2);
    let program = operator.serve();
    let dispatcher = caller(&program, "nadia.fournier").await;
    let found = dispatcher.post("/v1/residents/search", &json!({ "email": RESIDENT })).await.ok();
    assert_eq!(found["concerns"].as_array().unwrap().len(), 2);
    assert!(program.end("-TERM").success());
}
