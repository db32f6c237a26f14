//! Which letters there are to be seen of a ticket: those of what happened to it, and no others.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use domain::letter::LetterName;
use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::city::{City, dumping, email};

crate::tests![
    of_a_fresh_ticket_there_are_the_letters_of_its_filing,
    of_a_ticket_that_took_many_turns_there_are_their_letters,
    of_a_ticket_that_was_passed_on_there_are_the_letters_of_where_it_is,
    of_what_nobody_is_told_there_is_no_letter,
    of_a_ticket_heard_at_a_cafe_there_is_the_list_before_the_next,
];

async fn see(dispatcher: &Caller, letter: &str, ticket: &Value) -> crate::support::caller::Reply {
    let reference = ticket["reference"].as_str().unwrap();
    dispatcher.get(&format!("/v1/notifications/preview?letter={letter}&ticket={reference}")).await
}

/// Every letter that there is of the ticket is one of these, says these words, and is the ticket's; there is no other.
async fn exactly(city: &City, ticket: &Value, expected: &[(&str, &str)]) {
    let dispatcher = city.dispatcher().await;
    let mut seen = BTreeSet::new();
    for letter in LetterName::all() {
        let letter = letter.to_string();
        let reply = see(&dispatcher, &letter, ticket).await;
        let Some((_, words)) = expected.iter().find(|(name, _)| *name == letter) else {
            reply.refused(409, "no_such_turn");
            continue;
        };
        let written = reply.ok();
        let text = format!("{}\n{}", written["subject"].as_str().unwrap(), written["text"].as_str().unwrap());
        let text = text.replace('\u{a0}', " ");
        assert!(text.contains(words), "{letter} does not say « {words} »: {text}");
        assert!(text.contains(ticket["reference"].as_str().unwrap()) || letter == "link_renewed", "{letter}: {text}");
        assert!(!text.contains("matelas"), "{letter} tells what the resident said: {text}");
        seen.insert(letter);
    }
    assert_eq!(seen, expected.iter().map(|(name, _)| (*name).to_owned()).collect());
}

async fn of_a_fresh_ticket_there_are_the_letters_of_its_filing() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    exactly(&city, &ticket, &[("referral.service", "Propreté"), ("received", "bien reçu")]).await;
    // Who left no address is told nothing.
    let mut anonymous = dumping();
    anonymous.as_object_mut().unwrap().remove("resident");
    let anonymous = city.agent().await.post("/v1/concerns", &anonymous).await.created()["tickets"][0].clone();
    exactly(&city, &anonymous, &[("referral.service", "Propreté")]).await;
    city.stop().await;
}

async fn of_a_ticket_that_took_many_turns_there_are_their_letters() {
    let city = City::new().await;
    let (agent, proprete) = (city.agent().await, city.proprete().await);
    let concern = agent.post("/v1/concerns", &dumping()).await.created();
    let ticket = concern["tickets"][0].clone();
    let at = |end: &str| format!("/v1/tickets/{}/{end}", ticket["id"].as_str().unwrap());
    let nadia = city.account("nadia.fournier").await["id"].clone();
    let note = json!({ "text": "À voir.", "mentions": [nadia] });
    proprete.post(&at("notes"), &note).await.created();
    agent.post(&at("referrer_messages"), &json!({ "text": "Devant l’école." })).await.created();
    let told = proprete.acknowledge(&ticket).await.ok();
    proprete.post(&at("referrer_messages"), &json!({ "text": "Vu." })).await.created();
    let said = proprete.post(&at("resident_messages"), &json!({ "text": "Nous passons." })).await.created();
    exactly(
        &city,
        &ticket,
        &[
            ("referral.service", "Propreté"),
            ("received", "bien reçu"),
            ("mention.agent", "vous cite"),
            ("message.service", "message"),
            ("message.agent", "message"),
            ("message.resident", "message"),
            ("acknowledged.agent", "prise en charge"),
            ("acknowledged.resident", "prise en charge"),
            ("turns", "2 changements"),
            ("digest", "un message vous attend"),
        ],
    )
    .await;
    // What was taken back was not said.
    let back = format!("resident_messages/{}/take_back", said["id"].as_str().unwrap());
    proprete.post(&at(&back), &json!({})).await.ok();
    see(&city.dispatcher().await, "message.resident", &ticket).await.refused(409, "no_such_turn");
    let renew = format!("/v1/concerns/{}/tracking/renew", concern["id"].as_str().unwrap());
    agent.post(&renew, &json!({})).await.ok();
    city.clock.forward(TimeDelta::days(60));
    while usecases::ticket::run_clocks(&city.instance.context).await.unwrap() > 0 {}
    let late = city.dispatcher().await;
    see(&late, "late", &ticket).await.ok();
    let (denis, proprete) = (city.manager().await, city.proprete().await);
    let amelie = city.account("amelie.petit").await["id"].clone();
    let told = denis.act(&told, "assign", &json!({ "assignee": amelie })).await.ok();
    proprete.resolve(&proprete.start(&told).await.ok()).await.ok();
    city.clock.forward(TimeDelta::days(10));
    while usecases::ticket::run_clocks(&city.instance.context).await.unwrap() > 0 {}
    exactly(
        &city,
        &ticket,
        &[
            ("referral.service", "Propreté"),
            ("received", "bien reçu"),
            ("link_renewed", "/v1/tracking/-"),
            ("mention.agent", "vous cite"),
            ("message.service", "message"),
            ("message.agent", "message"),
            ("acknowledged.agent", "prise en charge"),
            ("acknowledged.resident", "prise en charge"),
            ("reminder.service", "Relance"),
            ("reminder.agent", "Relance"),
            ("assigned.agent", "confiée"),
            ("progress.agent", "intervention commencée"),
            ("outcome.agent", "service fait"),
            ("outcome.resident", "Votre demande"),
            ("asked_again.resident", "?"),
            ("turns", "intervention commencée"),
            ("digest", "intervention commencée"),
        ],
    )
    .await;
    city.stop().await;
}

async fn of_a_ticket_that_was_passed_on_there_are_the_letters_of_where_it_is() {
    let city = City::new().await;
    let (ticket, dispatcher) = (city.dumping().await, city.dispatcher().await);
    let refused = city.proprete().await.refuse(&ticket).await.ok();
    let to = |service: &str| json!({ "service": service, "note": "C’est pour vous." });
    let at_the_landlord = dispatcher.act(&refused, "reroute", &to("bailleur")).await.ok();
    // The partner is told by a letter of its own; propreté's no longer tells of anything.
    let mut expected = vec![
        ("received", "bien reçu"),
        ("refused.service", "hors compétence"),
        ("withdrawn.service", "ne relève plus"),
        ("forwarded.resident", "un autre organisme"),
        ("referral.partner", "/v1/partners/-"),
        ("progress.agent", "transmise à un autre service"),
        ("turns", "2 changements"),
        ("digest", "Des nouvelles d’une saisine"),
    ];
    exactly(&city, &ticket, &expected).await;
    let called_off = dispatcher.act(&at_the_landlord, "reroute", &to("voirie")).await.ok();
    dispatcher.act(&called_off, "cancel", &json!({ "note": "Erreur." })).await.ok();
    expected.retain(|(letter, _)| !["referral.partner", "progress.agent", "turns", "digest"].contains(letter));
    expected.extend([
        ("referral.service", "Voirie"),
        ("cancelled.resident", "Votre demande"),
        ("progress.agent", "annulée"),
        ("turns", "4 changements"),
        ("digest", "annulée"),
    ]);
    exactly(&city, &ticket, &expected).await;
    let (main, duplicate) = (city.dumping().await, city.dumping().await);
    dispatcher.act(&duplicate, "merge", &json!({ "duplicate_of": main["reference"] })).await.ok();
    let text = see(&dispatcher, "merged.resident", &duplicate).await.ok()["text"].as_str().unwrap().to_owned();
    assert!(text.contains(main["reference"].as_str().unwrap()), "{text}");
    city.stop().await;
}

async fn of_what_nobody_is_told_there_is_no_letter() {
    let city = City::new().await;
    let mut complaint = dumping();
    complaint["category"] = json!("officer_complaint");
    let filed = city.agent().await.post("/v1/concerns", &complaint).await.created();
    let dispatcher = city.dispatcher().await;
    let concern = format!("/v1/concerns/{}", filed["id"].as_str().unwrap());
    let ticket = dispatcher.get(&concern).await.ok()["tickets"][0].clone();
    let elsewhere = json!({ "service": "voirie", "note": "Non." });
    let ticket = dispatcher.act(&ticket, "reroute", &elsewhere).await.ok();
    for letter in ["progress.agent", "acknowledged.agent", "outcome.agent", "turns", "digest"] {
        see(&dispatcher, letter, &ticket).await.refused(409, "no_such_turn");
    }
    // Nobody is told of their own act.
    let own = city.agent().await.post("/v1/concerns", &dumping()).await.created()["tickets"][0].clone();
    city.agent().await.act(&own, "cancel", &json!({ "note": "Erreur." })).await.ok();
    for letter in ["progress.agent", "turns"] {
        see(&dispatcher, letter, &own).await.refused(409, "no_such_turn");
    }
    see(&dispatcher, "cancelled.resident", &own).await.ok();
    assert!(city.letters_to(&email("claire.delattre")).is_empty());
    city.stop().await;
}

async fn of_a_ticket_heard_at_a_cafe_there_is_the_list_before_the_next() {
    let city = City::new().await;
    let (cafe, agent) = crate::cafe::held(&city).await;
    let mut heard = dumping();
    heard["origin"] = json!("cafe");
    heard["cafe_id"] = cafe["id"].clone();
    let heard = agent.post("/v1/concerns", &heard).await.created()["tickets"][0].clone();
    let dispatcher = city.dispatcher().await;
    see(&dispatcher, "list.cafe", &heard).await.refused(409, "no_such_turn");
    let next = json!({ "starts_at": "2027-03-04T09:00:00Z", "ends_at": "2027-03-04T11:30:00Z" });
    crate::cafe::plan(&agent, next).await;
    let text = see(&dispatcher, "list.cafe", &heard).await.ok()["text"].as_str().unwrap().replace('\u{a0}', " ");
    assert!(text.contains("04/03/2027 à 10 h") && text.contains("échéance le"), "{text}");
    let proprete = city.proprete().await;
    proprete.resolve(&proprete.acknowledge(&heard).await.ok()).await.ok();
    see(&dispatcher, "list.cafe", &heard).await.refused(409, "no_such_turn");
    city.stop().await;
}
