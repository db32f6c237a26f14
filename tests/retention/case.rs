//! Cases in which everybody has written something, each by another way; and where their words are found afterwards.

use std::path::Path;

use continuum::Mail;
use image::ImageFormat;
use notify::Drained;
use reqwest::Method;
use serde_json::{Value, json};

use crate::cafe;
use crate::client::register;
use crate::concern::dump;
use crate::inbound::{answer, hand_in, program, unplaced};
use crate::open311::{key, requested, waste};
use crate::partner;
use crate::support::city::{City, link};
use crate::support::files::{below, photograph, upload};
use crate::support::smtp::{Behaviour, SmtpServer};
use crate::webhook::receiver::{Manner, Receiver};
use crate::webhook::{deliver, hook};

/// Everything that is known of the resident, and a word in each text that anybody writes about their case.
const KNOWN: [&str; 35] = [
    "Zéphyrine",
    "zephyrine@mail.example",
    "+33612345678",
    "word-description",
    "word-address",
    "word-answer",
    "word-acknowledge",
    "word-hold",
    "word-note",
    "word-to-referrer",
    "word-to-resident",
    "word-outcome",
    "word-feedback",
    "word-attachment",
    "word-reopen",
    // E-mail that came in: of a service, of the resident, and of somebody whom the dispatcher put with the ticket.
    "word-mailbox",
    "word-reply",
    "word-settled",
    // What was given on sending back, passing on, ending; by a partner through its link too.
    "word-refuse",
    "word-reroute",
    "word-landlord",
    "word-partner",
    "word-returned",
    "word-body-told",
    "word-closed",
    "word-cancel",
    "word-spot",
    // Over Open311: a photograph that was fetched, and one that could not be.
    "word-photograph",
    "word-media",
    // What servers said of e-mails to the resident and to a service, and of an event.
    "word-undeliverable",
    "word-dead",
    "word-webhook",
    "word-open311",
    // A list that somebody kept.
    "word-list",
    "word-sought",
];

/// What the resident left to be reached, which stands nowhere in clear.
const SEALED: [&str; 2] = ["zephyrine@mail.example", "+33612345678"];

/// What was written of cafés, which goes by the age of the café.
pub const OF_CAFES: [&str; 2] = ["word-remarks", "word-called-off"];

/// What stands in clear as long as nothing was erased.
pub fn words() -> Vec<&'static str> {
    KNOWN.into_iter().filter(|word| !SEALED.contains(word)).chain(OF_CAFES).collect()
}

/// What the tables and the files hold of it.
pub async fn known(city: &City, files: &Path) -> Vec<&'static str> {
    let mut everything = dump(city).await;
    for file in below(files) {
        everything += &file.display().to_string();
        everything += &String::from_utf8_lossy(&std::fs::read(&file).unwrap());
    }
    // The search index folds and stems what it holds.
    let folded = everything.to_lowercase();
    let is_there = |word: &&str| everything.contains(*word) || folded.contains(&word.to_lowercase().replace('é', "e"));
    KNOWN.into_iter().chain(OF_CAFES).filter(is_there).collect()
}

/// A case in which everybody has written something, ended.
pub async fn lived(city: &City) -> Value {
    let (agent, proprete) = (city.agent().await, city.proprete().await);
    let body = json!({
        "origin": "patrol",
        "category": "illegal_dumping",
        "description": "Un canapé word-description devant chez Zéphyrine",
        "place": { "lat": 49.912_123, "lon": 2.297_234, "address": "3 rue word-address" },
        "resident": { "name": "Zéphyrine", "email": "zephyrine@mail.example", "phone": "+33612345678" },
    });
    let filed = agent.post("/v1/concerns", &body).await.created();
    for other in &filed["tickets"].as_array().unwrap()[1..] {
        agent.act(other, "cancel", &json!({ "note": "Rien à constater" })).await.ok();
    }
    let ticket = filed["tickets"][0].clone();
    let path = format!("/v1/tickets/{}", ticket["id"].as_str().unwrap());
    upload(&agent, &ticket, "word-attachment.jpg", &photograph(20, 20, ImageFormat::Jpeg)).await.created();
    let ticket = proprete.ticket(&ticket).await;
    let ticket = proprete.act(&ticket, "acknowledge", &json!({ "note": "word-acknowledge" })).await.ok();
    let held = json!({ "reason": "weather", "resume_on": "2026-03-12", "note": "word-hold" });
    let ticket = proprete.act(&ticket, "hold", &held).await.ok();
    proprete.post(&format!("{path}/notes"), &json!({ "text": "word-note chez Zéphyrine" })).await.created();
    proprete.post(&format!("{path}/referrer_messages"), &json!({ "text": "word-to-referrer" })).await.created();
    proprete.post(&format!("{path}/resident_messages"), &json!({ "text": "word-to-resident" })).await.created();
    let outcome = json!({ "closure_reason": "work_done", "message_to_resident": "word-outcome", "note": "word-note" });
    let ticket = proprete.act(&proprete.ticket(&ticket).await, "resolve", &outcome).await.ok();
    let ticket = agent.act(&ticket, "reopen", &json!({ "note": "word-reopen" })).await.ok();
    let ticket = proprete.act(&ticket, "acknowledge", &json!({})).await.ok();
    let ticket = proprete.act(&ticket, "resolve", &outcome).await.ok();
    city.drain().await;
    let letter = city.letters_to("zephyrine@mail.example").pop().unwrap();
    let tracking = link(&letter, "/v1/tracking/");
    let tracking = tracking.split('#').next().unwrap().to_owned();
    let said = json!({ "solved": "no", "reason": "other", "text": "word-feedback" });
    city.stranger().post(&format!("{tracking}/feedback"), &said).await.is(200);
    let ticket = city.dispatcher().await.close(&city.dispatcher().await.ticket(&ticket).await).await.ok();
    // Others, of somebody who left nothing: a lamp, which has a question that is answered in words, and goes out often.
    let lamp = json!({
        "origin": "patrol",
        "category": "street_light_out",
        "description": "Lampe éteinte",
        "answers": { "extent": "lamp", "post": "word-answer" },
        "place": { "lat": 49.9121, "lon": 2.2972 },
    });
    let mut lamps = Vec::new();
    for _ in 0..3 {
        let ticket = agent.post("/v1/concerns", &lamp).await.created()["tickets"][0].clone();
        agent.act(&ticket, "cancel", &json!({ "note": "Elle brille" })).await.ok();
        lamps.push(ticket["reference"].clone());
    }
    json!({ "ticket": ticket, "tracking": tracking, "lamps": lamps })
}

const RESIDENT: &str = "zephyrine@mail.example";
const NEIGHBOUR: &str = "voisin@mail.example";
const SERVICE: &str = "voirie@ville-amiens.example";

/// What is said and written by every other way: by e-mail, by a partner, on the spot, over Open311, and by the servers that
/// e-mails and events go to. All of it has ended. Returns how many concerns there are.
pub async fn lived_otherwise(city: &City) -> u32 {
    city.take_mail_back().await;
    let receiver = Receiver::start("127.0.0.1");
    receiver.answers(Manner { body: "word-webhook".into(), ..Manner::status(500) });
    let follower = register(city, &["tickets:read"], &[]).await.caller(city).await;
    hook(&follower, &receiver.url()).await;
    by_mail(city).await;
    by_a_partner(city).await;
    on_the_spot(city).await;
    over_open311(city, &receiver).await;
    undelivered(city).await;
    receiver.answers(Manner { body: "word-webhook".into(), ..Manner::status(500) });
    deliver(city).await;
    assert_eq!(city.database.count("select count(*) from webhook_delivery where status = 500").await, 1);
    receiver.stop().await;
    of_cafes(city).await;
    let kept = json!({ "name": "word-list", "parameters": { "q": ["word-sought"] } });
    city.agent().await.post("/v1/filters", &kept).await.created();
    6
}

/// A concern that one service gets. Returns its ticket.
async fn pothole(city: &City) -> Value {
    let body = json!({
        "origin": "patrol",
        "category": "pothole",
        "description": "Un nid-de-poule devant chez Zéphyrine",
        "place": { "lat": 49.8942, "lon": 2.2957 },
        "resident": { "name": "Zéphyrine", "email": RESIDENT },
    });
    city.agent().await.post("/v1/concerns", &body).await.created()["tickets"][0].clone()
}

/// Everybody answers by e-mail; somebody writes who has no part in it, and somebody who does not say what they mean.
async fn by_mail(city: &City) {
    let server = program(city, &["mail:inbound"]).await;
    let (ticket, voirie, desk) = (pothole(city).await, city.voirie().await, city.dispatcher().await);
    let reference = ticket["reference"].as_str().unwrap();
    let letter = async |to: &str| {
        city.drain().await;
        let letters = city.letters_to(to);
        letters.into_iter().rfind(|letter| letter.subject().unwrap().contains(reference)).unwrap()
    };
    let to_service = letter(SERVICE).await;
    let hear = async |mail: String, outcome: &str| assert_eq!(hand_in(&server, &mail).await["outcome"], outcome);
    hear(answer(&to_service, SERVICE, "1", "word-mailbox"), "placed").await;
    hear(answer(&to_service, NEIGHBOUR, "2", "Et chez moi ?"), "unplaced").await;
    let taken = voirie.acknowledge(&ticket).await.ok();
    hear(answer(&letter(RESIDENT).await, RESIDENT, "3", "word-reply"), "placed").await;
    let lost = |id: &str, text: &str| {
        format!(
            "From: {NEIGHBOUR}\r\nTo: retours@ville-amiens.example\r\nMessage-ID: <{id}@mail.example>\r\n\
             Subject: Bonjour\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        )
    };
    hear(lost("4", "word-settled"), "unplaced").await;
    let mail = unplaced(city).await.pop().unwrap();
    let path = format!("/v1/inbound/{}/settle", mail["id"].as_str().unwrap());
    desk.post(&path, &json!({ "ticket": reference })).await.is(204);
    hear(lost("5", "Je cherche mon chat."), "unplaced").await;
    let resolved = voirie.resolve(&voirie.ticket(&taken).await).await.ok();
    desk.close(&resolved).await.ok();
}

/// A ticket that is sent back, passed on to a partner, who writes, and sends it back too.
async fn by_a_partner(city: &City) {
    let (ticket, desk) = (pothole(city).await, city.dispatcher().await);
    let refusal = json!({ "reason": "not_competent", "note": "word-refuse" });
    let ticket = city.voirie().await.act(&ticket, "refuse", &refusal).await.ok();
    let ticket = desk.act(&ticket, "reroute", &json!({ "service": "bailleur", "note": "word-reroute" })).await.ok();
    city.drain().await;
    let path = partner::newest_link(city, partner::LANDLORD);
    let act = async |action: &str, body: Value| {
        let version = desk.ticket(&ticket).await["version"].as_i64().unwrap();
        partner::act(city, &path, version, action, &body).await.ok()
    };
    act("message", json!({ "to": "referrer", "text": "word-landlord" })).await;
    act("acknowledge", json!({ "note": "word-partner" })).await;
    act("refuse", json!({ "reason": "not_competent", "note": "word-returned" })).await;
    let end = json!({
        "closure_reason": "not_competent", "body_told": "word-body-told", "message_to_resident": "word-closed"
    });
    desk.act(&desk.ticket(&ticket).await, "close", &end).await.ok();
}

/// A question that is answered at once. The answer to the request is kept too, for a day, in case it is repeated.
async fn on_the_spot(city: &City) {
    let body = json!({
        "origin": "patrol",
        "category": "pm_careers",
        "description": "Comment devenir policier ?",
        "answer": "Par concours, word-spot",
        "place": { "lat": 49.9121, "lon": 2.2972 },
    });
    let agent = city.agent().await;
    let request = agent.request(Method::POST, "/v1/concerns").header("Idempotency-Key", "once");
    agent.send(request.json(&body)).await.created();
}

/// Requests with photographs that are elsewhere: one is fetched, the other cannot be had.
async fn over_open311(city: &City, receiver: &Receiver) {
    let (key, desk) = (key(city, &[]).await, city.dispatcher().await);
    for (name, manner) in [
        ("word-photograph", Manner { body: photograph(40, 30, ImageFormat::Png).into(), ..Manner::status(200) }),
        ("word-media", Manner::status(503)),
    ] {
        receiver.answers(manner);
        let url = format!("http://{}/{name}.png", receiver.at);
        let own = [("description", "word-open311"), ("media_url", url.as_str()), ("email", RESIDENT)];
        let id = requested(city, &waste(&key, &own)).await;
        while usecases::open311::fetch_due(&city.instance.context).await.unwrap() > 0 {}
        let ticket = desk.get(&format!("/v1/tickets/{id}")).await.ok();
        desk.act(&ticket, "cancel", &json!({ "note": "word-cancel" })).await.ok();
    }
    assert_eq!(city.database.count("select count(*) from photograph_to_fetch").await, 1);
}

/// E-mails that mail servers refuse for good, in words that name somebody.
async fn undelivered(city: &City) {
    city.drain().await;
    let server = SmtpServer::start();
    let refuse = [(RESIDENT, "550 5.7.1 word-undeliverable"), (SERVICE, "550 5.7.1 word-dead, Zéphyrine")];
    let refuse = refuse.map(|(to, words)| (to.to_owned(), words.to_owned())).into();
    server.behave(&Behaviour { refuse, ..Behaviour::default() });
    let ticket = pothole(city).await;
    let other = city.second_with(|config| config.mail = Mail::Smtp(server.url().into())).await;
    while other.worker.drain().await.unwrap() != Drained::default() {}
    other.stop().await;
    assert_eq!(city.database.count("select count(*) from outbox where state = 'dead'").await, 2);
    let called_off = json!({ "note": "word-cancel", "message_to_resident": "word-cancel" });
    city.dispatcher().await.act(&ticket, "cancel", &called_off).await.ok();
}

/// A café that was held and reported, and one that was called off.
async fn of_cafes(city: &City) {
    let agent = city.agent().await;
    let now = json!({ "starts_at": "2026-03-10T09:00:00Z", "ends_at": "2026-03-10T11:00:00Z" });
    let planned = cafe::plan(&agent, now.clone()).await;
    let held = agent.post(&cafe::path(&planned, "/hold"), &json!({})).await.ok();
    cafe::report(&agent, &held, &json!({ "headcount": 12, "remarks": "word-remarks" })).await.ok();
    let planned = cafe::plan(&agent, now).await;
    agent.post(&cafe::path(&planned, "/cancel"), &json!({ "reason": "word-called-off" })).await.ok();
}
