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
    who_has_mails_again_is_told_once_how_it_stands,
    who_missed_nothing_is_told_nothing,
    a_link_that_was_replaced_or_ended_still_stops_the_mails,
    links_that_were_replaced_before_are_learnt,
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

async fn resume(city: &City, tracking: &str) -> Reply {
    let stranger = city.stranger();
    stranger.send(stranger.request(Method::POST, &format!("{tracking}/resume_mails"))).await
}

async fn who_has_mails_again_is_told_once_how_it_stands() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    city.drain().await;
    let path = unsubscribe(&city.letters_to(RESIDENT)[0]);
    let tracking = path.trim_end_matches("/unsubscribe").to_owned();
    one_click(&city, &path).await.is(200);
    let proprete = city.proprete().await;
    let acknowledged = proprete.acknowledge(&ticket).await.ok();
    let resolved = proprete.resolve(&acknowledged).await.ok();
    city.drain().await;
    assert_eq!(resume(&city, &tracking).await.is(303).header("location"), Some(tracking.as_str()));
    resume(&city, &tracking).await.is(303);
    resume(&city, "/v1/tracking/nope").await.is(404);
    city.drain().await;
    let letters = city.letters_to(RESIDENT);
    assert_eq!(letters.len(), 2, "one for all that was missed, not one for each");
    assert_eq!(letters[1].subject(), Some("Où en est votre demande"));
    let words = letters[1].body_text(0).unwrap().replace('\u{a0}', " ");
    let reference = ticket["reference"].as_str().unwrap();
    assert!(words.contains(reference) && words.contains("Où elle en est : Traitée par le service."), "{words}");
    assert_eq!(link(&letters[1], "/v1/tracking/"), tracking);
    assert!(!words.contains("C’est fait"), "what was written is read on the page: {words}");

    // From then on they come as ever.
    city.agent().await.reopen(&resolved).await.ok();
    let proprete = city.proprete().await;
    proprete.acknowledge(&proprete.ticket(&ticket).await).await.ok();
    city.drain().await;
    assert_eq!(city.letters_to(RESIDENT).len(), 3);
    assert_eq!(json_at(&city, &tracking).await["mails"], "on");

    // What waited when they were stopped was missed too.
    proprete.resolve(&proprete.ticket(&ticket).await).await.ok();
    one_click(&city, &path).await.is(200);
    city.clock.forward(Duration::minutes(1));
    resume(&city, &tracking).await.is(303);
    city.drain().await;
    let subjects: Vec<_> = city.letters_to(RESIDENT).iter().map(|l| l.subject().unwrap().to_owned()).collect();
    assert_eq!((subjects.len(), subjects[3].as_str()), (4, "Où en est votre demande"), "{subjects:?}");
    city.stop().await;
}

async fn who_missed_nothing_is_told_nothing() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    let proprete = city.proprete().await;
    let acknowledged = proprete.acknowledge(&ticket).await.ok();
    city.drain().await;
    let before = city.letters_to(RESIDENT).len();
    let path = unsubscribe(&city.letters_to(RESIDENT)[0]);
    let tracking = path.trim_end_matches("/unsubscribe").to_owned();
    city.clock.forward(Duration::minutes(1));
    one_click(&city, &path).await.is(200);
    // What residents are not told of, and a message that waits still and leaves by itself.
    let started = proprete.start(&acknowledged).await.ok();
    let messages = format!("/v1/tickets/{}/resident_messages", ticket["id"].as_str().unwrap());
    proprete.post(&messages, &json!({ "text": "Nous passons jeudi." })).await.created();
    resume(&city, &tracking).await.is(303);
    city.drain().await;
    assert_eq!(city.letters_to(RESIDENT).len(), before);
    city.clock.forward(Duration::minutes(20));
    city.drain().await;
    assert_eq!(city.letters_to(RESIDENT).len(), before + 1, "once");
    city.proprete().await.resolve(&started).await.ok();
    city.drain().await;
    assert_eq!(city.letters_to(RESIDENT).len(), before + 2);
    city.stop().await;
}

async fn a_link_that_was_replaced_or_ended_still_stops_the_mails() {
    let city = City::new().await;
    let filed = city.agent().await.post("/v1/concerns", &dumping()).await.created();
    city.drain().await;
    let old = unsubscribe(&city.letters_to(RESIDENT)[0]);
    let of = format!("/v1/concerns/{}/tracking", filed["id"].as_str().unwrap());
    city.agent().await.post(&format!("{of}/renew"), &json!({})).await.ok();
    city.drain().await;
    let new = unsubscribe(city.letters_to(RESIDENT).last().unwrap());
    let (dead, alive) = (old.trim_end_matches("/unsubscribe"), new.trim_end_matches("/unsubscribe"));
    // Looking changes nothing, and tells nothing of the request.
    let page = page_at(&city, &old).await.is(200).text.replace("&#x2f;", "/");
    assert!(page.contains(&format!("action=\"{old}\"")) && !page.contains("resume_mails"), "{page}");
    for secret in ["AMI-26", "Dépôt", "matelas", "Pigeonnier", alive, &format!("href=\"{dead}\"")] {
        assert!(!page.contains(secret), "{secret}: {page}");
    }
    assert_eq!(json_at(&city, alive).await["mails"], "on");
    let answer = one_click(&city, &old).await.is(200).text.clone();
    assert!(answer.contains("Vous ne recevez plus de messages") && !answer.contains("resume_mails"), "{answer}");
    assert_eq!(json_at(&city, alive).await["mails"], "stopped");
    one_click(&city, &old).await.is(200);
    // It does nothing else.
    page_at(&city, dead).await.is(404);
    resume(&city, dead).await.is(404);
    city.stranger().post(&format!("{dead}/feedback"), &json!({ "solved": "yes" })).await.is(404);
    assert_eq!(json_at(&city, alive).await["mails"], "stopped");
    // One that was ended, too: no mail comes once it is renewed.
    resume(&city, alive).await.is(303);
    city.agent().await.post(&format!("{of}/end"), &json!({})).await.ok();
    one_click(&city, &new).await.is(200);
    let renewed = city.agent().await.post(&format!("{of}/renew"), &json!({})).await.ok();
    assert_eq!(renewed, json!({ "mailed": false }));
    city.stop().await;
}

async fn links_that_were_replaced_before_are_learnt() {
    let city = City::new().await;
    let filed = city.agent().await.post("/v1/concerns", &dumping()).await.created();
    city.drain().await;
    let old = unsubscribe(&city.letters_to(RESIDENT)[0]);
    let renew = format!("/v1/concerns/{}/tracking/renew", filed["id"].as_str().unwrap());
    city.agent().await.post(&renew, &json!({})).await.ok();
    sqlx::query("delete from former_link").execute(&mut city.database.connection().await).await.unwrap();
    one_click(&city, &old).await.is(404);
    while usecases::bounce::complete(&city.instance.context).await.unwrap() > 0 {}
    one_click(&city, &old).await.is(200);
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
