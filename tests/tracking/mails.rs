//! Residents who want no mails.

use chrono::Duration;
use mail_parser::Message;
use reqwest::Method;
use serde_json::json;

use super::{json_at, page_at};
use crate::support::caller::Reply;
use crate::support::city::{City, dumping, link};

crate::tests![
    each_letter_to_a_resident_says_how_to_stop_them,
    one_post_stops_them_at_once_and_the_page_goes_on,
    what_waited_ends_unsent_and_is_no_failure,
    mails_that_were_stopped_come_again_when_asked_for,
    a_service_can_still_write_on_the_page,
];

const RESIDENT: &str = "habitante@mail.example";

/// The path that a letter's `List-Unsubscribe` leads to.
fn unsubscribe(letter: &Message<'_>) -> String {
    let header = letter.header_raw("List-Unsubscribe").unwrap().trim();
    let url = header.strip_prefix('<').and_then(|url| url.strip_suffix('>')).unwrap();
    url[url.find("/v1/").unwrap()..].to_owned()
}

/// As a mail program posts (RFC 8058, 3.1).
async fn one_click(city: &City, path: &str) -> Reply {
    city.stranger().submit(path, &[("List-Unsubscribe", "One-Click")]).await
}

async fn each_letter_to_a_resident_says_how_to_stop_them() {
    let city = City::new().await;
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    let acknowledged = proprete.acknowledge(&ticket).await.ok();
    proprete
        .post(
            &format!("/v1/tickets/{}/resident_messages", ticket["id"].as_str().unwrap()),
            &json!({ "text": "Bonjour" }),
        )
        .await
        .created();
    city.clock.forward(Duration::minutes(20));
    city.drain().await;
    city.proprete().await.resolve(&acknowledged).await.ok();
    city.drain().await;
    let letters = city.letters();
    let (to_resident, others): (Vec<_>, Vec<_>) =
        letters.iter().partition(|letter| letter.to().unwrap().first().unwrap().address() == Some(RESIDENT));
    assert_eq!(to_resident.len(), 4, "the receipt, in hand, a message, the outcome");
    for letter in to_resident {
        assert_eq!(letter.header_raw("List-Unsubscribe-Post").map(str::trim), Some("List-Unsubscribe=One-Click"));
        let path = unsubscribe(letter);
        assert_eq!(link(letter, "/v1/tracking/").split('#').next().unwrap(), path.trim_end_matches("/unsubscribe"));
        assert!(letter.body_text(0).unwrap().contains("Ne plus recevoir ces messages\u{a0}: http"));
    }
    assert!(others.iter().all(|letter| letter.header_raw("List-Unsubscribe").is_none()));
    city.stop().await;
}

async fn one_post_stops_them_at_once_and_the_page_goes_on() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    city.drain().await;
    let path = unsubscribe(&city.letters_to(RESIDENT)[0]);
    let page = page_at(&city, &path).await.is(200).text.clone();
    assert!(page.contains("<form method=\"post\"") && page.contains("Ne plus recevoir de messages"), "{page}");
    let tracking = path.trim_end_matches("/unsubscribe").to_owned();
    assert_eq!(json_at(&city, &tracking).await["mails"], "on", "nothing changes on GET");
    let answer = one_click(&city, &path).await;
    assert!(answer.is(200).text.contains("Vous ne recevez plus de messages"), "no redirection (RFC 8058, 3.1)");
    one_click(&city, &path).await.is(200);
    let proprete = city.proprete().await;
    let resolved = proprete.resolve(&proprete.acknowledge(&ticket).await.ok()).await.ok();
    assert_eq!(resolved["feedback"], "not_asked", "nobody is asked");
    city.drain().await;
    assert_eq!(city.letters_to(RESIDENT).len(), 1);
    let page = json_at(&city, &tracking).await;
    assert_eq!((&page["mails"], &page["tickets"][0]["state"]), (&json!("stopped"), &json!("resolved")));
    city.stranger().post(&format!("{tracking}/feedback"), &json!({ "solved": "yes" })).await.ok();
    assert_eq!(proprete.ticket(&ticket).await["feedback"], "solved", "who was not asked may answer");
    one_click(&city, "/v1/tracking/AAAAAAAAAAAAAAAAAAAAAA/unsubscribe").await.is(404);
    city.stop().await;
}

async fn what_waited_ends_unsent_and_is_no_failure() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    city.drain().await;
    let path = unsubscribe(&city.letters_to(RESIDENT)[0]);
    city.proprete().await.acknowledge(&ticket).await.ok();
    one_click(&city, &path).await.is(200);
    let states = "select count(*) from outbox where state = 'stopped' and recipient ->> 'type' = 'resident'";
    assert_eq!(city.database.count(states).await, 1, "at once");
    assert_eq!(city.drain().await, 1, "the officer is told");
    assert_eq!(city.letters_to(RESIDENT).len(), 1);
    let left = "select count(*) from outbox where state in ('pending', 'dead')";
    assert_eq!(city.database.count(left).await, 0);
    // What was appended just before, by who had not seen it, is not sent either.
    let mut connection = city.database.connection().await;
    sqlx::query("update outbox set state = 'pending', finished_at = null where state = 'stopped'")
        .execute(&mut connection)
        .await
        .unwrap();
    assert_eq!(city.drain().await, 0);
    assert_eq!(city.database.count(states).await, 1);
    city.stop().await;
}

async fn mails_that_were_stopped_come_again_when_asked_for() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    city.drain().await;
    let path = unsubscribe(&city.letters_to(RESIDENT)[0]);
    let tracking = path.trim_end_matches("/unsubscribe").to_owned();
    one_click(&city, &path).await.is(200);
    let acknowledged = city.proprete().await.acknowledge(&ticket).await.ok();
    let stranger = city.stranger();
    let resume = |path: &str| stranger.send(stranger.request(Method::POST, &format!("{path}/resume_mails")));
    assert_eq!(resume(&tracking).await.is(303).header("location"), Some(tracking.as_str()));
    resume("/v1/tracking/nope").await.is(404);
    city.drain().await;
    assert_eq!(city.letters_to(RESIDENT).len(), 1, "what was stopped does not come after all");
    city.proprete().await.resolve(&acknowledged).await.ok();
    city.drain().await;
    assert_eq!(city.letters_to(RESIDENT).len(), 2);
    assert_eq!(json_at(&city, &tracking).await["mails"], "on");
    city.stop().await;
}

async fn a_service_can_still_write_on_the_page() {
    let city = City::new().await;
    let filed = city.agent().await.post("/v1/concerns", &dumping()).await.created();
    city.drain().await;
    let path = unsubscribe(&city.letters_to(RESIDENT)[0]);
    let messages = format!("/v1/tickets/{}/resident_messages", filed["tickets"][0]["id"].as_str().unwrap());
    let proprete = city.proprete().await;
    let waiting = proprete.post(&messages, &json!({ "text": "À reprendre" })).await.created();
    one_click(&city, &path).await.is(200);
    // A message that waits can be taken back, though its mail was stopped.
    let taken = format!("{messages}/{}/take_back", waiting["id"].as_str().unwrap());
    proprete.post(&taken, &json!({})).await.ok();
    proprete.post(&messages, &json!({ "text": "Nous passons jeudi." })).await.created();
    city.clock.forward(Duration::minutes(21));
    city.drain().await;
    assert_eq!(city.letters_to(RESIDENT).len(), 1);
    let page = json_at(&city, path.trim_end_matches("/unsubscribe")).await;
    let texts: Vec<_> = page["tickets"][0]["messages"].as_array().unwrap().iter().map(|m| m["text"].clone()).collect();
    assert_eq!(texts, [json!("Nous passons jeudi.")]);
    city.stop().await;
}
