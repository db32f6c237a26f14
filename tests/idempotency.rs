//! The same request under the same key is done once.

use chrono::Duration;
use futures_util::future::{join_all, join3};
use reqwest::Method;
use serde_json::{Value, json};

use crate::cafe::plan;
use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping};

crate::tests![
    a_repeat_gets_the_first_answer_and_does_nothing,
    repeats_that_arrive_at_once_file_one_concern,
    repeats_that_arrive_at_once_change_a_ticket_once,
    what_was_done_is_answered_again_whatever_became_of_it,
    repeats_that_see_a_ticket_differently_do_not_wait_for_one_another,
    a_key_belongs_to_one_request_of_one_client,
    a_refused_request_keeps_nothing,
    a_key_that_is_none_is_refused,
    answers_are_kept_for_a_day,
];

async fn file(caller: &Caller, key: &str, body: &Value) -> Reply {
    let request = caller.request(Method::POST, "/v1/concerns").header("Idempotency-Key", key).json(body);
    caller.send(request).await
}

/// Takes a ticket in hand that nobody has changed.
async fn acknowledge(caller: &Caller, ticket: &Value, key: &str) -> Reply {
    let path = format!("/v1/tickets/{}/acknowledge", ticket["id"].as_str().unwrap());
    caller.send(caller.request(Method::POST, &path).header("If-Match", "\"1\"").header("Idempotency-Key", key)).await
}

async fn concerns(city: &City) -> i64 {
    city.database.count("select count(*) from concern").await
}

async fn a_repeat_gets_the_first_answer_and_does_nothing() {
    let city = City::new().await;
    let (agent, proprete) = (city.agent().await, city.proprete().await);
    let (first, second) = (file(&agent, "k", &dumping()).await, file(&agent, "k", &dumping()).await);
    assert_eq!((first.is(201).status, &first.text), (second.status, &second.text));
    assert_eq!(first.header("location"), second.header("location"));
    assert_eq!(concerns(&city).await, 1);
    let ticket = &first.json()["tickets"][0];
    let (first, second) = (acknowledge(&proprete, ticket, "a").await, acknowledge(&proprete, ticket, "a").await);
    assert_eq!((first.is(200).header("etag"), &first.text), (second.is(200).header("etag"), &second.text));
    assert_eq!(proprete.timeline(ticket).await.len(), 2);
    city.stop().await;
}

async fn repeats_that_arrive_at_once_file_one_concern() {
    let city = City::new().await;
    let agent = city.agent().await;
    let body = dumping();
    let replies = join_all((0..8).map(|_| file(&agent, "at-once", &body))).await;
    let first = replies[0].created();
    assert!(replies.iter().all(|reply| reply.created() == first));
    assert_eq!(concerns(&city).await, 1);
    city.stop().await;
}

async fn repeats_that_arrive_at_once_change_a_ticket_once() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    let proprete = city.proprete().await;
    let replies = join_all((0..8).map(|_| acknowledge(&proprete, &ticket, "at-once"))).await;
    let first = replies[0].is(200);
    assert!(replies.iter().all(|reply| (reply.is(200).header("etag"), &reply.text) == (Some("\"2\""), &first.text)));
    assert_eq!(proprete.timeline(&ticket).await.len(), 2);
    city.stop().await;
}

async fn what_was_done_is_answered_again_whatever_became_of_it() {
    let city = City::new().await;
    let (agent, proprete) = (city.agent().await, city.proprete().await);
    let filed = file(&agent, "first", &dumping()).await.created();
    let ticket = &filed["tickets"][0];
    let first = acknowledge(&proprete, ticket, "a").await;
    let taken = first.is(200).json();
    let (path, body) = (
        format!("/v1/tickets/{}/reroute", ticket["id"].as_str().unwrap()),
        json!({ "service": "voirie", "note": "À eux." }),
    );
    let reroute = async || {
        let request = proprete.request(Method::POST, &path).header("If-Match", "\"2\"").header("Idempotency-Key", "b");
        proprete.send(request.json(&body)).await
    };
    let passed_on = reroute().await;
    // The service does not have the ticket any more, and its version is another one.
    proprete.get(&format!("/v1/tickets/{}", ticket["id"].as_str().unwrap())).await.refused(404, "not_found");
    assert_eq!(acknowledge(&proprete, ticket, "a").await.is(200).json(), taken);
    assert_eq!(reroute().await.is(200).text, passed_on.is(200).text);
    acknowledge(&proprete, ticket, "b").await.refused(422, "idempotency_key_reused");
    acknowledge(&proprete, ticket, "c").await.refused(404, "not_found");
    // A concern that is sent again has no numbers drawn for it; each opens two tickets.
    assert_eq!(file(&agent, "first", &dumping()).await.created(), filed);
    let second = file(&agent, "second", &dumping()).await.created();
    assert_eq!(second["tickets"][0]["reference"], "AMI-26-000003");
    // Nor is one refused that would be by now.
    let cafe = plan(&agent, json!({})).await;
    let mut heard = dumping();
    (heard["origin"], heard["cafe_id"]) = (json!("cafe"), cafe["id"].clone());
    let filed = file(&agent, "heard", &heard).await.created();
    agent.post(&format!("/v1/cafes/{}/cancel", cafe["id"].as_str().unwrap()), &json!({ "reason": "Vent" })).await.ok();
    assert_eq!(file(&agent, "heard", &heard).await.created(), filed);
    file(&agent, "heard-later", &heard).await.refused_fields(422, "invalid_content", &[("/cafe_id", "cafe_cancelled")]);
    file(&agent, "heard-later", &dumping()).await.created();
    file(&agent, "first", &heard).await.refused(422, "idempotency_key_reused");
    city.stop().await;
}

async fn repeats_that_see_a_ticket_differently_do_not_wait_for_one_another() {
    let city = City::new().await;
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    let path = format!("/v1/tickets/{}/acknowledge", ticket["id"].as_str().unwrap());
    let acknowledge = async |seen: &'static str| {
        let request = proprete.request(Method::POST, &path).header("If-Match", seen).header("Idempotency-Key", "k");
        proprete.send(request).await
    };
    let mut other = city.database.connection().await;
    let lock = format!("begin; select from ticket where id = '{}' for update", ticket["id"].as_str().unwrap());
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut other).await.unwrap();
    // The first one waits for the ticket; the second, which has seen another version, for what the first is answered.
    let second = async {
        city.database.until_wait(1).await;
        acknowledge("\"9\"").await
    };
    let rollback = async {
        city.database.until_wait(2).await;
        sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    };
    let (first, second, ()) = join3(acknowledge("\"1\""), second, rollback).await;
    assert_eq!((&first.is(200).text, first.header("etag")), (&second.is(200).text, second.header("etag")));
    city.stop().await;
}

async fn a_key_belongs_to_one_request_of_one_client() {
    let city = City::new().await;
    let (agent, other) = (city.agent().await, city.other_agent().await);
    let first = file(&agent, "k", &dumping()).await.created();
    let mut body = dumping();
    body["origin"] = json!("phone");
    file(&agent, "k", &body).await.refused(422, "idempotency_key_reused");
    let theirs = file(&other, "k", &body).await.created();
    assert_ne!(first["id"], theirs["id"]);
    city.stop().await;
}

async fn a_refused_request_keeps_nothing() {
    let city = City::new().await;
    let agent = city.agent().await;
    let mut body = dumping();
    body["category"] = json!("dragons");
    file(&agent, "k", &body).await.refused(422, "invalid_content");
    assert_eq!(city.database.count("select count(*) from idempotency_key").await, 0);
    file(&agent, "k", &dumping()).await.created();
    city.stop().await;
}

async fn a_key_that_is_none_is_refused() {
    let city = City::new().await;
    let agent = city.agent().await;
    let long = "k".repeat(256);
    for key in ["", "  ", &long] {
        file(&agent, key, &dumping()).await.refused_fields(400, "invalid_header", &[("Idempotency-Key", "bad_value")]);
    }
    assert_eq!(concerns(&city).await, 0);
    city.stop().await;
}

async fn answers_are_kept_for_a_day() {
    let city = City::new().await;
    let store = &city.instance.context.store;
    file(&city.agent().await, "k", &dumping()).await.created();
    let now = domain::clock::Clock::now(&*city.clock);
    assert_eq!(store.clear_answers(now - Duration::hours(24)).await.unwrap(), 0);
    assert_eq!(store.clear_answers(now + Duration::seconds(1)).await.unwrap(), 1);
    city.stop().await;
}
