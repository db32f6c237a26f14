//! Concerns that were noted without a network: each is filed once, and told of by itself.

use futures_util::future::join;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{held, path, plan};
use crate::client::register;
use crate::support::caller::{Caller, Reply};
use crate::support::city::City;
use crate::support::database::{Logged, Statements};

crate::tests![
    noted_concerns_are_filed_once_however_often_they_are_sent,
    two_equal_sendings_at_once_file_nothing_twice,
    what_is_wrong_with_one_item_is_told_of_it_as_by_itself,
    the_same_id_with_another_content_is_refused,
    ids_of_two_senders_and_of_two_cafes_never_meet,
    a_note_is_of_the_time_of_the_cafe,
    concerns_are_taken_once_the_cafe_has_begun,
    what_the_sender_may_no_longer_read_is_not_shown_again,
    how_far_a_concern_is_does_not_depend_on_who_sends_it_again,
    the_form_of_a_batch_is_checked_as_a_whole,
    what_is_sealed_of_a_note_cannot_be_guessed_without_the_key,
    each_item_takes_as_many_statements,
];

/// A noted concern about dumped rubbish.
pub fn note(id: u128) -> Value {
    json!({
        "id": Uuid::from_u128(id),
        "noted_at": "2026-03-12T09:02:00Z",
        "category": "illegal_dumping",
        "description": format!("Un matelas au pied du mur {id}"),
        "place": { "lat": 49.9121, "lon": 2.2972, "address": "Rue du Pigeonnier" },
        "resident": { "email": "habitante@mail.example" }
    })
}

pub async fn send(who: &Caller, cafe: &Value, items: &[Value]) -> Reply {
    who.post(&path(cafe, "/concerns:batch"), &json!({ "items": items })).await
}

fn results(reply: &Reply) -> Vec<Value> {
    reply.is(200).json()["items"].as_array().unwrap().clone()
}

fn statuses(results: &[Value]) -> Vec<&str> {
    results.iter().map(|result| result["status"].as_str().unwrap()).collect()
}

/// Pointers and codes of what is wrong with an item.
fn faults(result: &Value) -> Vec<(&str, &str)> {
    let errors = result["problem"]["errors"].as_array().into_iter().flatten();
    errors.map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())).collect()
}

async fn noted_concerns_are_filed_once_however_often_they_are_sent() {
    let city = City::new().await;
    let (cafe, agent) = held(&city).await;
    let first = results(&send(&agent, &cafe, &[note(1), note(2)]).await);
    assert_eq!(statuses(&first), ["created", "created"]);
    let concern = &first[0]["concern"];
    assert_eq!(
        (&concern["origin"], &concern["cafe_id"], &concern["noted_at"], &concern["filed_at"]),
        (&json!("cafe"), &cafe["id"], &json!("2026-03-12T09:02:00Z"), &json!("2026-03-12T09:05:00Z"))
    );
    assert_eq!(concern["tickets"][0]["service"]["code"], "proprete");
    let opened = concern["tickets"].as_array().unwrap();
    let proposed = &first[1]["concern"]["possible_duplicates"][0]["reference"];
    assert!(opened.iter().any(|ticket| ticket["reference"] == *proposed), "{proposed}");
    // The answer was lost on its way: all of it is sent again, with one more, its members written in another order.
    let again = results(&send(&agent, &cafe, &[note(2), note(3), note(1), note(3)]).await);
    assert_eq!(statuses(&again), ["exists", "created", "exists", "exists"]);
    assert_eq!(again[2]["concern"]["id"], concern["id"]);
    assert_eq!(again[2]["concern"]["tickets"], concern["tickets"]);
    assert_eq!(again[2]["id"], json!(Uuid::from_u128(1)));
    assert_eq!(city.database.count("select count(*) from concern").await, 3);
    let tickets = city.database.count("select count(*) from ticket").await;
    assert_eq!(tickets, 3 * i64::try_from(opened.len()).unwrap());
    let read = agent.get(&format!("/v1/concerns/{}", concern["id"].as_str().unwrap())).await.ok();
    assert_eq!(read["noted_at"], concern["noted_at"]);
    city.stop().await;
}

async fn two_equal_sendings_at_once_file_nothing_twice() {
    let city = City::new().await;
    let second = city.second().await;
    let (cafe, agent) = held(&city).await;
    let items: Vec<Value> = (0..20).map(note).collect();
    let there = agent.at(&second.base_url);
    let (one, other) = join(send(&agent, &cafe, &items), send(&there, &cafe, &items)).await;
    let (one, other) = (results(&one), results(&other));
    for (one, other) in one.iter().zip(&other) {
        let mut both = [one["status"].as_str().unwrap(), other["status"].as_str().unwrap()];
        both.sort_unstable();
        assert_eq!(both, ["created", "exists"]);
        assert_eq!(one["concern"]["id"], other["concern"]["id"]);
    }
    assert_eq!(city.database.count("select count(*) from concern").await, 20);
    second.stop().await;
    city.stop().await;
}

async fn what_is_wrong_with_one_item_is_told_of_it_as_by_itself() {
    let city = City::new().await;
    let (cafe, agent) = held(&city).await;
    let wrong = |id: u128, field: &str, value: Value| {
        let mut item = note(id);
        item[field] = value;
        item
    };
    let items = [
        note(1),
        wrong(2, "category", json!("yeti")),
        wrong(3, "description", json!(12)),
        wrong(4, "origin", json!("patrol")),
        wrong(5, "id", json!("five")),
        json!("a text"),
        wrong(6, "place", json!({ "lat": 48.8566, "lon": 2.3522 })),
        wrong(7, "resident", json!({ "language": "fr" })),
        wrong(8, "attach_to", json!("AMI-26-999999")),
        wrong(10, "description", json!("Un matelas\u{0}")),
        note(9),
    ];
    let results = results(&send(&agent, &cafe, &items).await);
    let refused = ["refused"; 9];
    assert_eq!(statuses(&results), [&["created"][..], &refused, &["created"]].concat());
    let expected: [&[(&str, &str)]; 9] = [
        &[("/category", "unknown_category")],
        &[("/description", "wrong_type")],
        &[("/origin", "unknown_field")],
        &[("/id", "bad_format")],
        &[("", "wrong_type")],
        &[("/place", "outside_city")],
        &[("/resident", "empty")],
        &[("/attach_to", "unknown_ticket")],
        &[("/description", "invalid")],
    ];
    for (result, expected) in results[1..10].iter().zip(expected) {
        assert_eq!(faults(result), expected, "{result}");
        assert!(result.get("concern").is_none());
    }
    assert_eq!((results[4].get("id"), &results[1]["id"]), (None, &items[1]["id"]));
    // Word for word what the concern would be answered by itself.
    let mut alone = items[1].clone();
    for field in ["id", "noted_at"] {
        alone.as_object_mut().unwrap().remove(field);
    }
    alone["origin"] = json!("cafe");
    alone["cafe_id"] = cafe["id"].clone();
    let mut problem = agent.post("/v1/concerns", &alone).await.refused(422, "invalid_content");
    problem["instance"] = results[1]["problem"]["instance"].clone();
    assert_eq!(results[1]["problem"], problem);
    // Put right, they are filed under the same ids.
    let put_right = self::results(&send(&agent, &cafe, &[note(2), note(3)]).await);
    assert_eq!(statuses(&put_right), ["created", "created"]);
    city.stop().await;
}

async fn the_same_id_with_another_content_is_refused() {
    let city = City::new().await;
    let (cafe, agent) = held(&city).await;
    let mut other = note(1);
    other["description"] = json!("Tout autre chose");
    let results = results(&send(&agent, &cafe, &[note(1), other, note(1)]).await);
    assert_eq!(statuses(&results), ["created", "refused", "exists"]);
    assert_eq!(faults(&results[1]), [("/id", "id_reused")]);
    assert_eq!(results[1]["problem"]["status"], 422);
    // Once the key is another one, what was sent before cannot be compared any more: it is there, whatever is said now.
    let mut connection = city.database.connection().await;
    let forgotten = sqlx::query("update concern_noted set seal = ''").execute(&mut connection).await.unwrap();
    assert_eq!(forgotten.rows_affected(), 1);
    let mut other = note(1);
    other["description"] = json!("Tout autre chose");
    let again = self::results(&send(&agent, &cafe, &[other]).await);
    assert_eq!(statuses(&again), ["exists"]);
    assert_eq!(again[0]["concern"]["id"], results[0]["concern"]["id"]);
    city.stop().await;
}

async fn ids_of_two_senders_and_of_two_cafes_never_meet() {
    let city = City::new().await;
    let elsewhere = plan(&city.agent().await, json!({})).await;
    let (cafe, agent) = held(&city).await;
    let program = register(&city, &["concerns:write"], &[]).await.caller(&city).await;
    let mine = results(&send(&agent, &cafe, &[note(1)]).await);
    for (who, cafe) in [(&city.other_agent().await, &cafe), (&program, &cafe), (&agent, &elsewhere)] {
        let theirs = results(&send(who, cafe, &[note(1)]).await);
        assert_eq!(statuses(&theirs), ["created"]);
        assert_ne!(theirs[0]["concern"]["id"], mine[0]["concern"]["id"]);
    }
    // A program that reads no ticket learns that it is there, and nothing of it.
    let again = results(&send(&program, &cafe, &[note(1)]).await);
    assert_eq!((statuses(&again), again[0].get("concern")), (vec!["exists"], None));
    city.proprete()
        .await
        .post(&path(&cafe, "/concerns:batch"), &json!({ "items": [note(1)] }))
        .await
        .lacks("file_concerns");
    city.stop().await;
}

async fn a_note_is_of_the_time_of_the_cafe() {
    let city = City::new().await;
    let (cafe, _) = held(&city).await;
    // The café was from 9:00 to 11:30; it is the day after.
    city.clock.set("2026-03-13T11:00:00Z");
    let agent = city.agent().await;
    let at = |id: u128, at: &str| {
        let mut item = note(id);
        item["noted_at"] = json!(at);
        item
    };
    let items = [
        at(1, "2026-03-12T06:59:59Z"),
        at(2, "2026-03-12T07:00:00Z"),
        at(3, "2026-03-13T11:05:00Z"),
        at(4, "2026-03-13T11:05:01Z"),
    ];
    let results = results(&send(&agent, &cafe, &items).await);
    assert_eq!(statuses(&results), ["refused", "created", "created", "refused"]);
    for result in [&results[0], &results[3]] {
        assert_eq!(faults(result), [("/noted_at", "out_of_range")]);
    }
    city.stop().await;
}

async fn concerns_are_taken_once_the_cafe_has_begun() {
    let city = City::new().await;
    let agent = city.agent().await;
    let (one, other) = (plan(&agent, json!({})).await, plan(&agent, json!({})).await);
    send(&agent, &one, &[note(1)]).await.refused(409, "cafe_not_begun");
    agent.post(&path(&other, "/cancel"), &json!({ "reason": "Vents violents" })).await.ok();
    city.clock.set("2026-03-12T09:05:00Z");
    let agent = city.agent().await;
    assert_eq!(statuses(&results(&send(&agent, &one, &[note(1)]).await)), ["created"], "planned, and begun");
    send(&agent, &other, &[note(1)]).await.refused(409, "cafe_not_begun");
    let nowhere = json!({ "id": Uuid::nil() });
    send(&agent, &nowhere, &[note(1)]).await.refused(404, "not_found");
    city.stop().await;
}

async fn what_the_sender_may_no_longer_read_is_not_shown_again() {
    let city = City::new().await;
    let (cafe, agent) = held(&city).await;
    let mut complaint = note(1);
    complaint["category"] = json!("officer_complaint");
    let mut emergency = note(2);
    emergency["category"] = json!("drug_dealing");
    let first = results(&send(&agent, &cafe, &[complaint.clone(), emergency.clone()]).await);
    let warned = first[0]["concern"]["warnings"].as_array().unwrap().iter();
    assert!(warned.clone().any(|warning| warning["code"] == "out_of_sight"));
    let again = results(&send(&agent, &cafe, &[complaint, emergency]).await);
    assert_eq!(statuses(&again), ["exists", "exists"]);
    assert_eq!(again[0].get("concern"), None);
    // The numbers to call are told each time; what was said of it is kept nowhere.
    assert!(again[1]["concern"]["emergency"]["numbers"][0]["number"].is_string());
    assert_eq!(again[1]["concern"].get("description"), None);
    city.stop().await;
}

async fn how_far_a_concern_is_does_not_depend_on_who_sends_it_again() {
    let city = City::new().await;
    let (cafe, _) = held(&city).await;
    let program = register(&city, &["concerns:write", "tickets:read"], &["proprete"]).await.caller(&city).await;
    let first = results(&send(&program, &cafe, &[note(1)]).await);
    let concern = &first[0]["concern"];
    assert_eq!(city.database.count("select count(*) from ticket").await, 2);
    // The ticket that it may know of ends, the other does not.
    let refused = city.proprete().await.refuse(&concern["tickets"][0]).await.ok();
    city.dispatcher().await.act(&refused, "close", &json!({ "closure_reason": "nothing_found" })).await.ok();
    let again = results(&send(&program, &cafe, &[note(1)]).await);
    assert_eq!((statuses(&again), again[0]["concern"]["tickets"].as_array().unwrap().len()), (vec!["exists"], 1));
    assert_eq!(again[0]["concern"]["tickets"][0]["state"], "closed");
    let read = program.get(&format!("/v1/concerns/{}", concern["id"].as_str().unwrap())).await.ok();
    assert_eq!((&again[0]["concern"]["status"], &read["status"]), (&json!("open"), &json!("open")));
    city.stop().await;
}

async fn the_form_of_a_batch_is_checked_as_a_whole() {
    let city = City::new().await;
    let (cafe, agent) = held(&city).await;
    send(&agent, &cafe, &[]).await.refused_fields(400, "invalid_request", &[("/items", "too_few")]);
    let many: Vec<Value> = (0..201).map(note).collect();
    send(&agent, &cafe, &many).await.refused_fields(400, "invalid_request", &[("/items", "too_many")]);
    let unknown = json!({ "items": [note(1)], "cafe": 1 });
    agent.post(&path(&cafe, "/concerns:batch"), &unknown).await.refused_fields(
        400,
        "invalid_request",
        &[("/cafe", "unknown_field")],
    );
    let long = "é".repeat(3900);
    let large: Vec<Value> = (0..200u128)
        .map(|id| {
            let mut item = note(id);
            item["category"] = json!("yeti");
            item["description"] = json!(long);
            item
        })
        .collect();
    let results = results(&send(&agent, &cafe, &large).await);
    assert_eq!((results.len(), results[199]["status"].as_str()), (200, Some("refused")), "200 long ones fit");
    city.stop().await;
}

async fn what_is_sealed_of_a_note_cannot_be_guessed_without_the_key() {
    let city = City::new().await;
    let (cafe, agent) = held(&city).await;
    send(&agent, &cafe, &[note(1)]).await.is(200);
    let mut connection = city.database.connection().await;
    let row: String =
        sqlx::query_scalar("select to_jsonb(n)::text from concern_noted n").fetch_one(&mut connection).await.unwrap();
    assert!(!row.contains("matelas") && !row.contains("mail.example"), "{row}");
    let seal: String = sqlx::query_scalar("select seal from concern_noted").fetch_one(&mut connection).await.unwrap();
    assert_eq!(seal.len(), 22, "128 bits");
    city.stop().await;
}

/// As docs/performance.md says.
async fn each_item_takes_as_many_statements() {
    let city = City::new().await;
    let (cafe, agent) = held(&city).await;
    let Some(mut log) = Statements::logged(&city.database).await else { return city.stop().await };
    let second = city.second().await;
    let agent = agent.at(&second.base_url);
    let mut taken = async |items: &[Value]| {
        log.news();
        assert!(statuses(&results(&send(&agent, &cafe, items).await)).iter().all(|status| *status == "created"));
        log.news().into_iter().filter(Logged::is_run).count()
    };
    let (one, four) = (taken(&[note(1)]).await, taken(&[note(2), note(3), note(4), note(5)]).await);
    assert_eq!((one, four), (2 + 6, 2 + 4 * 6));
    second.stop().await;
    city.stop().await;
}
