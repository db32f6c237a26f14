//! What people write about cases: what points to a person is masked before it is kept, whatever they write it into.

use chrono::Duration;
use serde_json::{Value, json};

use crate::cafe::{plan, report};
use crate::partner::{act, referred};
use crate::support::caller::Caller;
use crate::support::city::{City, dumping, link};
use crate::tracking::json_at;

crate::tests![
    what_is_written_with_an_action_is_masked,
    what_is_written_to_somebody_is_masked,
    what_a_partner_writes_is_masked,
    an_address_names_a_place_and_nobody,
    a_resident_may_be_told_whom_to_call,
    numbers_among_words_are_no_plates,
];

/// What somebody writes who does not think of it.
const SAID: &str = "Mme X, AB-123-CD, 06 12 34 56 78, x@mail.example";
const KEPT: &str = "Mme X, […], […], […]";
/// What is written to a resident.
const TOLD: &str = "AB-123-CD : appelez le 03 22 97 40 40";
const READ: &str = "[…] : appelez le 03 22 97 40 40";

/// How many rows of the whole database hold a text.
async fn rows_with(city: &City, text: &str) -> i64 {
    let statement = "select count(*) from information_schema.tables t,
        unnest(xpath('/table/row', query_to_xml(format('select * from %I.%I', table_schema, table_name), true, false, ''))) r
        where table_schema = current_schema() and table_type = 'BASE TABLE' and r::text like ";
    city.database.count(&format!("{statement}'%{text}%'")).await
}

async fn nothing_is_kept(city: &City) {
    for text in ["AB-123-CD", "06 12 34 56 78", "x@mail.example"] {
        assert_eq!(rows_with(city, text).await, 0, "{text}");
    }
}

async fn what_is_written_with_an_action_is_masked() {
    let city = City::new().await;
    let (proprete, agent, desk) = (city.proprete().await, city.agent().await, city.dispatcher().await);
    let main = city.dumping().await;
    let resolve = json!({ "closure_reason": "work_done", "message_to_resident": TOLD, "note": SAID });
    let close = json!({ "closure_reason": "not_competent", "body_told": "Région, AB-123-CD", "message_to_resident": TOLD, "note": SAID });
    let lives: [&[(&Caller, &str, Value)]; 4] = [
        &[
            (&proprete, "acknowledge", json!({ "note": SAID })),
            (&proprete, "assign", json!({ "note": SAID })),
            (&desk, "prioritise", json!({ "priority": "high", "note": SAID })),
            (&proprete, "start", json!({ "note": SAID })),
            (&proprete, "hold", json!({ "reason": "other", "resume_on": "2026-03-16", "note": SAID })),
            (&proprete, "resume", json!({ "note": SAID })),
            (&proprete, "schedule", json!({ "scheduled_for": "2026-03-16", "note": SAID })),
            (&proprete, "resolve", resolve),
            (&agent, "reopen", json!({ "note": SAID })),
        ],
        &[(&proprete, "refuse", json!({ "reason": "other", "note": SAID })), (&desk, "close", close)],
        &[
            (&desk, "split", json!({ "services": ["eclairage"], "note": SAID })),
            (&desk, "merge", json!({ "duplicate_of": main["id"], "note": SAID })),
            (&desk, "unmerge", json!({ "note": SAID })),
            (&desk, "reroute", json!({ "service": "voirie", "note": SAID })),
        ],
        &[(&agent, "cancel", json!({ "note": SAID, "message_to_resident": TOLD }))],
    ];
    for life in lives {
        let mut ticket = city.dumping().await;
        for (who, action, body) in life {
            ticket = desk.ticket(&ticket).await;
            who.act(&ticket, action, body).await.ok();
            let last = desk.timeline(&ticket).await.pop().unwrap();
            assert_eq!(last["data"]["note"], KEPT, "{action}: {last}");
            let told = last["data"].get("message_to_resident");
            assert!(told.is_none_or(|told| told == READ), "{action}: {last}");
        }
    }
    nothing_is_kept(&city).await;
    city.stop().await;
}

async fn what_is_written_to_somebody_is_masked() {
    let city = City::new().await;
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    city.drain().await;
    let tracking = link(&city.letters_to("habitante@mail.example")[0], "/v1/tracking/");
    for (to, said, kept) in
        [("notes", SAID, KEPT), ("referrer_messages", SAID, KEPT), ("resident_messages", TOLD, READ)]
    {
        let path = format!("/v1/tickets/{}/{to}", ticket["id"].as_str().unwrap());
        let written = proprete.post(&path, &json!({ "text": said })).await.created();
        assert_eq!(written["text"], kept, "{to}");
    }
    proprete.resolve(&proprete.acknowledge(&ticket).await.ok()).await.ok();
    let answer = json!({ "solved": "no", "text": SAID, "reopen": true });
    city.stranger().post(&format!("{tracking}/feedback"), &answer).await.ok();
    let path = format!("/v1/tickets/{}/feedback", ticket["id"].as_str().unwrap());
    assert_eq!(proprete.get(&path).await.ok()["items"][0]["text"], KEPT);
    nothing_is_kept(&city).await;
    city.stop().await;
}

async fn what_a_partner_writes_is_masked() {
    let city = City::new().await;
    let (ticket, path) = referred(&city).await;
    for (to, said, kept) in [("referrer", SAID, KEPT), ("resident", TOLD, READ)] {
        let body = json!({ "to": to, "text": said });
        let written = city.stranger().post(&format!("{path}/message"), &body).await.created();
        assert_eq!(written["text"], kept, "{to}");
    }
    let resolve = json!({ "closure_reason": "work_done", "message_to_resident": TOLD, "note": SAID });
    for (version, action, body) in [
        (1, "acknowledge", json!({ "note": SAID })),
        (2, "schedule", json!({ "scheduled_for": "2026-03-16", "note": SAID })),
        (3, "resolve", resolve),
    ] {
        act(&city, &path, version, action, &body).await.ok();
        let last = city.dispatcher().await.timeline(&ticket).await.pop().unwrap();
        assert_eq!(last["data"]["note"], KEPT, "{action}: {last}");
    }
    let (_, path) = referred(&city).await;
    act(&city, &path, 1, "refuse", &json!({ "reason": "other", "note": SAID })).await.ok();
    nothing_is_kept(&city).await;
    city.stop().await;
}

async fn an_address_names_a_place_and_nobody() {
    let city = City::new().await;
    let agent = city.agent().await;
    let place = |lat: f64| json!({ "lat": lat, "lon": 2.2972, "address": format!("3 rue du Pré, {SAID}") });
    let kept = format!("3 rue du Pré, {KEPT}");
    let mut body = dumping();
    body["place"] = place(49.9121);
    let filed = agent.post("/v1/concerns", &body).await.created();
    assert_eq!((&filed["place"]["address"], &filed["tickets"][0]["place"]["address"]), (&json!(kept), &json!(kept)));
    let cafe = plan(&agent, json!({ "place": place(49.9122) })).await;
    assert_eq!(cafe["place"]["address"], kept);
    let path = format!("/v1/cafes/{}", cafe["id"].as_str().unwrap());
    let changed = json!({ "place": place(49.9123) });
    let cafe = agent.patch(&path, &cafe["version"], &changed).await.ok();
    assert_eq!(cafe["place"]["address"], kept);
    agent.post(&format!("{path}/announce"), &json!({})).await.ok();
    let calendar = city.stranger().get("/v1/cafes.ics").await;
    assert!(calendar.is(200).text.contains("3 rue du Pré"), "{}", calendar.text);
    city.clock.forward(Duration::days(2));
    let agent = city.agent().await;
    let held = agent.post(&format!("{path}/hold"), &json!({})).await.ok();
    let reported = report(&agent, &held, &json!({ "headcount": 12, "remarks": SAID })).await.ok();
    assert_eq!(reported["report"]["remarks"], KEPT);
    nothing_is_kept(&city).await;
    city.stop().await;
}

async fn a_resident_may_be_told_whom_to_call() {
    let city = City::new().await;
    let mut body = dumping();
    body["answer"] = json!("AB-123-CD : voyez avec la voirie, 03 22 97 40 40, voirie@ville-amiens.example");
    let filed = city.agent().await.post("/v1/concerns", &body).await.created();
    assert_eq!(filed["answer"], "[…] : voyez avec la voirie, 03 22 97 40 40, voirie@ville-amiens.example");
    let told = filed["warnings"].as_array().unwrap();
    assert_eq!((told.len(), &told[0]["code"], &told[0]["field"]), (1, &json!("plate"), &json!("answer")));
    city.drain().await;
    let tracking = link(&city.letters_to("habitante@mail.example")[0], "/v1/tracking/");
    assert_eq!(json_at(&city, &tracking).await["answer"], filed["answer"]);
    city.stop().await;
}

async fn numbers_among_words_are_no_plates() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    let text = "Au 123 de la rue, sur la RD 934 en montant : trou de 30 sur 60 cm, place pour personnes handicapées.";
    let path = format!("/v1/tickets/{}/notes", ticket["id"].as_str().unwrap());
    assert_eq!(city.proprete().await.post(&path, &json!({ "text": text })).await.created()["text"], text);
    city.stop().await;
}
