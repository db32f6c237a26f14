//! Who may add, have and take back what.

use image::ImageFormat;
use reqwest::Method;
use serde_json::{Value, json};

use super::city;
use crate::inbound::answer::{MAILBOX, PIXEL, with_files};
use crate::inbound::{hand_in, program};
use crate::partner::{LANDLORD, newest_link};
use crate::support::caller::Caller;
use crate::support::city::{City, dumping};
use crate::support::files::{attachments, photograph, upload};

crate::tests![
    those_with_a_part_add_and_take_back,
    of_a_restricted_ticket_the_referrer_sees_what_referrers_added_and_reads_are_recorded,
    what_a_resident_sent_is_for_those_with_a_part_in_the_ticket_and_for_no_partner,
];

async fn add(who: &Caller, ticket: &Value) -> String {
    let added = upload(who, ticket, "a.jpg", &photograph(20, 20, ImageFormat::Jpeg)).await.created();
    format!("{}/{}", attachments(ticket), added["id"].as_str().unwrap())
}

async fn those_with_a_part_add_and_take_back() {
    let (city, _folder) = city().await;
    let (ticket, agent, proprete) = (city.dumping().await, city.agent().await, city.proprete().await);
    let (other_agent, voirie, manager) = (city.other_agent().await, city.voirie().await, city.manager().await);
    let picture = photograph(20, 20, ImageFormat::Jpeg);
    // Another agent sees the ticket, but has no part in it.
    upload(&other_agent, &ticket, "a.jpg", &picture).await.refused(403, "action_not_yours");
    upload(&voirie, &ticket, "a.jpg", &picture).await.refused(404, "not_found");
    upload(&city.auditor().await, &ticket, "a.jpg", &picture).await.refused(403, "missing_right");
    let (of_agent, of_service) = (add(&agent, &ticket).await, add(&proprete, &ticket).await);
    let (of_agent_too, of_dispatcher) = (add(&agent, &ticket).await, add(&city.dispatcher().await, &ticket).await);
    other_agent.get(&format!("{of_service}/content")).await.is(200);
    for path in [&of_agent, &format!("{of_agent}/content"), &format!("{of_agent}/thumbnail"), &attachments(&ticket)] {
        voirie.get(path).await.refused(404, "not_found");
    }
    for (who, path) in
        [(&other_agent, &of_agent), (&agent, &of_service), (&proprete, &of_agent), (&agent, &of_dispatcher)]
    {
        who.delete(path).await.refused(403, "action_not_yours");
    }
    voirie.delete(&of_agent).await.refused(404, "not_found");
    agent.delete(&of_agent).await.is(204);
    proprete.delete(&of_service).await.is(204);
    manager.delete(&of_agent_too).await.is(204);
    city.dispatcher().await.delete(&of_dispatcher).await.is(204);
    let by: Vec<Value> = agent.timeline(&ticket).await[1..].iter().map(|event| event["by"]["part"].clone()).collect();
    let parts = ["referrer", "service", "referrer", "dispatcher", "referrer", "service", "service", "dispatcher"];
    assert_eq!(by, parts);
    city.stop().await;
}

async fn of_a_restricted_ticket_the_referrer_sees_what_referrers_added_and_reads_are_recorded() {
    let (city, _folder) = city().await;
    let (agent, dispatcher) = (city.agent().await, city.dispatcher().await);
    let ticket = restricted(&city, &agent, &dispatcher).await;
    let (of_agent, of_dispatcher) = (add(&agent, &ticket).await, add(&dispatcher, &ticket).await);
    let ids = |page: Value| page["items"].as_array().unwrap().len();
    assert_eq!(ids(dispatcher.get(&attachments(&ticket)).await.ok()), 2);
    assert_eq!(ids(agent.get(&attachments(&ticket)).await.ok()), 1);
    agent.get(&format!("{of_agent}/content")).await.is(200);
    for path in [&of_dispatcher, &format!("{of_dispatcher}/content"), &format!("{of_dispatcher}/thumbnail")] {
        agent.get(path).await.refused(404, "not_found");
    }
    agent.delete(&of_dispatcher).await.refused(404, "not_found");
    let told = async |who: &Caller| {
        who.timeline(&ticket).await.iter().filter(|event| event["type"] == "attachment_added").count()
    };
    assert_eq!((told(&agent).await, told(&dispatcher).await), (1, 2), "the timeline shows what the list shows");
    let reads = async || city.audited().await.iter().filter(|act| act["type"] == "ticket_read").count();
    let before = reads().await;
    dispatcher.get(&format!("{of_agent}/content")).await.is(200);
    dispatcher.get(&format!("{of_agent}/thumbnail")).await.is(200);
    dispatcher.get(&of_agent).await.is(200);
    dispatcher.get(&attachments(&ticket)).await.is(200);
    assert_eq!(reads().await, before + 4);
    city.stop().await;
}

async fn what_a_resident_sent_is_for_those_with_a_part_in_the_ticket_and_for_no_partner() {
    let (city, _folder) = city().await;
    city.take_mail_back().await;
    let server = program(&city, &["mail:inbound"]).await;
    let (ticket, agent, proprete) = (city.dumping().await, city.agent().await, city.proprete().await);
    let (other_agent, dispatcher) = (city.other_agent().await, city.dispatcher().await);
    proprete.acknowledge(&ticket).await.ok();
    city.drain().await;
    let letter = city.letters_to("habitante@mail.example").pop().unwrap();
    let mail = with_files(&letter, "Voici ce que le médecin a écrit.", &[("certificat.png", "image/png", PIXEL)]);
    let taken = hand_in(&server, &mail.replace(MAILBOX, "habitante@mail.example")).await;
    assert_eq!((&taken["outcome"], &taken["attachments"]), (&json!("placed"), &json!(1)));
    let of_agent = add(&agent, &ticket).await;
    let listed = async |who: &Caller| who.get(&attachments(&ticket)).await.ok()["items"].as_array().unwrap().clone();
    let told = async |who: &Caller| {
        who.timeline(&ticket).await.iter().filter(|event| event["type"] == "attachment_added").count()
    };
    for who in [&agent, &proprete, &dispatcher] {
        assert_eq!((listed(who).await.len(), told(who).await), (2, 2));
    }
    assert_eq!((listed(&other_agent).await.len(), told(&other_agent).await), (1, 1));
    let id = listed(&agent).await[0]["id"].as_str().unwrap().to_owned();
    let of_resident = format!("{}/{id}", attachments(&ticket));
    for (path, seen) in [(&of_resident, false), (&of_agent, true)] {
        for path in [path.clone(), format!("{path}/content"), format!("{path}/thumbnail")] {
            agent.get(&path).await.is(200);
            other_agent.get(&path).await.is(if seen { 200 } else { 404 });
        }
    }
    let to_landlord = json!({ "service": "bailleur", "note": "C’est dans leur cour." });
    dispatcher.act(&dispatcher.ticket(&ticket).await, "reroute", &to_landlord).await.ok();
    city.drain().await;
    let (path, stranger) = (newest_link(&city, LANDLORD), city.stranger());
    let seen = stranger.send(stranger.request(Method::GET, &path).header("Accept", "application/json")).await.ok();
    let photos: Vec<&str> = seen["photos"].as_array().unwrap().iter().filter_map(|p| p["id"].as_str()).collect();
    assert_eq!((photos.len(), photos.contains(&id.as_str())), (1, false));
    stranger.get(&format!("{path}/photos/{}/content", photos[0])).await.is(200);
    stranger.get(&format!("{path}/photos/{id}/content")).await.refused(404, "not_found");
    city.stop().await;
}

async fn restricted(_city: &City, agent: &Caller, dispatcher: &Caller) -> Value {
    let mut body = dumping();
    body["category"] = json!("neighbour_dispute");
    let concern = agent.post("/v1/concerns", &body).await.created();
    let path = format!("/v1/concerns/{}", concern["id"].as_str().unwrap());
    dispatcher.get(&path).await.ok()["tickets"][0].clone()
}
