//! Concerns attached to a ticket of another one: who hears what, what is refused, what always holds.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::city::{City, dumping, link};

crate::tests![
    who_raises_the_same_thing_hears_the_outcome_of_the_ticket,
    who_comes_later_is_told_what_the_others_were_and_not_what_was_said_to_them,
    a_ticket_that_is_merged_is_followed_with_what_it_is_merged_into,
    what_a_concern_cannot_be_attached_to_is_told_with_what_else_is_wrong,
    of_a_ticket_that_one_may_not_know_of_nothing_is_learnt,
    a_restricted_concern_stays_with_its_readers,
    a_repeat_gets_the_first_answer_also_once_the_ticket_has_ended,
    attached_or_ended_never_both_at_once,
];

const NEIGHBOUR: &str = "voisin@mail.example";

/// A concern like the usual one, of another resident, attached to the ticket.
fn attached(ticket: &Value) -> Value {
    let mut body = dumping();
    body["description"] = json!("Le même tas, vu de l’autre côté");
    body["resident"] = json!({ "email": NEIGHBOUR });
    body["attach_to"] = ticket["id"].clone();
    body
}

async fn read(who: &Caller, concern: &Value) -> Value {
    who.get(&format!("/v1/concerns/{}", concern["id"].as_str().unwrap())).await.ok()
}

/// What a resident reads, by the link in the letter that they got last.
async fn tracked(city: &City, address: &str) -> Value {
    let path = link(city.letters_to(address).last().unwrap(), "/v1/tracking/");
    let stranger = city.stranger();
    stranger.send(stranger.request(Method::GET, &path).header("Accept", "application/json")).await.ok()
}

async fn who_raises_the_same_thing_hears_the_outcome_of_the_ticket() {
    let city = City::new().await;
    let (main, other, proprete) = (city.dumping().await, city.other_agent().await, city.proprete().await);
    let mut body = attached(&main);
    body["attach_to"] = json!(main["reference"].as_str().unwrap().to_lowercase());
    let filed = other.post("/v1/concerns", &body).await.created();
    assert_eq!((&filed["outcome"], &filed["status"]), (&json!("referred"), &json!("open")));
    assert_eq!((&filed["attached_to"], &filed["possible_duplicates"]), (&main["id"], &json!([])));
    let tickets = filed["tickets"].as_array().unwrap();
    assert_eq!((tickets.len(), &tickets[0]["id"], &tickets[0]["followers"]), (1, &main["id"], &json!(1)));
    assert_eq!(city.database.count("select count(*) from ticket").await, 2, "none but those of the first concern");
    let now = proprete.ticket(&main).await;
    assert_eq!((&now["state"], &now["followers"]), (&json!("submitted"), &json!(1)));
    let event = other.timeline(&main).await[1].clone();
    assert_eq!((&event["type"], &event["data"]), (&json!("followed"), &json!({ "concern": filed["id"] })));
    assert_eq!((&event["by"]["part"], &event["by"]["name"]), (&json!("referrer"), &json!("Karim Haddad")));
    assert_eq!(read(&proprete, &filed).await["description"], body["description"], "the service reads what was said");
    assert_eq!(read(&city.agent().await, &filed).await["attached_to"], main["id"]);
    for (filter, count) in [("true", 1), ("false", 1)] {
        let listed = other.get(&format!("/v1/tickets?has_duplicates={filter}")).await.ok();
        assert_eq!(listed["items"].as_array().unwrap().len(), count);
        assert_eq!(listed["items"][0]["id"] == main["id"], filter == "true");
    }
    city.drain().await;
    let receipt = city.letters_to(NEIGHBOUR).pop().unwrap();
    let receipt = receipt.body_text(0).unwrap().into_owned();
    assert!(receipt.contains("bien reçu") && receipt.contains(main["reference"].as_str().unwrap()), "{receipt}");
    assert_eq!(city.letters_to(NEIGHBOUR).len(), 1, "no more until the service has it in hand");
    let acknowledged = proprete.acknowledge(&now).await.ok();
    city.drain().await;
    assert_eq!(tracked(&city, NEIGHBOUR).await["tickets"][0]["state"], "acknowledged");
    city.clock.forward(chrono::Duration::minutes(20));
    let (proprete, other) = (city.proprete().await, city.other_agent().await);
    proprete.resolve(&acknowledged).await.ok();
    city.drain().await;
    for resident in [NEIGHBOUR, "habitante@mail.example"] {
        assert_eq!(city.letters_to(resident).len(), 3, "{resident} hears that it is in hand, and how it ended");
    }
    assert_eq!(city.letters_to("karim.haddad@ville-amiens.example").len(), 2, "and so does who filed it");
    let page = tracked(&city, NEIGHBOUR).await;
    assert_eq!(page["tickets"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&page["tickets"][0]["reference"], &page["tickets"][0]["state"]),
        (&main["reference"], &json!("resolved"))
    );
    assert_eq!(page["tickets"][0]["messages"][0]["text"], "C’est fait.");
    assert_eq!(read(&other, &filed).await["status"], "resolved");
    city.stop().await;
}

async fn who_comes_later_is_told_what_the_others_were_and_not_what_was_said_to_them() {
    let city = City::new().await;
    let (main, proprete, agent) = (city.dumping().await, city.proprete().await, city.agent().await);
    let resolved = proprete.resolve(&proprete.acknowledge(&main).await.ok()).await.ok();
    let reopened = agent.reopen(&resolved).await.ok();
    proprete.acknowledge(&reopened).await.ok();
    city.drain().await;
    city.clock.forward(chrono::Duration::days(1));
    let (other, first) = (city.other_agent().await, city.letters_to("habitante@mail.example").len());
    other.post("/v1/concerns", &attached(&main)).await.created();
    city.drain().await;
    let letters = city.letters_to(NEIGHBOUR);
    assert_eq!(letters.len(), 2, "the receipt, and that the service has it in hand already");
    let in_hand = letters.iter().find(|letter| letter.subject().unwrap().contains("prise en charge")).unwrap();
    let text = in_hand.body_text(0).unwrap();
    assert!(text.contains("11/03/2026") && !text.contains("10/03/2026"), "their own day: {text}");
    assert_eq!(city.letters_to("habitante@mail.example").len(), first, "the others were told before");
    assert_eq!(tracked(&city, NEIGHBOUR).await["tickets"][0]["messages"], json!([]));
    assert_eq!(tracked(&city, "habitante@mail.example").await["tickets"][0]["messages"].as_array().unwrap().len(), 1);
    city.stop().await;
}

async fn a_ticket_that_is_merged_is_followed_with_what_it_is_merged_into() {
    let city = City::new().await;
    let (main, duplicate, dispatcher) = (city.dumping().await, city.dumping().await, city.dispatcher().await);
    let (other, proprete) = (city.other_agent().await, city.proprete().await);
    let filed = other.post("/v1/concerns", &attached(&duplicate)).await.created();
    let duplicate = filed["tickets"][0].clone();
    let merged = dispatcher.act(&duplicate, "merge", &json!({ "duplicate_of": main["id"] })).await.ok();
    let now = read(&other, &filed).await;
    let states: Vec<_> = now["tickets"].as_array().unwrap().iter().map(|t| (&t["id"], &t["state"])).collect();
    assert_eq!(states, [(&main["id"], &json!("submitted")), (&duplicate["id"], &json!("closed"))]);
    assert_eq!((&now["status"], &now["attached_to"]), (&json!("open"), &duplicate["id"]));
    let acknowledged = proprete.acknowledge(&main).await.ok();
    city.drain().await;
    assert_eq!(city.letters_to(NEIGHBOUR).len(), 3, "the receipt, where it is followed, and that it is in hand");
    let export = dispatcher.get(&format!("/v1/residents/{}/export", filed["id"].as_str().unwrap())).await.ok();
    assert_eq!(export["concerns"][0]["mails"].as_array().unwrap().len(), 3, "each of them is handed out");
    let page = tracked(&city, NEIGHBOUR).await;
    assert_eq!(page["tickets"].as_array().unwrap().len(), 1);
    assert_eq!(page["tickets"][0]["reference"], main["reference"]);
    let split = json!({ "services": ["voirie"], "note": "Vous aussi." });
    dispatcher.act(&acknowledged, "split", &split).await.ok();
    let parted = dispatcher.act(&merged, "unmerge", &json!({ "note": "Un autre mur." })).await.ok();
    assert_eq!(parted["followers"], 1);
    let now = read(&other, &filed).await;
    assert_eq!((now["tickets"].as_array().unwrap().len(), &now["tickets"][0]["id"]), (1, &duplicate["id"]));
    proprete.resolve(&dispatcher.ticket(&main).await).await.ok();
    city.drain().await;
    assert_eq!(city.letters_to(NEIGHBOUR).len(), 3, "the main ticket is none of theirs any more");
    proprete.resolve(&proprete.acknowledge(&parted).await.ok()).await.ok();
    city.drain().await;
    assert_eq!(city.letters_to(NEIGHBOUR).len(), 5);
    assert_eq!(tracked(&city, NEIGHBOUR).await["tickets"][0]["state"], "resolved");
    city.stop().await;
}

async fn what_a_concern_cannot_be_attached_to_is_told_with_what_else_is_wrong() {
    let city = City::new().await;
    let (agent, dispatcher) = (city.agent().await, city.dispatcher().await);
    let (open, ended) = (city.dumping().await, city.dumping().await);
    dispatcher.act(&ended, "cancel", &json!({ "note": "Erreur." })).await.ok();
    let resolved = city.dumping().await;
    let proprete = city.proprete().await;
    proprete.resolve(&proprete.acknowledge(&resolved).await.ok()).await.ok();
    let mut graffiti = dumping();
    graffiti["category"] = json!("graffiti");
    let other = agent.post("/v1/concerns", &graffiti).await.created()["tickets"][0].clone();
    let before = city.database.count("select count(*) from concern").await;
    for (ticket, code) in [
        (json!({ "id": "AMI-26-999999" }), "unknown_ticket"),
        (ended.clone(), "ended"),
        (resolved, "ended"),
        (other, "other_category"),
    ] {
        let reply = agent.post("/v1/concerns", &attached(&ticket)).await;
        reply.refused_fields(422, "invalid_content", &[("/attach_to", code)]);
    }
    for (field, value) in [("answer", "La benne passe demain."), ("category", "drug_dealing")] {
        let mut body = attached(&open);
        body[field] = json!(value);
        let reply = agent.post("/v1/concerns", &body).await;
        reply.refused_fields(422, "invalid_content", &[("/attach_to", "not_expected")]);
    }
    let mut body = attached(&ended);
    body["origin"] = json!("cafe");
    body["answers"] = json!({ "colour": "red" });
    body.as_object_mut().unwrap().remove("description");
    let wrong = [
        ("/description", "required"),
        ("/cafe_id", "required"),
        ("/answers/colour", "unknown_question"),
        ("/attach_to", "ended"),
    ];
    agent.post("/v1/concerns", &body).await.refused_fields(422, "invalid_content", &wrong);
    // Its category was made restricted after it had been filed, or is no longer.
    let mut connection = city.database.connection().await;
    let restrict = "update ticket set sensitivity = 'restricted' where state = 'submitted'";
    sqlx::query(restrict).execute(&mut connection).await.unwrap();
    let reply = agent.post("/v1/concerns", &attached(&open)).await;
    reply.refused_fields(422, "invalid_content", &[("/attach_to", "other_readers")]);
    assert_eq!(city.database.count("select count(*) from concern").await, before, "what is refused leaves nothing");
    assert_eq!(city.database.count("select count(*) from concern_follow").await, 0);
    city.stop().await;
}

async fn of_a_ticket_that_one_may_not_know_of_nothing_is_learnt() {
    let city = City::new().await;
    let mut body = dumping();
    body["category"] = json!("neighbour_dispute");
    let theirs = city.agent().await.post("/v1/concerns", &body).await.created()["tickets"][0].clone();
    let other = city.other_agent().await;
    let mut told = Vec::new();
    for name in [&theirs["id"], &theirs["reference"], &json!("AMI-26-999999"), &json!(uuid::Uuid::nil())] {
        body["attach_to"] = name.clone();
        told.push(other.post("/v1/concerns", &body).await.refused(422, "invalid_content"));
        body["category"] = json!("graffiti");
        told.push(other.post("/v1/concerns", &body).await.refused(422, "invalid_content"));
        body["category"] = json!("neighbour_dispute");
    }
    assert!(told.iter().all(|problem| *problem == told[0]), "{told:#?}");
    city.stop().await;
}

async fn a_restricted_concern_stays_with_its_readers() {
    let city = City::new().await;
    let (agent, other, mediation) = (city.agent().await, city.other_agent().await, city.login("samira.benali").await);
    let mut body = dumping();
    body["category"] = json!("neighbour_dispute");
    let ticket = agent.post("/v1/concerns", &body).await.created()["tickets"][0].clone();
    let mut body = attached(&ticket);
    body["category"] = json!("neighbour_dispute");
    let filed = agent.post("/v1/concerns", &body).await.created();
    for who in [&agent, &mediation, &city.dispatcher().await] {
        assert_eq!(read(who, &filed).await["description"], body["description"]);
    }
    for who in [&other, &city.voirie().await] {
        let path = format!("/v1/concerns/{}", filed["id"].as_str().unwrap());
        who.get(&path).await.refused(404, "not_found");
    }
    // The ticket's referrer would read what somebody else filed.
    let refused = city.dispatcher().await.post("/v1/concerns", &body).await;
    refused.refused_fields(422, "invalid_content", &[("/attach_to", "other_readers")]);
    city.stop().await;
}

async fn a_repeat_gets_the_first_answer_also_once_the_ticket_has_ended() {
    let city = City::new().await;
    let (main, agent) = (city.dumping().await, city.agent().await);
    let file = async || {
        let request = agent.request(Method::POST, "/v1/concerns").header("Idempotency-Key", "k");
        agent.send(request.json(&attached(&main))).await.created()
    };
    let first = file().await;
    let dispatcher = city.dispatcher().await;
    let note = json!({ "note": "Erreur." });
    dispatcher.act(&main, "cancel", &note).await.refused(412, "stale_version");
    dispatcher.act(&first["tickets"][0], "cancel", &note).await.ok();
    assert_eq!(file().await, first);
    assert_eq!(city.database.count("select count(*) from concern_follow").await, 1);
    city.stop().await;
}

async fn attached_or_ended_never_both_at_once() {
    let city = City::new().await;
    let (agent, other, dispatcher) = (city.agent().await, city.other_agent().await, city.dispatcher().await);
    for _ in 0..12 {
        let main = city.dumping().await;
        let (one, two) = (attached(&main), attached(&main));
        let note = json!({ "note": "Erreur." });
        let (first, ended, second) = tokio::join!(
            agent.post("/v1/concerns", &one),
            dispatcher.act(&main, "cancel", &note),
            other.post("/v1/concerns", &two)
        );
        let events = dispatcher.timeline(&main).await;
        let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
        let taken = [&first, &second].iter().filter(|reply| reply.status == 201).count();
        assert_eq!(kinds.iter().filter(|kind| **kind == "followed").count(), taken, "{kinds:?}");
        for reply in [&first, &second].into_iter().filter(|reply| reply.status != 201) {
            reply.refused_fields(422, "invalid_content", &[("/attach_to", "ended")]);
        }
        if ended.status == 200 {
            assert_eq!(kinds.last(), Some(&"cancelled"), "nothing is attached to what has ended");
        } else {
            ended.refused(412, "stale_version");
        }
        assert_eq!(dispatcher.ticket(&main).await["followers"], taken);
    }
    city.stop().await;
}
