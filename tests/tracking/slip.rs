//! Slips of paper: a short code, and something that the resident knows.

use std::time::Instant;

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};

use super::{json_at, page_at};
use crate::concern::dump;
use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping};

crate::tests![
    a_slip_leads_to_the_page_without_any_address,
    the_page_has_two_fields_and_leads_on,
    a_wrong_code_and_a_wrong_answer_are_told_alike,
    attempts_are_counted_by_code_and_by_address,
    a_new_slip_a_renewed_link_or_an_ended_one_kill_the_former_slip,
    a_slip_is_printed,
    who_looks_after_the_resident_makes_it_and_it_stands_nowhere_in_clear,
];

/// A concern whose resident left nothing.
pub async fn filed(city: &City) -> Value {
    let mut body = dumping();
    body.as_object_mut().unwrap().remove("resident");
    city.agent().await.post("/v1/concerns", &body).await.created()
}

fn at(concern: &Value, what: &str) -> String {
    format!("/v1/concerns/{}/{what}", concern["id"].as_str().unwrap())
}

pub async fn slip(who: &Caller, concern: &Value, factor: &str) -> String {
    let made = who.post(&at(concern, "slip"), &json!({ "factor": factor })).await.created();
    made["code"].as_str().unwrap().to_owned()
}

async fn follow(city: &City, code: &str, factor: &str) -> Reply {
    city.stranger().post("/v1/tracking", &json!({ "code": code, "factor": factor })).await
}

async fn a_slip_leads_to_the_page_without_any_address() {
    let city = City::new().await;
    let concern = filed(&city).await;
    let code = slip(&city.agent().await, &concern, "12 bis").await;
    assert_eq!((code.len(), code.as_bytes()[4]), (9, b'-'));
    for (typed, factor) in
        [(code.clone(), "12 bis"), (code.to_lowercase().replace('-', " "), "12BIS"), (code, "n° 12-bis")]
    {
        let answer = follow(&city, &typed, factor).await;
        let path = answer.is(303).header("location").unwrap().to_owned();
        let page = json_at(&city, &path).await;
        assert_eq!((&page["mails"], &page["language"]), (&json!("no_address"), &json!("fr")));
        assert_eq!(page["tickets"][0]["reference"], concern["tickets"][0]["reference"]);
    }
    // The page is as good as that of a link.
    let proprete = city.proprete().await;
    proprete.resolve(&proprete.acknowledge(&concern["tickets"][0]).await.ok()).await.ok();
    let code = slip(&city.dispatcher().await, &concern, "12").await;
    let path = follow(&city, &code, "12").await.is(303).header("location").unwrap().to_owned();
    city.stranger().post(&format!("{path}/feedback"), &json!({ "solved": "yes" })).await.ok();
    assert_eq!(proprete.ticket(&concern["tickets"][0]).await["feedback"], "solved");
    city.stop().await;
}

async fn the_page_has_two_fields_and_leads_on() {
    let city = City::new().await;
    let concern = filed(&city).await;
    let code = slip(&city.agent().await, &concern, "12").await;
    let page = page_at(&city, "/v1/tracking").await.is(200).text.clone();
    assert!(page.contains("name=\"code\"") && page.contains("name=\"factor\"") && !page.contains("<script"), "{page}");
    let submit = async |code: &str, factor: &str| {
        city.stranger().submit("/v1/tracking", &[("code", code), ("factor", factor)]).await
    };
    assert!(submit(&code, "12").await.is(303).header("location").unwrap().starts_with("/v1/tracking/"));
    for (code, factor) in [(code.as_str(), "13"), ("", "")] {
        let answer = submit(code, factor).await;
        assert!(answer.is(422).text.contains("Le code ou la réponse ne convient pas"), "{}", answer.text);
    }
    city.stop().await;
}

async fn a_wrong_code_and_a_wrong_answer_are_told_alike() {
    let city = City::new().await;
    let concern = filed(&city).await;
    let code = slip(&city.agent().await, &concern, "12").await;
    let timed = async |code: &str, factor: &str| {
        let began = Instant::now();
        let problem = follow(&city, code, factor).await.refused(422, "wrong_slip");
        (problem, began.elapsed().as_millis())
    };
    let (first, least) = timed(&code, "13").await;
    for (code, factor) in [("0000-0000", "12"), ("nope", "12"), (code.as_str(), "–")] {
        let (told, took) = timed(code, factor).await;
        assert_eq!(told, first);
        assert!(took >= 300 && least >= 300, "{took} and {least} ms: no sooner when there is no such slip");
    }
    city.stop().await;
}

async fn attempts_are_counted_by_code_and_by_address() {
    let city = City::new().await;
    let concern = filed(&city).await;
    let code = slip(&city.agent().await, &concern, "12").await;
    for number in 20..25 {
        follow(&city, &code, &number.to_string()).await.refused(422, "wrong_slip");
    }
    let refused = follow(&city, &code, "12").await;
    refused.refused(429, "too_many_attempts");
    assert_eq!(refused.header("retry-after"), Some("601"));
    let page = city.stranger().submit("/v1/tracking", &[("code", &code), ("factor", "12")]).await;
    assert_eq!((page.is(429).header("retry-after"), page.text.contains("<form")), (Some("601"), true));
    assert!(page.text.contains("Trop de tentatives : réessayez dans 10 minutes."), "{}", page.text);
    city.clock.forward(Duration::minutes(10));
    follow(&city, &code, "12").await.is(303);
    // Whoever tries codes is held up at their address.
    let mut refused = None;
    for number in 0..40 {
        let answer = follow(&city, &format!("0000-{number:04}"), "12").await;
        if answer.status == 429 {
            refused = Some(number);
            break;
        }
    }
    assert_eq!(refused, Some(20));
    city.stop().await;
}

async fn a_new_slip_a_renewed_link_or_an_ended_one_kill_the_former_slip() {
    let city = City::new().await;
    let concern = filed(&city).await;
    let agent = city.agent().await;
    let first = slip(&agent, &concern, "12").await;
    let second = slip(&agent, &concern, "12").await;
    assert_ne!(first, second);
    follow(&city, &first, "12").await.refused(422, "wrong_slip");
    let page = follow(&city, &second, "12").await.is(303).header("location").unwrap().to_owned();
    assert_eq!(agent.post(&at(&concern, "tracking/renew"), &json!({})).await.ok(), json!({ "mailed": false }));
    follow(&city, &second, "12").await.refused(422, "wrong_slip");
    page_at(&city, &page).await.is(404);
    let third = slip(&agent, &concern, "12").await;
    assert!(![&first, &second].contains(&&third), "no code comes back");
    follow(&city, &third, "12").await.is(303);
    agent.post(&at(&concern, "tracking/end"), &json!({})).await.ok();
    follow(&city, &third, "12").await.refused(422, "wrong_slip");
    // Who is given a slip after that has a link again.
    let fourth = slip(&agent, &concern, "12").await;
    follow(&city, &fourth, "12").await.is(303);
    follow(&city, &third, "12").await.refused(422, "wrong_slip");
    city.stop().await;
}

async fn a_slip_is_printed() {
    let city = City::new().await;
    let concern = filed(&city).await;
    let agent = city.agent().await;
    let request = agent.request(Method::POST, &at(&concern, "slip")).header("Accept", "text/html");
    let reply = agent.send(request.json(&json!({ "factor": "12 bis" }))).await;
    let page = &reply.is(201).text.replace("&#x2f;", "/");
    let code = page.split("class=\"code\">").nth(1).unwrap().split('<').next().unwrap();
    assert!(page.contains("size: A6") && page.contains("<svg") && page.contains("/v1/tracking"), "{page}");
    for hidden in ["12 bis", "matelas", "Pigeonnier", "AMI-26"] {
        assert!(!page.contains(hidden), "the slip says {hidden}");
    }
    follow(&city, code, "12 bis").await.is(303);
    city.stop().await;
}

async fn who_looks_after_the_resident_makes_it_and_it_stands_nowhere_in_clear() {
    let city = City::new().await;
    let concern = filed(&city).await;
    let factor = json!({ "factor": "Zanzibar" });
    city.proprete().await.post(&at(&concern, "slip"), &factor).await.refused(403, "action_not_yours");
    city.other_agent().await.post(&at(&concern, "slip"), &factor).await.refused(403, "action_not_yours");
    city.voirie().await.post(&at(&concern, "slip"), &factor).await.refused(404, "not_found");
    city.stranger().post(&at(&concern, "slip"), &factor).await.refused(401, "unauthenticated");
    let agent = city.agent().await;
    let nothing = agent.post(&at(&concern, "slip"), &json!({ "factor": " - " })).await;
    nothing.refused_fields(422, "invalid_content", &[("/factor", "empty")]);
    // A key makes no difference: the answer would have to be kept.
    let request = agent.request(Method::POST, &at(&concern, "slip")).header("Idempotency-Key", "k").json(&factor);
    let code = agent.send(request).await.created()["code"].as_str().unwrap().to_owned();
    let path = follow(&city, &code, "zanzibar").await.is(303).header("location").unwrap().to_owned();
    let everything = dump(&city).await;
    let token = path.rsplit('/').next().unwrap();
    for secret in [code.as_str(), &code.replace('-', ""), "anzibar", token] {
        assert!(!everything.contains(secret), "{secret} stands in the database");
    }
    let audited = city.audited().await;
    assert!(audited.contains(&json!({ "type": "slip_made", "concern": concern["id"] })), "{audited:?}");
    city.stop().await;
}
