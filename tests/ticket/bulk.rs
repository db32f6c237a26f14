//! The same for many tickets at once.

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping};
use crate::support::database::{Logged, Statements};

crate::tests![
    each_ticket_goes_its_own_way,
    all_or_none_changes_nothing_when_one_is_refused,
    every_action_is_done_to_many,
    a_list_is_checked_before_anything_is_done,
    a_repeat_gets_the_first_answer,
    two_hundred_at_once_are_much_faster_than_one_by_one,
    many_take_as_many_statements_as_two,
    two_who_act_on_the_same_tickets_lose_nothing,
];

async fn filed(city: &City, count: usize) -> Vec<Value> {
    let agent = city.agent().await;
    let mut tickets = Vec::new();
    for _ in 0..count {
        tickets.push(agent.post("/v1/concerns", &dumping()).await.created()["tickets"][0].clone());
    }
    tickets
}

fn items(tickets: &[Value]) -> Value {
    tickets.iter().map(|ticket| json!({ "ticket": ticket["id"], "version": ticket["version"] })).collect()
}

async fn bulk(who: &Caller, action: &str, tickets: &[Value], command: Value) -> Reply {
    let body = json!({ "tickets": items(tickets), "command": command });
    who.post(&format!("/v1/tickets/bulk/{action}"), &body).await
}

async fn each_ticket_goes_its_own_way() {
    let city = City::new().await;
    let (mut tickets, proprete) = (filed(&city, 3).await, city.proprete().await);
    proprete.acknowledge(&tickets[1]).await.ok();
    let elsewhere = city.dispatcher().await;
    let body = json!({ "service": "voirie", "note": "Pas ici." });
    let rerouted = elsewhere.act(&tickets[2], "reroute", &body).await.ok();
    tickets[2]["version"] = rerouted["version"].clone();
    let answer = bulk(&proprete, "acknowledge", &tickets, json!({ "expected_on": "2026-03-12" })).await.ok();
    let results = answer["results"].as_array().unwrap();
    assert_eq!(answer["changed"], 1);
    assert_eq!(
        (&results[0]["changed"], &results[0]["state"], &results[0]["version"], &results[0]["reference"]),
        (&json!(true), &json!("acknowledged"), &json!(2), &tickets[0]["reference"])
    );
    let problem = |at: usize| (results[at]["problem"]["code"].clone(), results[at]["problem"]["status"].clone());
    assert_eq!((problem(1), &results[1]["version"]), ((json!("stale_version"), json!(412)), &json!(2)));
    assert_eq!((problem(2), results[2].get("version")), ((json!("not_found"), json!(404)), None));
    assert_eq!(
        results[2]["problem"]["instance"],
        format!("/v1/tickets/{}/acknowledge", tickets[2]["id"].as_str().unwrap())
    );
    let dispatcher = city.dispatcher().await;
    let events = dispatcher.timeline(&tickets[0]).await;
    assert_eq!((events.len(), &events[1]["data"]["expected_on"]), (2, &json!("2026-03-12")));
    // Everybody is told as if it had been done to each alone.
    city.drain().await;
    assert_eq!(city.letters_to("habitante@mail.example").len(), 5);
    city.stop().await;
}

async fn all_or_none_changes_nothing_when_one_is_refused() {
    let city = City::new().await;
    let (tickets, proprete) = (filed(&city, 3).await, city.proprete().await);
    proprete.acknowledge(&tickets[1]).await.ok();
    let body = json!({ "tickets": items(&tickets), "command": {}, "all_or_none": true });
    let reply = proprete.post("/v1/tickets/bulk/acknowledge", &body).await;
    reply.refused_fields(409, "bulk_refused", &[("/tickets/1", "stale_version")]);
    for ticket in [&tickets[0], &tickets[2]] {
        assert_eq!(proprete.ticket(ticket).await["state"], "submitted");
    }
    let fresh: Vec<Value> = [proprete.ticket(&tickets[0]).await, proprete.ticket(&tickets[2]).await].into();
    let body = json!({ "tickets": items(&fresh), "command": {}, "all_or_none": true });
    assert_eq!(proprete.post("/v1/tickets/bulk/acknowledge", &body).await.ok()["changed"], 2);
    city.stop().await;
}

async fn every_action_is_done_to_many() {
    let city = City::new().await;
    let (mut tickets, proprete, dispatcher) = (filed(&city, 4).await, city.proprete().await, city.dispatcher().await);
    let amelie = proprete.get("/v1/me").await.ok()["id"].clone();
    for (who, action, command, state) in [
        (&proprete, "acknowledge", json!({ "assignee": amelie }), "acknowledged"),
        (&proprete, "assign", json!({ "note": "À l’équipe du matin" }), "acknowledged"),
        (&dispatcher, "prioritise", json!({ "priority": "high" }), "acknowledged"),
        (&proprete, "hold", json!({ "reason": "weather", "resume_on": "2026-03-20" }), "on_hold"),
    ] {
        let answer = bulk(who, action, &tickets, command).await.ok();
        assert_eq!(answer["changed"], 4, "{answer}");
        for (ticket, result) in tickets.iter_mut().zip(answer["results"].as_array().unwrap()) {
            assert_eq!(result["state"], state, "{action}");
            ticket["version"] = result["version"].clone();
        }
    }
    let fresh = filed(&city, 2).await;
    let answer =
        bulk(&dispatcher, "reroute", &fresh, json!({ "service": "voirie", "note": "Nids-de-poule" })).await.ok();
    assert_eq!(answer["changed"], 2);
    assert_eq!(dispatcher.ticket(&fresh[0]).await["service"]["code"], "voirie");
    // What each rule refuses is told of each ticket; how a concern ended is never told in bulk.
    for (who, action, command, code) in [
        (&proprete, "hold", json!({ "reason": "other", "resume_on": "2026-03-20" }), "ticket_not_under_way"),
        (&dispatcher, "acknowledge", json!({}), "ticket_not_submitted"),
        (&proprete, "reroute", json!({ "service": "dragons", "note": "?" }), "ticket_not_reroutable"),
    ] {
        let answer = bulk(who, action, &tickets, command).await.ok();
        assert_eq!((&answer["changed"], &answer["results"][3]["problem"]["code"]), (&json!(0), &json!(code)));
    }
    let strange = filed(&city, 1).await;
    let answer = bulk(&dispatcher, "reroute", &strange, json!({ "service": "dragons", "note": "?" })).await.ok();
    assert_eq!(answer["results"][0]["problem"]["errors"][0]["pointer"], "/service");
    for action in ["resolve", "close", "cancel", "merge", "start"] {
        assert!(bulk(&dispatcher, action, &strange, json!({})).await.status >= 400, "{action}");
    }
    assert_eq!(dispatcher.ticket(&strange[0]).await["version"], 1);
    city.stop().await;
}

async fn a_list_is_checked_before_anything_is_done() {
    let city = City::new().await;
    let (tickets, proprete) = (filed(&city, 1).await, city.proprete().await);
    let by_reference = json!({ "ticket": tickets[0]["reference"], "version": 1 });
    let twice = json!({ "tickets": [items(&tickets)[0], by_reference], "command": {} });
    let reply = proprete.post("/v1/tickets/bulk/acknowledge", &twice).await;
    reply.refused_fields(422, "invalid_content", &[("/tickets/1", "repeated")]);
    for (body, fault) in [
        (json!({ "tickets": [], "command": {} }), ("/tickets", "too_few")),
        (json!({ "tickets": vec![by_reference.clone(); 201], "command": {} }), ("/tickets", "too_many")),
        (
            json!({ "tickets": [{ "ticket": "AMI 26", "version": 1 }], "command": {} }),
            ("/tickets/0/ticket", "bad_format"),
        ),
        (json!({ "tickets": [{ "ticket": "AMI-26-000001" }], "command": {} }), ("/tickets/0/version", "required")),
        (json!({ "tickets": [by_reference] }), ("/command", "required")),
        (
            json!({ "tickets": [by_reference], "command": { "closure_reason": "work_done" } }),
            ("/command/closure_reason", "unknown_field"),
        ),
    ] {
        proprete.post("/v1/tickets/bulk/acknowledge", &body).await.refused_fields(400, "invalid_request", &[fault]);
    }
    assert_eq!(proprete.ticket(&tickets[0]).await["state"], "submitted");
    city.stop().await;
}

async fn a_repeat_gets_the_first_answer() {
    let city = City::new().await;
    let (tickets, proprete) = (filed(&city, 2).await, city.proprete().await);
    let body = json!({ "tickets": items(&tickets), "command": {} });
    let send = async || {
        let request = proprete.request(Method::POST, "/v1/tickets/bulk/acknowledge");
        proprete.send(request.header("Idempotency-Key", "matin").json(&body)).await.ok()
    };
    assert_eq!(send().await, send().await);
    assert_eq!(city.dispatcher().await.timeline(&tickets[0]).await.len(), 2);
    city.stop().await;
}

async fn two_hundred_at_once_are_much_faster_than_one_by_one() {
    let city = City::new().await;
    let proprete = city.proprete().await;
    let began = Instant::now();
    let tickets = filed(&city, 200).await;
    let one_by_one = began.elapsed();
    let began = Instant::now();
    let answer = bulk(&proprete, "acknowledge", &tickets, json!({})).await.ok();
    assert_eq!(answer["changed"], 200);
    assert!(began.elapsed() < one_by_one / 2, "{:?} for all, {one_by_one:?} for filing them", began.elapsed());
    let acknowledged = "select count(*) from ticket_event where fact ->> 'type' = 'acknowledged'";
    assert_eq!(city.database.count(acknowledged).await, 200);
    city.stop().await;
}

/// As docs/performance.md says.
async fn many_take_as_many_statements_as_two() {
    let city = City::new().await;
    let (tickets, proprete) = (filed(&city, 22).await, city.proprete().await);
    let Some(mut log) = Statements::logged(&city.database).await else { return city.stop().await };
    let second = city.second().await;
    let proprete = proprete.at(&second.base_url);
    let mut taken = Vec::new();
    for some in [&tickets[..2], &tickets[2..]] {
        log.news();
        let answer = bulk(&proprete, "acknowledge", some, json!({})).await.ok();
        assert_eq!(answer["changed"], some.len());
        taken.push(log.news().into_iter().filter(Logged::is_run).collect::<Vec<_>>());
    }
    assert_eq!((taken[0].len(), taken[1].len()), (6, 6), "{taken:#?}");
    second.stop().await;
    city.stop().await;
}

async fn two_who_act_on_the_same_tickets_lose_nothing() {
    let city = City::new().await;
    let second = city.second().await;
    let (tickets, proprete) = (filed(&city, 30).await, city.proprete().await);
    let (here, there) = (city.dispatcher().await, city.dispatcher().await.at(&second.base_url));
    let backwards: Vec<Value> = tickets.iter().rev().cloned().collect();
    let (high, low) = (json!({ "priority": "high" }), json!({ "priority": "low" }));
    let (one, two, three) = tokio::join!(
        bulk(&here, "prioritise", &tickets, high),
        bulk(&there, "prioritise", &backwards, low),
        bulk(&proprete, "acknowledge", &tickets, json!({}))
    );
    let changed: i64 = [one, two, three].iter().map(|reply| reply.ok()["changed"].as_i64().unwrap()).sum();
    assert_eq!(changed, 30, "each was seen at version 1: one of the three changed it");
    for ticket in &tickets {
        assert_eq!(here.timeline(ticket).await.len(), 2);
    }
    second.stop().await;
    city.stop().await;
}
