//! Notes, messages to the referrer, messages to the resident: three things that are never one.

use chrono::Duration;
use mail_parser::Message;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use crate::client::register;
use crate::support::caller::Caller;
use crate::support::city::{City, dumping, email, link};

crate::tests![
    a_note_is_for_colleagues_alone_and_tells_those_it_mentions,
    the_service_and_the_referrer_write_to_one_another,
    a_program_that_filed_a_concern_writes_as_its_referrer,
    a_message_to_the_resident_leaves_after_twenty_minutes,
    a_message_to_the_resident_is_taken_back_in_time_or_not_at_all,
    each_is_read_and_written_by_whom_it_is_for,
    a_complaint_about_an_officer_is_not_written_about_to_them,
    what_is_written_leaves_the_ticket_as_it_was,
];

const RESIDENT: &str = "habitante@mail.example";

fn at(ticket: &Value, end: &str) -> String {
    format!("/v1/tickets/{}/{end}", ticket["id"].as_str().unwrap())
}

async fn texts(who: &Caller, ticket: &Value, kind: &str) -> Vec<String> {
    let page = who.get(&at(ticket, kind)).await.ok();
    page["items"].as_array().unwrap().iter().map(|item| item["text"].as_str().unwrap().to_owned()).collect()
}

fn said(letter: &Message<'_>) -> String {
    format!("{}\n{}", letter.subject().unwrap(), letter.body_text(0).unwrap())
}

async fn colleague(who: &Caller, ticket: &Value, name: &str) -> Value {
    let all = who.get(&at(ticket, "colleagues")).await.ok()["items"].clone();
    let found = all.as_array().unwrap().iter().find(|one| one["name"] == name).cloned();
    found.unwrap_or_else(|| panic!("{name} is not among {all}"))
}

async fn a_note_is_for_colleagues_alone_and_tells_those_it_mentions() {
    let city = City::new().await;
    let (ticket, proprete, dispatcher) = (city.dumping().await, city.proprete().await, city.dispatcher().await);
    city.drain().await;
    let nadia = colleague(&proprete, &ticket, "Nadia Fournier").await;
    let amelie = colleague(&proprete, &ticket, "Amélie Petit").await;
    assert_eq!((&nadia["of_service"], &amelie["of_service"]), (&json!(false), &json!(true)));
    let text = "Le gardien a vu un camion : à dire au bailleur ?";
    let body = json!({ "text": text, "mentions": [nadia["id"], amelie["id"], nadia["id"]] });
    let before = city.letters().len();
    let note = proprete.post(&at(&ticket, "notes"), &body).await.created();
    assert_eq!((&note["text"], &note["at"]), (&json!(text), &json!("2026-03-10T09:00:00Z")));
    assert_eq!(note["by"], json!({ "type": "person", "name": "Amélie Petit", "part": "service" }));
    city.drain().await;
    // Nobody is told of their own note; nothing of it stands in the letter.
    let letters = city.letters();
    assert_eq!(letters.len(), before + 1);
    let letter = said(&city.letters_to(&email("nadia.fournier"))[0]);
    assert!(letter.contains(ticket["reference"].as_str().unwrap()) && letter.contains("vous cite"), "{letter}");
    assert!(!letter.contains("camion"), "{letter}");
    dispatcher.post(&at(&ticket, "notes"), &json!({ "text": "Je m’en occupe." })).await.created();
    assert_eq!(texts(&dispatcher, &ticket, "notes").await, [text, "Je m’en occupe."]);
    let page = proprete.get(&format!("{}?limit=1", at(&ticket, "notes"))).await.ok();
    let next = format!("{}?limit=1&cursor={}", at(&ticket, "notes"), page["next_cursor"].as_str().unwrap());
    assert_eq!(proprete.get(&next).await.ok()["items"][0]["text"], "Je m’en occupe.");
    // Who does not read the notes cannot be told of one.
    let stranger = city.account("sophie.morel").await["id"].clone();
    let body =
        json!({ "text": "Bonjour", "mentions": [nadia["id"], stranger, "00000000-0000-0000-0000-000000000000"] });
    proprete.post(&at(&ticket, "notes"), &body).await.refused_fields(
        422,
        "invalid_content",
        &[("/mentions/1", "not_a_colleague"), ("/mentions/2", "not_a_colleague")],
    );
    for (body, fault) in [
        (json!({}), ("/text", "required")),
        (json!({ "text": "" }), ("/text", "too_short")),
        (json!({ "text": "x".repeat(2001) }), ("/text", "too_long")),
    ] {
        proprete.post(&at(&ticket, "notes"), &body).await.refused_fields(400, "invalid_request", &[fault]);
    }
    assert_eq!(texts(&dispatcher, &ticket, "notes").await.len(), 2);
    city.stop().await;
}

async fn the_service_and_the_referrer_write_to_one_another() {
    let city = City::new().await;
    let (ticket, proprete, agent) = (city.dumping().await, city.proprete().await, city.agent().await);
    city.drain().await;
    let (referrer, mailbox) = (email("claire.delattre"), "proprete@ville-amiens.example");
    let (to_referrer, to_service) = (city.letters_to(&referrer).len(), city.letters_to(mailbox).len());
    let question = proprete.post(&at(&ticket, "referrer_messages"), &json!({ "text": "Quel étage ?" })).await.created();
    assert_eq!(question["by"]["part"], "service");
    city.drain().await;
    let letters = city.letters_to(&referrer);
    assert_eq!(letters.len(), to_referrer + 1);
    let letter = said(letters.last().unwrap());
    assert!(letter.contains("un message pour vous") && !letter.contains("étage"), "{letter}");
    let answer = agent.post(&at(&ticket, "referrer_messages"), &json!({ "text": "Le troisième." })).await.created();
    assert_eq!(answer["by"]["part"], "referrer");
    // The referral left a moment ago, and what follows it is gathered.
    city.clock.forward(Duration::minutes(20));
    city.drain().await;
    let (proprete, agent) = (city.proprete().await, city.agent().await);
    let letters = city.letters_to(mailbox);
    assert_eq!(letters.len(), to_service + 1);
    let letter = said(letters.last().unwrap());
    assert!(letter.contains("agent référent") && !letter.contains("troisième"), "{letter}");
    for who in [&agent, &proprete, &city.dispatcher().await] {
        assert_eq!(texts(who, &ticket, "referrer_messages").await, ["Quel étage ?", "Le troisième."]);
    }
    city.stop().await;
}

async fn a_program_that_filed_a_concern_writes_as_its_referrer() {
    let city = City::new().await;
    let program = register(&city, &["concerns:write", "tickets:read", "tickets:write"], &[]).await.caller(&city).await;
    let filed = program.post("/v1/concerns", &dumping()).await.created();
    let ticket = filed["tickets"][0].clone();
    city.drain().await;
    let mailbox = "proprete@ville-amiens.example";
    let before = city.letters_to(mailbox).len();
    let wrote = program.post(&at(&ticket, "referrer_messages"), &json!({ "text": "Le troisième." })).await.created();
    assert_eq!((&wrote["by"]["type"], &wrote["by"]["part"]), (&json!("client"), &json!("referrer")));
    // Of a ticket that somebody else filed, it is the service.
    let other = city.dumping().await;
    let wrote = program.post(&at(&other, "referrer_messages"), &json!({ "text": "Quel étage ?" })).await.created();
    assert_eq!(wrote["by"]["part"], "service");
    assert_eq!(program.acknowledge(&ticket).await.ok()["state"], "acknowledged");
    city.clock.forward(Duration::minutes(20));
    city.drain().await;
    let letters = city.letters_to(mailbox);
    let told = letters[before..].iter().map(said).any(|letter| letter.contains("agent référent"));
    assert!(told, "the service is told of the message");
    city.stop().await;
}

async fn tracked(city: &City, path: &str) -> Value {
    let stranger = city.stranger();
    stranger.send(stranger.request(Method::GET, path).header("Accept", "application/json")).await.ok()["tickets"][0]
        ["messages"]
        .clone()
}

/// A ticket in hand, and its resident's page.
async fn followed(city: &City) -> (Value, String) {
    let ticket = city.proprete().await.acknowledge(&city.dumping().await).await.ok();
    city.drain().await;
    let path = link(&city.letters_to(RESIDENT)[0], "/v1/tracking/");
    (ticket, path)
}

async fn a_message_to_the_resident_leaves_after_twenty_minutes() {
    let city = City::new().await;
    let (ticket, page) = followed(&city).await;
    let before = city.letters_to(RESIDENT).len();
    let text = "Nous passons jeudi ; le portail peut-il rester ouvert ?";
    let message = city.proprete().await.post(&at(&ticket, "resident_messages"), &json!({ "text": text })).await;
    assert_eq!(message.created()["leaves_at"], "2026-03-10T09:20:00Z");
    city.clock.forward(Duration::minutes(20) - Duration::seconds(1));
    // What else is told of the ticket does not wait for it.
    let started = city.proprete().await.start(&ticket).await.ok();
    assert_eq!(city.drain().await, 0, "the officer was told a while ago that it is in hand");
    assert_eq!((city.letters_to(RESIDENT).len(), tracked(&city, &page).await), (before, json!([])));
    city.clock.forward(Duration::seconds(1));
    assert_eq!(tracked(&city, &page).await, json!([{ "at": "2026-03-10T09:20:00Z", "text": text }]));
    city.drain().await;
    let letters = city.letters_to(RESIDENT);
    assert_eq!(letters.len(), before + 1);
    let letter = said(letters.last().unwrap());
    assert!(letter.contains("un message du service") && !letter.contains("jeudi"), "{letter}");
    assert_eq!(link(letters.last().unwrap(), "/v1/tracking/"), page);
    // The outcome stands after it on the page, and leaves at once.
    city.clock.forward(Duration::minutes(1));
    city.proprete().await.resolve(&started).await.ok();
    city.drain().await;
    assert_eq!(city.letters_to(RESIDENT).len(), before + 2);
    let messages = tracked(&city, &page).await;
    assert_eq!((messages.as_array().unwrap().len(), &messages[0]["text"]), (2, &json!(text)));
    city.stop().await;
}

async fn a_message_to_the_resident_is_taken_back_in_time_or_not_at_all() {
    let city = City::new().await;
    let (ticket, page) = followed(&city).await;
    let before = city.letters_to(RESIDENT).len();
    let (wrong, right) = (written(&city, &ticket, "Bonjour M.").await, written(&city, &ticket, "Bonjour").await);
    city.clock.forward(Duration::minutes(19));
    // A colleague may, too.
    let taken = city.dispatcher().await.post(&wrong, &json!({})).await.ok();
    assert_eq!(taken["taken_back_at"], "2026-03-10T09:19:00Z");
    city.clock.forward(Duration::minutes(1));
    let proprete = city.proprete().await;
    assert_eq!(proprete.post(&wrong, &json!({})).await.ok()["taken_back_at"], "2026-03-10T09:19:00Z");
    proprete.post(&right, &json!({})).await.refused(409, "message_has_left");
    city.drain().await;
    assert_eq!(city.letters_to(RESIDENT).len(), before + 1);
    let messages = tracked(&city, &page).await;
    assert_eq!((messages.as_array().unwrap().len(), &messages[0]["text"]), (1, &json!("Bonjour")));
    assert_eq!(texts(&proprete, &ticket, "resident_messages").await, ["Bonjour M.", "Bonjour"], "marked, not gone");
    let elsewhere = city.dumping().await;
    let path = at(&elsewhere, &format!("resident_messages/{}/take_back", right.rsplit('/').nth(1).unwrap()));
    proprete.post(&path, &json!({})).await.refused(404, "not_found");
    // Twice at once: once, and both are told so.
    let path = written(&city, &ticket, "Encore").await;
    let nothing = json!({});
    let (one, two) = tokio::join!(proprete.post(&path, &nothing), proprete.post(&path, &nothing));
    assert_eq!(one.ok()["taken_back_at"], two.ok()["taken_back_at"]);
    city.stop().await;
}

/// Writes to the resident. Returns where the message is taken back.
async fn written(city: &City, ticket: &Value, text: &str) -> String {
    let proprete = city.proprete().await;
    let message = proprete.post(&at(ticket, "resident_messages"), &json!({ "text": text })).await.created();
    at(ticket, &format!("resident_messages/{}/take_back", message["id"].as_str().unwrap()))
}

async fn each_is_read_and_written_by_whom_it_is_for() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    let mut body = dumping();
    body["category"] = json!("neighbour_dispute");
    let restricted = city.agent().await.post("/v1/concerns", &body).await.created()["tickets"][0].clone();
    let text = json!({ "text": "Bonjour" });
    for (who, statuses) in [
        (city.proprete().await, [201, 201, 201]),
        (city.dispatcher().await, [201, 201, 201]),
        (city.agent().await, [403, 201, 403]),
        (city.other_agent().await, [403, 403, 403]),
        (city.voirie().await, [404, 404, 404]),
    ] {
        for (kind, status) in ["notes", "referrer_messages", "resident_messages"].into_iter().zip(statuses) {
            let reply = who.post(&at(&ticket, kind), &text).await;
            assert_eq!(reply.status, status, "{kind}: {}", reply.text);
            let listed = who.get(&at(&ticket, kind)).await;
            assert_eq!(listed.status, if status == 201 { 200 } else { status }, "{kind}: {}", listed.text);
            if status == 403 {
                let problem = reply.refused(403, "action_not_yours");
                assert!(problem["detail"].as_str().unwrap().starts_with("Cela revient à : la régulation"), "{problem}");
            }
        }
        let colleagues = who.get(&at(&ticket, "colleagues")).await;
        assert_eq!(colleagues.status, if statuses[0] == 201 { 200 } else { statuses[0] });
    }
    // The referrer of a restricted ticket is written to, and reads no note.
    let agent = city.agent().await;
    agent.get(&at(&restricted, "notes")).await.refused(403, "action_not_yours");
    agent.post(&at(&restricted, "referrer_messages"), &text).await.created();
    city.other_agent().await.get(&at(&restricted, "referrer_messages")).await.refused(404, "not_found");
    // Nobody to write to.
    let mut anonymous = dumping();
    anonymous["resident"] = json!({ "phone": "+33612345678" });
    let anonymous = agent.post("/v1/concerns", &anonymous).await.created()["tickets"][0].clone();
    let reply = city.proprete().await.post(&at(&anonymous, "resident_messages"), &text).await;
    reply.refused(409, "resident_without_address");
    city.stop().await;
}

async fn a_complaint_about_an_officer_is_not_written_about_to_them() {
    let city = City::new().await;
    let mut body = dumping();
    body["category"] = json!("officer_complaint");
    let filed = city.agent().await.post("/v1/concerns", &body).await.created();
    let dispatcher = city.dispatcher().await;
    let concern = format!("/v1/concerns/{}", filed["id"].as_str().unwrap());
    let ticket = dispatcher.get(&concern).await.ok()["tickets"][0].clone();
    city.drain().await;
    let before = city.letters().len();
    let reply = dispatcher.post(&at(&ticket, "referrer_messages"), &json!({ "text": "Bonjour" })).await;
    reply.refused(409, "hidden_from_referrer");
    city.agent().await.get(&at(&ticket, "referrer_messages")).await.refused(404, "not_found");
    city.drain().await;
    assert_eq!(city.letters().len(), before);
    city.stop().await;
}

async fn what_is_written_leaves_the_ticket_as_it_was() {
    let city = City::new().await;
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    for kind in ["notes", "referrer_messages", "resident_messages"] {
        let request = proprete.request(Method::POST, &at(&ticket, kind)).header("Idempotency-Key", kind);
        let first = proprete.send(request.json(&json!({ "text": "Une fois" }))).await.created();
        let request = proprete.request(Method::POST, &at(&ticket, kind)).header("Idempotency-Key", kind);
        let again = proprete.send(request.json(&json!({ "text": "Une fois" }))).await.created();
        assert_eq!(first, again);
        assert_eq!(texts(&proprete, &ticket, kind).await, ["Une fois"]);
    }
    let dispatcher = city.dispatcher().await;
    assert_eq!(dispatcher.ticket(&ticket).await["version"], ticket["version"]);
    assert_eq!(dispatcher.timeline(&ticket).await.len(), 1);
    proprete.acknowledge(&ticket).await.ok();
    let mut connection = city.database.connection().await;
    for table in ["note", "referrer_message"] {
        for change in [format!("update {table} set text = 'autre'"), format!("delete from {table}")] {
            let refused = connection.execute(AssertSqlSafe(change)).await.unwrap_err();
            assert!(refused.to_string().contains("never changed or deleted"), "{refused}");
        }
    }
    connection.close().await.unwrap();
    city.stop().await;
}
