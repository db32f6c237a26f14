//! Who may add, have and take back what.

use image::ImageFormat;
use serde_json::{Value, json};

use super::city;
use crate::support::caller::Caller;
use crate::support::city::{City, dumping};
use crate::support::files::{attachments, photograph, upload};

crate::tests![
    those_with_a_part_add_and_take_back,
    of_a_restricted_ticket_the_referrer_sees_what_referrers_added_and_reads_are_recorded,
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

async fn restricted(_city: &City, agent: &Caller, dispatcher: &Caller) -> Value {
    let mut body = dumping();
    body["category"] = json!("neighbour_dispute");
    let concern = agent.post("/v1/concerns", &body).await.created();
    let path = format!("/v1/concerns/{}", concern["id"].as_str().unwrap());
    dispatcher.get(&path).await.ok()["tickets"][0].clone()
}
