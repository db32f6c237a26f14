//! The log: lines that programs read, each of which says of which request it tells, and nothing of anybody.

use std::borrow::Cow;

use reqwest::Method;
use serde_json::{Value, json};

use super::Town;
use crate::integrate::until;
use crate::support::caller::Caller;
use crate::support::files::{photograph, upload};
use crate::support::smtp::{Behaviour, SmtpServer};

crate::tests![lines_are_json_and_say_of_which_request_they_tell, nothing_that_people_are_called_or_wrote_is_logged];

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
