//! Photographs of requests and of their updates: rules 17 and 19.

use actix_web::web::Bytes;
use chrono::Duration;
use continuum::Mail;
use image::ImageFormat;
use reqwest::Method;
use serde_json::Value;

use super::form::told;
use super::updating::{messages, update};
use super::{key, post, refuses, requested, requests, waste};
use crate::integrate::until;
use crate::support::caller::Reply;
use crate::support::city::City;
use crate::support::database::config;
use crate::support::files::{BOUNDARY, form, photograph};
use crate::webhook::receiver::{Manner, Receiver};

crate::tests![
    rule_17_photographs_of_media_url_are_fetched,
    rule_17_a_photograph_that_cannot_be_had_is_asked_for_again,
    a_photograph_that_cannot_be_finished_is_fetched_by_others_at_once,
    rule_17_what_never_becomes_a_photograph_is_told_to_the_service,
    rule_17_an_address_of_the_house_is_refused,
    rule_17_photographs_are_sent_along,
    rule_17_what_is_sent_along_and_is_none_is_refused,
    rule_19_an_update_brings_photographs,
];

/// A city that fetches from this machine too.
async fn city() -> City {
    City::with(|config| config.private_targets = vec!["127.0.0.0/8".parse().unwrap()]).await
}

/// Where a photograph is.
fn here() -> Receiver {
    let receiver = Receiver::start("127.0.0.1");
    receiver.answers(Manner { body: Bytes::from(photograph(40, 30, ImageFormat::Png)), ..Manner::status(200) });
    receiver
}

/// Fetches whatever is due.
async fn fetch(city: &City) {
    while usecases::open311::fetch_due(&city.instance.context).await.unwrap() > 0 {}
}

/// What a request has.
async fn attachments(city: &City, id: &str) -> Vec<Value> {
    let path = format!("/v1/tickets/{id}/attachments");
    city.dispatcher().await.get(&path).await.ok()["items"].as_array().unwrap().clone()
}

/// What its service was told.
async fn texts(city: &City, id: &str) -> Vec<String> {
    messages(city, id).await.iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect()
}

/// Sends a form with files.
async fn send(city: &City, path: &str, fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Reply {
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(head.as_bytes());
    }
    let end = format!("--{BOUNDARY}--\r\n");
    for (name, file, bytes) in files {
        body.extend_from_slice(form(name, file, bytes).strip_suffix(end.as_bytes()).unwrap());
    }
    body.extend_from_slice(end.as_bytes());
    let stranger = city.stranger();
    let request = stranger.request(Method::POST, &format!("/open311/v2/{path}"));
    stranger.send(request.header("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}")).body(body)).await
}

async fn rule_17_photographs_of_media_url_are_fetched() {
    let (city, receiver) = (city().await, here());
    let key = key(&city, &[]).await;
    let urls = ["rue.png", "mur.png?token=1"].map(|name| format!("http://{}/{name}", receiver.at));
    let fields = waste(&key, &[("media_url", &urls[0]), ("media_url", &urls[1])]);
    for form in ["json", "xml"] {
        let made = told(post(&city, &format!("requests.{form}"), &fields).await.is(200), "service_requests");
        let made = &made[0];
        assert!(made["service_notice"].as_str().unwrap().contains("seront reprises"), "{made}");
        let id = made["service_request_id"].as_str().unwrap();
        assert!(receiver.sent().is_empty() && attachments(&city, id).await.is_empty(), "nobody waits for them");
        fetch(&city).await;
        let had = attachments(&city, id).await;
        let mut names: Vec<&str> = had.iter().map(|one| one["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, ["mur.jpg", "rue.jpg"]);
        assert_eq!((&had[0]["width"], &had[0]["media_type"]), (&40.into(), &"image/jpeg".into()));
        assert!(texts(&city, id).await.is_empty());
        // They are for the service: nothing of them is told to everybody.
        let request = &requests(&city, &format!("service_request_id={id}")).await[0];
        assert_eq!(request["media_url"], Value::Null);
        assert_eq!(receiver.take().len(), 2, "each is fetched once");
    }
    city.stop().await;
}

async fn rule_17_a_photograph_that_cannot_be_had_is_asked_for_again() {
    let (city, receiver) = (city().await, here());
    let key = key(&city, &[]).await;
    let url = format!("http://{}/rue.png", receiver.at);
    let id = requested(&city, &waste(&key, &[("media_url", &url)])).await;
    let away = Manner { location: Some("http://127.0.0.1/".to_owned()), ..Manner::status(302) };
    for (nth, (manner, after)) in [
        (Manner::status(503), Duration::minutes(1)),
        (Manner::status(404), Duration::minutes(10)),
        (away, Duration::hours(1)),
    ]
    .into_iter()
    .enumerate()
    {
        receiver.answers(manner);
        fetch(&city).await;
        city.clock.forward(after - Duration::seconds(1));
        fetch(&city).await;
        assert_eq!(receiver.sent().len(), nth + 1, "not before its time");
        city.clock.forward(Duration::seconds(1));
    }
    receiver.answers(Manner { body: Bytes::from(photograph(40, 30, ImageFormat::Png)), ..Manner::status(200) });
    fetch(&city).await;
    assert_eq!(attachments(&city, &id).await.len(), 1);
    // Another one, which never comes: it is told after a day and some hours.
    receiver.answers(Manner::status(404));
    let id = requested(&city, &waste(&key, &[("media_url", &url)])).await;
    for _ in 0..40 {
        fetch(&city).await;
        city.clock.forward(Duration::hours(1));
    }
    assert_eq!(receiver.sent().len(), 4 + 6, "six times");
    let told = "Une photographie de 127.0.0.1 n’a pas pu être reprise : le serveur ne la donne pas.";
    assert_eq!(texts(&city, &id).await, [told]);
    assert!(attachments(&city, &id).await.is_empty());
    city.stop().await;
}

async fn a_photograph_that_cannot_be_finished_is_fetched_by_others_at_once() {
    let (city, receiver) = (city().await, here());
    receiver.answers(Manner { after: std::time::Duration::from_mins(1), ..Manner::status(200) });
    let url = format!("http://{}/rue.png", receiver.at);
    let id = requested(&city, &waste(&key(&city, &[]).await, &[("media_url", &url)])).await;
    let mut config = config(&city.database.name, Mail::Folder(city.mail.path().to_owned()), &city.clock);
    (config.worker, config.private_targets) = (true, vec!["127.0.0.0/8".parse().unwrap()]);
    let worker = continuum::build(config).await.unwrap();
    until("a photograph that is asked for", async || (!receiver.sent().is_empty()).then_some(())).await;
    worker.stop().await;
    receiver.answers(Manner { body: Bytes::from(photograph(40, 30, ImageFormat::Png)), ..Manner::status(200) });
    // The clock has not moved, so that a lease would never run out.
    fetch(&city).await;
    assert_eq!(attachments(&city, &id).await.len(), 1);
    assert_eq!(receiver.sent().len(), 2);
    city.stop().await;
}

async fn rule_17_what_never_becomes_a_photograph_is_told_to_the_service() {
    let (city, receiver) = (city().await, here());
    let key = key(&city, &[]).await;
    let url = format!("http://{}/rue.png", receiver.at);
    receiver.answers(Manner { body: Bytes::from("<html>"), ..Manner::status(200) });
    let id = requested(&city, &waste(&key, &[("media_url", &url)])).await;
    fetch(&city).await;
    let told = "Une photographie de 127.0.0.1 n’a pas pu être reprise : ni photographie ni PDF.";
    assert_eq!(texts(&city, &id).await, [told]);
    assert_eq!(receiver.sent().len(), 1, "it is not asked for again");
    // It goes on arriving beyond what is accepted.
    receiver.answers(Manner { body: Bytes::from(vec![0xff; 21 << 20]), ..Manner::status(200) });
    let id = requested(&city, &waste(&key, &[("media_url", &url)])).await;
    fetch(&city).await;
    assert_eq!(texts(&city, &id).await, ["Une photographie de 127.0.0.1 n’a pas pu être reprise : trop lourde."]);
    // The ticket ended before it came.
    let fields = waste(&key, &[("media_url", &url)]);
    let id = requested(&city, &fields).await;
    let cancelled = post(&city, "servicerequestupdates.json", &update(&key, &id, "u-1", "CANCELLED")).await;
    cancelled.is(200);
    receiver.answers(Manner { body: Bytes::from(photograph(40, 30, ImageFormat::Png)), ..Manner::status(200) });
    fetch(&city).await;
    let told = "Une photographie de 127.0.0.1 n’a pas pu être reprise : la saisine est terminée.";
    assert!(texts(&city, &id).await.contains(&told.to_owned()));
    city.stop().await;
}

async fn rule_17_an_address_of_the_house_is_refused() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    for (url, says) in [
        ("https://127.0.0.1/rue.png", "n’est pas publique"),
        ("https://169.254.169.254/latest/meta-data", "n’est pas publique"),
        ("https://[::1]/rue.png", "n’est pas publique"),
        ("http://photos.example/rue.png", "https://"),
        ("file:///etc/passwd", "https://"),
        ("https://somebody:secret@photos.example/rue.png", "mot de passe"),
        ("rue.png", "n’est pas une adresse"),
    ] {
        refuses(&city, "requests", &waste(&key, &[("media_url", url)]), 400, says).await;
    }
    let many = vec![("media_url", "https://photos.example/rue.png"); 11];
    refuses(&city, "requests", &waste(&key, &many), 400, "au plus 10 photographies").await;
    assert!(requests(&city, "").await.is_empty(), "nothing was filed");
    // A name that leads to the house is found out when it is asked for.
    let id = requested(&city, &waste(&key, &[("media_url", "https://localhost/rue.png")])).await;
    fetch(&city).await;
    let told = "Une photographie de localhost n’a pas pu être reprise : rien n’est demandé à cette adresse.";
    assert_eq!(texts(&city, &id).await, [told]);
    city.stop().await;
}

async fn rule_17_photographs_are_sent_along() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let (one, other) = (photograph(40, 30, ImageFormat::Png), photograph(20, 10, ImageFormat::Jpeg));
    // Two services have it: each has the photographs.
    let fields = waste(&key, &[("service_code", "illegal_dumping"), ("description", "Un canapé, déposé <hier>")]);
    let files: [(&str, &str, &[u8]); 3] =
        [("photo1", "rue.png", &one), ("photo2", "mur.jpg", &other), ("photo3", "", b"")];
    for form in ["json", "xml"] {
        let made = told(send(&city, &format!("requests.{form}"), &fields, &files).await.is(200), "service_requests");
        let made = &made[0];
        let id = made["service_request_id"].as_str().unwrap();
        let request = &requests(&city, &format!("service_request_id={id}")).await[0];
        assert_eq!(request["description"], "Un canapé, déposé <hier>");
        let ticket = city.dispatcher().await.get(&format!("/v1/tickets/{id}")).await.ok();
        let concern = ticket["concern_id"].as_str().unwrap();
        let concern = city.dispatcher().await.get(&format!("/v1/concerns/{concern}")).await.ok();
        let tickets = concern["tickets"].as_array().unwrap();
        assert_eq!(tickets.len(), 2, "{concern}");
        for ticket in tickets {
            let had = attachments(&city, ticket["id"].as_str().unwrap()).await;
            let names: Vec<&str> = had.iter().map(|one| one["name"].as_str().unwrap()).collect();
            assert_eq!(names, ["rue.jpg", "mur.jpg"]);
            let (ticket, one) = (ticket["id"].as_str().unwrap(), had[0]["id"].as_str().unwrap());
            let content = format!("/v1/tickets/{ticket}/attachments/{one}/content");
            let content = city.dispatcher().await.get(&content).await;
            assert_eq!(content.is(200).header("content-type"), Some("image/jpeg"));
        }
    }
    city.stop().await;
}

async fn rule_17_what_is_sent_along_and_is_none_is_refused() {
    let city = City::new().await;
    let key = key(&city, &[]).await;
    let one = photograph(40, 30, ImageFormat::Png);
    let refused = async |fields: &[(&str, &str)], files: &[(&str, &str, &[u8])], status: u16, says: &str| {
        for form in ["json", "xml"] {
            let reply = send(&city, &format!("requests.{form}"), fields, files).await;
            assert_eq!(reply.status, status, "{}", reply.text);
            assert!(reply.text.contains(says), "{says}: {}", reply.text);
        }
    };
    let fields = waste(&key, &[]);
    refused(&fields, &[("photo1", "rue.png", &one), ("photo2", "a.svg", b"<svg/>")], 400, "a.svg").await;
    refused(&fields, &[("photo1", "rue.png", &one[..40])], 400, "illisible").await;
    refused(&fields, &[("photo1", "rue.png", b"")], 400, "vide").await;
    refused(&fields, &[("photo1", "rue.png", &vec![0xff; 21 << 20])], 400, "trop lourd").await;
    refused(&fields, &[("photo1", "rue.png", one.as_slice()); 11], 400, "au plus 10").await;
    refused(&waste("none", &[]), &[("photo1", "rue.png", &one)], 403, "api_key").await;
    refused(&waste(&key, &[("description", &"a".repeat(300_000))]), &[], 413, "trop longs").await;
    let names: Vec<String> = (0..1001).map(|nth| format!("x{nth}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
    refused(&many, &[], 413, "trop nombreux").await;
    let torn = send(&city, "requests.json", &fields, &[]).await;
    torn.is(200);
    let stranger = city.stranger();
    for body in ["", "--", &format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"api_key\"\r\n\r\nabc")] {
        let request = stranger.request(Method::POST, "/open311/v2/requests.json").body(body.to_owned());
        let request = request.header("Content-Type", format!("multipart/form-data; boundary={BOUNDARY}"));
        let reply = stranger.send(request).await;
        assert!(matches!(reply.status, 400 | 403), "{body}: {}", reply.text);
    }
    assert_eq!(requests(&city, "").await.len(), 1, "what was refused was not filed");
    city.stop().await;
}

async fn rule_19_an_update_brings_photographs() {
    let (city, receiver) = (city().await, here());
    let key = key(&city, &[]).await;
    let id = requested(&city, &waste(&key, &[])).await;
    let url = format!("http://{}/encore.png", receiver.at);
    let mut fields = update(&key, &id, "u-1", "OPEN");
    fields.push(("media_url", &url));
    let one = photograph(40, 30, ImageFormat::Png);
    for _ in 0..2 {
        send(&city, "servicerequestupdates.xml", &fields, &[("photo1", "là.png", &one)]).await.is(200);
    }
    fetch(&city).await;
    let had = attachments(&city, &id).await;
    let names: Vec<&str> = had.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["là.jpg", "encore.jpg"], "the same one, sent twice, is one");
    // A request that has ended takes none: the update is kept, and what is missing is told.
    let ended = update(&key, &id, "u-2", "CANCELLED");
    post(&city, "servicerequestupdates.xml", &ended).await.is(200);
    let fields = update(&key, &id, "u-3", "");
    send(&city, "servicerequestupdates.xml", &fields, &[("photo1", "là.png", &one)]).await.is(200);
    let told = "Une photographie jointe n’a pas pu être reprise : la saisine est terminée.";
    assert!(texts(&city, &id).await.contains(&told.to_owned()), "{:?}", texts(&city, &id).await);
    assert_eq!(attachments(&city, &id).await.len(), 2);
    city.stop().await;
}
