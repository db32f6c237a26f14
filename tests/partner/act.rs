//! What a partner does with its ticket.

use chrono::Duration;
use serde_json::{Value, json};

use super::{DESK, LANDLORD, act, newest_link, openings, page, passed_on, read, referred};
use crate::support::caller::Reply;
use crate::support::city::City;

crate::tests![
    a_partner_follows_its_ticket_to_the_end,
    a_partner_refuses_and_the_link_is_dead,
    what_ended_the_link_is_answered_again_under_its_key,
    a_ticket_that_comes_back_comes_with_another_link,
    a_partner_writes_to_the_referrer_and_to_the_resident,
    a_ticket_that_leaves_the_partner_takes_its_link_along,
    members_with_accounts_go_on_as_ever,
];

async fn a_partner_follows_its_ticket_to_the_end() {
    let city = City::new().await;
    let (ticket, path) = referred(&city).await;
    let received = act(&city, &path, 1, "receive", &json!({})).await;
    assert_eq!(
        (received.header("etag"), received.ok()["received_at"].as_str()),
        (Some("\"2\""), Some("2026-03-10T09:00:00Z"))
    );
    let day = json!({ "expected_on": "2026-03-13", "note": "Le gardien passe." });
    let taken = act(&city, &path, 2, "acknowledge", &day).await.ok();
    assert_eq!((&taken["state"], &taken["expected_on"]), (&json!("acknowledged"), &json!("2026-03-13")));
    assert_eq!(taken["actions"], json!(["refuse", "schedule", "start", "resolve"]));
    act(&city, &path, 3, "schedule", &json!({ "scheduled_for": "2026-03-16" })).await.ok();
    act(&city, &path, 4, "start", &json!({})).await.ok();
    let end = json!({ "closure_reason": "work_done", "message_to_resident": "La porte est réparée." });
    let resolved = act(&city, &path, 5, "resolve", &end).await.ok();
    assert_eq!((&resolved["state"], &resolved["actions"]), (&json!("resolved"), &json!([])));

    // The same rows as when a member of a service does it.
    let dispatcher = city.dispatcher().await;
    let events = dispatcher.timeline(&ticket).await;
    let told: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(told, ["submitted", "received", "acknowledged", "scheduled", "started", "resolved"]);
    for event in &events[1..] {
        assert_eq!(event["by"], json!({ "type": "partner", "part": "service", "service": "bailleur" }), "{event}");
    }
    let path_of = format!("/v1/tickets/{}/handovers", ticket["id"].as_str().unwrap());
    let handover = dispatcher.get(&path_of).await.ok()["items"][0].clone();
    assert_eq!((&handover["answer"], &handover["answered_by"]["type"]), (&json!("accepted"), &json!("partner")));
    city.drain().await;
    let outcome = city.letters_to("habitante@mail.example");
    assert!(outcome.last().unwrap().body_text(0).unwrap().contains("L’intervention a été faite."));

    read(&city, &path).await.refused(410, "partner_link_over");
    let thanks = page(&city, &path).await.is(410).text.clone();
    assert!(thanks.contains("<h1>Merci</h1>"), "{thanks}");
    for hidden in ["AMI-26", "hall", "Pigeonnier", "porte"] {
        assert!(!thanks.contains(hidden), "{thanks}");
    }
    act(&city, &path, 6, "start", &json!({})).await.refused(410, "partner_link_over");
    let done = ["receive", "acknowledge", "schedule", "start", "resolve", "over", "over", "over"];
    assert_eq!(openings(&city, &ticket).await, done);
    city.stop().await;
}

async fn a_partner_refuses_and_the_link_is_dead() {
    let city = City::new().await;
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    let wrong = json!({ "reason": "other", "service": "personne" });
    act(&city, &path, 2, "refuse", &wrong).await.refused_fields(
        422,
        "invalid_content",
        &[("/service", "unknown_service"), ("/note", "required")],
    );
    act(&city, &path, 2, "refuse", &json!({ "reason": "other" })).await.refused_fields(
        422,
        "invalid_content",
        &[("/note", "required")],
    );
    let refusal = json!({ "reason": "not_competent", "service": "voirie", "note": "Sur la voie publique." });
    assert_eq!(act(&city, &path, 2, "refuse", &refusal).await.ok()["state"], "refused");
    city.drain().await;
    let told = city.letters_to(DESK);
    assert!(told.last().unwrap().subject().unwrap().contains("refusée"), "{:?}", told.last().unwrap().subject());
    let event = city.dispatcher().await.timeline(&ticket).await[2].clone();
    assert_eq!((&event["data"]["service"], &event["by"]["type"]), (&json!("voirie"), &json!("partner")));
    assert!(page(&city, &path).await.is(410).text.contains("Merci"));
    act(&city, &path, 3, "acknowledge", &json!({})).await.refused(410, "partner_link_over");
    city.stop().await;
}

async fn what_ended_the_link_is_answered_again_under_its_key() {
    let city = City::new().await;
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    let send = async |action: &str, version: i64, key: &str, body: &Value| {
        let stranger = city.stranger();
        let request = stranger.request(reqwest::Method::POST, &format!("{path}/{action}"));
        let request = request.header("If-Match", format!("\"{version}\"")).header("Idempotency-Key", key);
        stranger.send(request.json(body)).await
    };
    let taken = send("acknowledge", 2, "prise", &json!({})).await.ok();
    let refusal = json!({ "reason": "not_competent", "note": "Sur la voie publique." });
    let first = send("refuse", 3, "refus", &refusal).await;
    assert_eq!(first.ok()["state"], "refused");
    let is_the_first = |again: &Reply| {
        assert_eq!((again.is(200).header("etag"), &again.text), (first.header("etag"), &first.text));
    };
    is_the_first(&send("refuse", 3, "refus", &refusal).await);
    assert_eq!(send("acknowledge", 2, "prise", &json!({})).await.ok(), taken);
    // Another request is another one, under whatever key.
    send("refuse", 3, "autre", &refusal).await.refused(410, "partner_link_over");
    send("refuse", 3, "refus", &json!({ "reason": "outside_area" })).await.refused(410, "partner_link_over");
    send("message", 3, "refus", &json!({ "to": "referrer", "text": "Bonjour" }))
        .await
        .refused(410, "partner_link_over");
    // Nor does it matter where the ticket is by now.
    let refused = city.dispatcher().await.ticket(&ticket).await;
    city.dispatcher().await.act(&refused, "reroute", &json!({ "service": "voirie", "note": "À voir." })).await.ok();
    is_the_first(&send("refuse", 3, "refus", &refusal).await);
    assert_eq!(city.dispatcher().await.timeline(&ticket).await.len(), 5, "and nothing is done twice");
    city.stop().await;
}

async fn a_ticket_that_comes_back_comes_with_another_link() {
    let city = City::new().await;
    let (ticket, first) = passed_on(&city, "bailleur", LANDLORD).await;
    act(&city, &first, 2, "refuse", &json!({ "reason": "not_competent" })).await.ok();
    let dispatcher = city.dispatcher().await;
    let refused = dispatcher.ticket(&ticket).await;
    let away = dispatcher.act(&refused, "reroute", &json!({ "service": "voirie", "note": "À voir." })).await.ok();
    dispatcher.act(&away, "reroute", &json!({ "service": "bailleur", "note": "C’est bien chez eux." })).await.ok();
    city.drain().await;
    let second = newest_link(&city, LANDLORD);
    assert_ne!(first, second);
    read(&city, &first).await.refused(410, "partner_link_over");
    let taken = act(&city, &second, 5, "acknowledge", &json!({})).await.ok();
    let end = json!({ "closure_reason": "nothing_found", "message_to_resident": "Rien vu." });
    act(&city, &second, taken["version"].as_i64().unwrap(), "resolve", &end).await.ok();
    // It was not settled after all: a handover of its own, and a link of its own.
    let resolved = dispatcher.ticket(&ticket).await;
    dispatcher.reopen(&resolved).await.ok();
    city.drain().await;
    let third = newest_link(&city, LANDLORD);
    let letter = city.letters_to(LANDLORD).pop().unwrap();
    let text = letter.body_text(0).unwrap().replace('\u{a0}', " ");
    assert!(text.contains("Cette saisine vous revient : elle a été rouverte."), "{text}");
    // Not every partner reads on its page what is written back, and a program may have filed the concern.
    assert!(text.contains("Pour en savoir le motif, téléphonez-nous au numéro ci-dessous"), "{text}");
    assert!(third != second && third != first);
    read(&city, &second).await.refused(410, "partner_link_over");
    assert_eq!(read(&city, &third).await.ok()["state"], "submitted");
    city.stop().await;
}

async fn a_partner_writes_to_the_referrer_and_to_the_resident() {
    let city = City::new().await;
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    let send = |body: Value| {
        let stranger = city.stranger();
        let request = stranger.request(reqwest::Method::POST, &format!("{path}/message"));
        async move { stranger.send(request.header("Idempotency-Key", "lettre-1").json(&body)).await }
    };
    let words = json!({ "to": "referrer", "text": "Nous passons jeudi." });
    let first = send(words.clone()).await.created();
    assert_eq!(send(words).await.created(), first, "a repeat writes nothing");
    send(json!({ "to": "referrer", "text": "Autre chose." })).await.refused(422, "idempotency_key_reused");
    let agent = city.agent().await;
    let of = format!("/v1/tickets/{}/referrer_messages", ticket["id"].as_str().unwrap());
    let messages = agent.get(&of).await.ok()["items"].clone();
    assert_eq!(messages.as_array().unwrap().len(), 1);
    assert_eq!((&messages[0]["text"], &messages[0]["by"]["type"]), (&json!("Nous passons jeudi."), &json!("partner")));
    // Answered by the referrer, the partner is told with its link.
    agent.post(&of, &json!({ "text": "Merci, prévenez le gardien." })).await.created();
    let seen = read(&city, &path).await.ok();
    let own: Vec<_> = seen["messages"].as_array().unwrap().iter().map(|message| message["own"].clone()).collect();
    assert_eq!(own, [json!(true), json!(false)]);

    let words = json!({ "to": "resident", "text": "Le portail sera ouvert jeudi." });
    let written = super::act(&city, &path, 2, "message", &words).await.created();
    assert_eq!(written["leaves_at"], "2026-03-10T09:20:00Z");
    city.clock.forward(Duration::minutes(20));
    city.drain().await;
    assert!(city.letters_to("habitante@mail.example").last().unwrap().subject().unwrap().contains("AMI-26-000001"));
    assert_eq!(city.letters_to("claire.delattre@ville-amiens.example").len(), 2, "passed on, and written to");
    assert_eq!((city.letters_to(LANDLORD).len(), newest_link(&city, LANDLORD)), (2, path));
    city.stop().await;
}

async fn a_ticket_that_leaves_the_partner_takes_its_link_along() {
    let city = City::new().await;
    let dispatcher = city.dispatcher().await;
    for (action, body) in
        [("reroute", json!({ "service": "voirie", "note": "Ailleurs." })), ("cancel", json!({ "note": "Erreur." }))]
    {
        let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
        dispatcher.act(&ticket, action, &body).await.ok();
        read(&city, &path).await.refused(410, "partner_link_over");
        let gone = page(&city, &path).await.is(410).text.clone();
        assert!(gone.contains("Cette saisine n’est plus chez vous") && !gone.contains("AMI-26"), "{gone}");
        city.drain().await;
        let withdrawn = city.letters_to(LANDLORD).pop().unwrap();
        assert!(!withdrawn.body_text(0).unwrap().contains("/v1/partners/") || action == "cancel");
    }
    let (main, _) = passed_on(&city, "bailleur", LANDLORD).await;
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    dispatcher.act(&ticket, "merge", &json!({ "duplicate_of": main["id"] })).await.ok();
    read(&city, &path).await.refused(410, "partner_link_over");
    city.stop().await;
}

async fn members_with_accounts_go_on_as_ever() {
    let city = City::new().await;
    let account = city.account("sophie.morel").await;
    let path = format!("/v1/users/{}", account["id"].as_str().unwrap());
    let services = json!({ "services": ["bailleur"] });
    city.admin().await.patch(&path, &account["version"], &services).await.ok();
    let (ticket, path) = passed_on(&city, "bailleur", LANDLORD).await;
    let member = city.login("sophie.morel").await;
    let ticket = member.acknowledge(&ticket).await.ok();
    let hold = json!({ "reason": "third_party", "resume_on": "2026-03-20" });
    member.act(&ticket, "hold", &hold).await.ok();
    // Both ways lead to the same ticket.
    let seen = read(&city, &path).await.ok();
    assert_eq!((&seen["state"], &seen["actions"]), (&json!("on_hold"), &json!(["schedule", "start", "resolve"])));
    act(&city, &path, 4, "start", &json!({})).await.ok();
    assert_eq!(member.ticket(&ticket).await["state"], "in_progress");
    city.stop().await;
}
