//! The log: lines that programs read, each of which says of which request it tells, and nothing of anybody.

use std::borrow::Cow;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use reqwest::Method;
use serde_json::{Value, json};

use super::Town;
use crate::integrate::until;
use crate::support::caller::{Caller, Reply};
use crate::support::city::email;
use crate::support::database::PASSWORD;
use crate::support::files::{photograph, upload};
use crate::support::smtp::{Behaviour, SmtpServer};

crate::tests![
    lines_are_json_and_say_of_which_request_they_tell,
    who_is_refused_is_told_by_id,
    who_gets_tokens_is_told_by_id,
    nobody_whose_words_are_logged_writes_lines,
    the_seal_is_logged_whatever_else_is_asked_for,
    nothing_that_people_are_called_or_wrote_is_logged,
];

/// The lines of a log, but for what the program tells whoever starts it.
fn lines(town: &Town) -> Vec<Value> {
    let log = town.program.log();
    let told = |line: &&str| {
        ["Continuum answers at ", "each e-mail ", "mail goes out "].iter().all(|begin| !line.starts_with(begin))
    };
    let line = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    log.lines().filter(|line| told(line) && !line.is_empty()).map(line).collect()
}

async fn lines_are_json_and_say_of_which_request_they_tell() {
    let town = Town::with(&[], &[("CONTINUUM_LOG_FORMAT", "json")]).await;
    let stranger = Caller::new(town.url(), None);
    let replies = [stranger.get("/v1/me").await, stranger.get("/health/live").await];
    let answered = until("two lines", async || {
        let answered: Vec<Value> =
            lines(&town).into_iter().filter(|line| line["fields"]["message"] == "answered").collect();
        (answered.len() >= 2).then_some(answered)
    })
    .await;
    for (reply, route, status) in [(&replies[0], "/v1/me", 401), (&replies[1], "/health/live", 200)] {
        let line = answered.iter().find(|line| line["fields"]["route"] == route).unwrap();
        reply.is(status);
        assert_eq!(
            (&line["level"], &line["fields"]["method"], &line["fields"]["status"]),
            (&json!("INFO"), &json!("GET"), &json!(status))
        );
        let id = reply.header("x-request-id").unwrap();
        assert_eq!(line["spans"], json!([{ "name": "request", "id": id }]));
        assert!(line["timestamp"].is_string() && line["fields"]["ms"].is_number());
    }
    assert_ne!(replies[0].header("x-request-id"), replies[1].header("x-request-id"));
    town.stop();
}

/// The line that tells of the request that was so answered.
async fn line_of(town: &Town, reply: &Reply) -> Value {
    let id = reply.header("x-request-id").unwrap();
    until("its line", async || {
        let mut answered = lines(town).into_iter().filter(|line| line["fields"]["message"] == "answered");
        answered.find(|line| line["spans"][0]["id"] == id)
    })
    .await
}

async fn who_is_refused_is_told_by_id() {
    let town = Town::with(&["--rate-limit", "12"], &[("CONTINUUM_LOG_FORMAT", "json")]).await;
    let (stranger, agent, admin) =
        (Caller::new(town.url(), None), town.login("claire.delattre").await, town.login("paul.carpentier").await);
    let me = agent.get("/v1/me").await;
    let person = format!("person {}", me.ok()["id"].as_str().unwrap());
    let program = town.follower(&admin).await;
    let told = line_of(&town, &me).await;
    assert!(told["fields"].get("who").is_none() && told["fields"].get("code").is_none(), "{told}");
    for (reply, status, code, who) in [
        (agent.get("/v1/audit").await, 403, "missing_right", Some(&person)),
        (agent.post("/v1/concerns", &json!({})).await, 400, "invalid_request", Some(&person)),
        (agent.get("/v1/tickets/AMI-26-999999").await, 404, "not_found", Some(&person)),
        (stranger.get("/v1/audit").await, 401, "unauthenticated", None),
        (stranger.bearing("nonsense").get("/v1/audit").await, 401, "invalid_token", None),
    ] {
        reply.is(status);
        let fields = line_of(&town, &reply).await["fields"].clone();
        assert_eq!((&fields["status"], &fields["code"]), (&json!(status), &json!(code)));
        assert_eq!(fields.get("who").and_then(Value::as_str), who.map(String::as_str), "{fields}");
    }
    let refused = program.get("/v1/users").await;
    refused.is(403);
    let fields = line_of(&town, &refused).await["fields"].clone();
    assert!(fields["who"].as_str().unwrap().starts_with("program "), "{fields}");
    // A token that was good, and no longer holds, still says whose it is.
    agent.delete("/v1/sessions/current").await.is(204);
    let refused = agent.get("/v1/me").await;
    refused.is(401);
    assert_eq!(line_of(&town, &refused).await["fields"]["who"], json!(person));
    let limited = loop {
        let reply = agent.get("/v1/me").await;
        if reply.status == 429 {
            break reply;
        }
    };
    let fields = line_of(&town, &limited).await["fields"].clone();
    assert_eq!((&fields["code"], &fields["who"]), (&json!("rate_limited"), &json!(person)));
    town.stop();
}

async fn who_gets_tokens_is_told_by_id() {
    let town = Town::with(&[], &[("CONTINUUM_LOG_FORMAT", "json")]).await;
    let (stranger, admin) = (Caller::new(town.url(), None), town.login("paul.carpentier").await);
    let body = json!({ "email": email("claire.delattre"), "password": PASSWORD });
    let session = stranger.post("/v1/sessions", &body).await.created();
    let agent = Caller::new(town.url(), session["access_token"].as_str());
    let person = agent.get("/v1/me").await.ok()["id"].clone();
    let listed = agent.get("/v1/sessions").await.ok();
    let refresh = json!({ "refresh_token": session["refresh_token"] });
    stranger.post("/v1/sessions/refresh", &refresh).await.ok();
    town.follower(&admin).await;
    let client = admin.get("/v1/clients").await.ok()["items"][0]["id"].clone();
    let told = |message: &'static str| {
        let town = &town;
        until(message, async move || {
            lines(town).into_iter().find(|line| line["fields"]["message"] == message).map(|line| line["fields"].clone())
        })
    };
    let refreshed = told("a session is refreshed").await;
    assert_eq!((&refreshed["user"], &refreshed["session"]), (&person, &listed["items"][0]["id"]));
    let given = told("a program is given an access token").await;
    assert_eq!(given["client"], client);
    assert!(given["token"].is_string(), "{given}");
    town.stop();
}

/// A mail server that puts everything off, in as many lines.
fn deferring(lines: &'static [&'static str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut writer = stream.try_clone().unwrap();
            let mut answer = |text: &str| writer.write_all(text.as_bytes()).is_ok();
            answer("220 mail.example\r\n");
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                let (last, before) = lines.split_last().unwrap();
                let goes_on = if line.starts_with("RCPT") {
                    before.iter().all(|line| answer(&format!("451-{line}\r\n"))) && answer(&format!("451 {last}\r\n"))
                } else {
                    answer("250 mail.example\r\n")
                };
                if !goes_on {
                    break;
                }
            }
        }
    });
    format!("smtp://{address}")
}

async fn nobody_whose_words_are_logged_writes_lines() {
    let url = deferring(&["4.2.1 busy", "2026-03-10T09:00:00Z  INFO api: FORGED"]);
    let town = Town::with(&[], &[("SMTP_URL", &url)]).await;
    let asked = json!({ "email": email("claire.delattre") });
    Caller::new(town.url(), None).post("/v1/passwords/forgotten", &asked).await.is(202);
    let log = until("what was put off", async || Some(town.program.log()).filter(|log| log.contains("put off"))).await;
    let line = log.lines().find(|line| line.contains("FORGED")).unwrap_or_else(|| panic!("{log}"));
    assert!(line.contains("put off") && line.contains("busy"), "its words are in one line: {line}");
    assert!(!log.lines().any(|line| line.starts_with("2026-03-10")), "{log}");
    town.stop();
}

/// Whoever verifies the audit log a year later needs that line.
async fn the_seal_is_logged_whatever_else_is_asked_for() {
    let town = Town::with(&[], &[("CONTINUUM_LOG", "warn,api=warn")]).await;
    Caller::new(town.url(), None).get("/v1/me").await.is(401);
    until("a seal", async || town.program.log().contains("the audit log is sealed").then_some(())).await;
    assert!(!town.program.log().contains("answered"), "{}", town.program.log());
    town.stop();
}

/// What people are called and wrote, and what they were given.
const SECRETS: [&str; 9] = [
    "Zéphyrine",
    "Quatremère",
    "zephyrine@mail.example",
    "0612345678",
    "612345678",
    "paillasson",
    "clafoutis",
    "hippocampe",
    "venelle",
];

async fn nothing_that_people_are_called_or_wrote_is_logged() {
    let server = SmtpServer::start();
    let town = Town::with(
        &[],
        &[
            ("SMTP_URL", &server.url()),
            ("CONTINUUM_LOG_FORMAT", "json"),
            ("CONTINUUM_LOG", "debug,sqlx=warn,h2=warn,hyper_util=warn,mio=warn"),
        ],
    )
    .await;
    let stranger = Caller::new(town.url(), None);
    let (agent, proprete) = (town.login("claire.delattre").await, town.login("amelie.petit").await);
    let resident =
        json!({ "name": "Zéphyrine Quatremère", "email": "zephyrine@mail.example", "phone": "+33612345678" });
    let concern = json!({
        "origin": "patrol", "category": "illegal_dumping", "description": "Un paillasson devant chez Zéphyrine Quatremère, 06 12 34 56 78",
        "place": { "lat": 49.9121, "lon": 2.2972, "address": "12 venelle du Pigeonnier" }, "resident": resident, "confirm_text": true
    });
    // A server that takes no mail says to whom.
    server.behave(&Behaviour {
        defer: [("zephyrine@mail.example".to_owned(), "451 4.2.1 <zephyrine@mail.example> mailbox busy".to_owned())]
            .into(),
        ..Behaviour::default()
    });
    let filed = agent.post("/v1/concerns", &concern).await.created();
    let ticket = &filed["tickets"][0];
    until("what was put off", async || town.program.log().contains("put off").then_some(())).await;
    server.behave(&Behaviour::default());
    // What is wrong, and what is looked for.
    let mut wrong = concern.clone();
    wrong["resident"]["email"] = json!("zephyrine@@mail.example");
    agent.post("/v1/concerns", &wrong).await.is(400);
    let broken = agent.request(Method::POST, "/v1/concerns").header("Content-Type", "application/json");
    agent.send(broken.body("{\"description\": \"clafoutis\", ")).await.is(400);
    agent.get("/v1/tickets?q=hippocampe").await.ok();
    agent.get("/v1/tickets?clafoutis=1").await.is(400);
    stranger.get("/v1/tickets/clafoutis").await.is(401);
    stranger.get("/nowhere/clafoutis?q=hippocampe").await.is(404);
    stranger
        .post("/v1/sessions", &json!({ "email": "zephyrine@mail.example", "password": "clafoutis aux hippocampes" }))
        .await
        .is(401);
    stranger.post("/v1/passwords/forgotten", &json!({ "email": "zephyrine@mail.example" })).await;
    // What the service writes and sends, and what comes back.
    upload(&proprete, ticket, "venelle-Quatremère.jpg", &photograph(60, 40, image::ImageFormat::Jpeg)).await.created();
    upload(&proprete, ticket, "clafoutis.jpg", b"clafoutis").await.is(422);
    let path = format!("/v1/tickets/{}", ticket["id"].as_str().unwrap());
    proprete.post(&format!("{path}/notes"), &json!({ "text": "Appelé Zéphyrine : un hippocampe" })).await.created();
    let seen = proprete.get(&path).await.ok();
    let acknowledged = proprete.acknowledge(&seen).await.ok();
    let body =
        json!({ "closure_reason": "work_done", "message_to_resident": "Le paillasson de Zéphyrine est enlevé." });
    let resolve = proprete
        .request(Method::POST, &format!("{path}/resolve"))
        .header("If-Match", format!("\"{}\"", acknowledged["version"]));
    proprete.send(resolve.json(&body)).await.ok();
    let letter = until("the outcome", async || {
        let messages = server.messages();
        let mut letters =
            messages.into_iter().filter(|letter| letter.envelope.to.iter().any(|to| to.contains("zephyrine")));
        letters.find_map(|letter| {
            letter.message.body_text(0).filter(|text| text.contains("La suite donnée")).map(Cow::into_owned)
        })
    })
    .await;
    let begin = letter.find("/v1/tracking/").unwrap();
    let link = letter[begin..].split(|c: char| c.is_whitespace() || c == '#').next().unwrap();
    let token = link.rsplit('/').next().unwrap();
    stranger.get(link).await.is(200);
    let said = json!({ "solved": "no", "reason": "partly", "text": "Toujours le paillasson, dit Quatremère" });
    stranger.post(&format!("{link}/feedback"), &said).await.ok();
    let log = town.program.log();
    let twice = log.lines().find(|line| line.matches("\"message\":").count() > 1);
    assert_eq!(twice, None, "an object has each name once");
    assert!(lines(&town).len() > 20, "{log}");
    for secret in SECRETS.into_iter().chain([token]) {
        let found: Vec<&str> = log.lines().filter(|line| line.contains(secret)).collect();
        assert!(found.is_empty(), "{secret}: {found:#?}");
    }
    town.stop();
}
