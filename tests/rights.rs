//! Who may know of what: a list, a fetch and the rule say the same, for everybody.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::city::{City, dumping};

crate::tests![
    a_list_and_a_fetch_show_the_same_to_everybody,
    a_complaint_about_an_officer_is_hidden_from_who_filed_it,
    the_services_notes_are_not_for_the_referrer_of_a_restricted_ticket,
];

async fn file(who: &Caller, category: &str) -> Vec<Value> {
    let mut body = dumping();
    body["category"] = json!(category);
    who.post("/v1/concerns", &body).await.created()["tickets"].as_array().unwrap().clone()
}

fn ids(tickets: &[Value]) -> BTreeSet<String> {
    tickets.iter().map(|ticket| ticket["id"].as_str().unwrap().to_owned()).collect()
}

async fn visible(who: &Caller, every: &BTreeSet<String>) -> BTreeSet<String> {
    let listed = ids(who.get("/v1/tickets?limit=200").await.ok()["items"].as_array().unwrap());
    let mut fetched = BTreeSet::new();
    for id in every {
        let reply = who.get(&format!("/v1/tickets/{id}")).await;
        let timeline = who.get(&format!("/v1/tickets/{id}/timeline")).await;
        assert_eq!(reply.status, timeline.status, "a ticket and its timeline");
        if reply.status == 200 {
            fetched.insert(id.clone());
        } else {
            reply.refused(404, "not_found");
            let action = who.act(&json!({ "id": id, "version": 1 }), "start", &json!({})).await;
            action.refused(404, "not_found");
        }
    }
    assert_eq!(listed, fetched, "a list and a fetch differ");
    listed
}

async fn a_list_and_a_fetch_show_the_same_to_everybody() {
    let city = City::new().await;
    let (agent, other, dispatcher) = (city.agent().await, city.other_agent().await, city.dispatcher().await);
    let standard = ids(&[file(&agent, "illegal_dumping").await, file(&other, "pothole").await].concat());
    let own = ids(&file(&agent, "neighbour_dispute").await);
    let theirs = ids(&file(&other, "neighbour_dispute").await);
    file(&agent, "officer_complaint").await;
    file(&other, "officer_complaint").await;
    let every = ids(dispatcher.get("/v1/tickets").await.ok()["items"].as_array().unwrap());
    assert_eq!(every.len(), standard.len() + own.len() + theirs.len() + 2);
    assert_eq!(visible(&dispatcher, &every).await, every);
    assert_eq!(visible(&agent, &every).await, &standard | &own);
    assert_eq!(visible(&other, &every).await, &standard | &theirs);
    let of = async |service: &str| {
        let page = dispatcher.get(&format!("/v1/tickets?service={service}")).await.ok();
        ids(page["items"].as_array().unwrap())
    };
    assert_eq!(visible(&city.voirie().await, &every).await, of("voirie").await);
    assert_eq!(visible(&city.proprete().await, &every).await, of("proprete").await);
    city.admin().await.get("/v1/tickets").await.refused(403, "missing_right");
    city.stop().await;
}

async fn a_complaint_about_an_officer_is_hidden_from_who_filed_it() {
    let city = City::new().await;
    let agent = city.agent().await;
    let mut body = dumping();
    body["category"] = json!("officer_complaint");
    let filed = agent.post("/v1/concerns", &body).await.created();
    assert_eq!((&filed["outcome"], &filed["tickets"]), (&json!("referred"), &json!([])));
    let concern = format!("/v1/concerns/{}", filed["id"].as_str().unwrap());
    agent.get(&concern).await.refused(404, "not_found");
    let seen = city.dispatcher().await.get(&concern).await.ok();
    assert_eq!(seen["tickets"].as_array().unwrap().len(), 1);
    city.drain().await;
    assert_eq!(city.letters_to("claire.delattre@ville-amiens.example").len(), 0);
    city.stop().await;
}

async fn the_services_notes_are_not_for_the_referrer_of_a_restricted_ticket() {
    let city = City::new().await;
    let (agent, mediation) = (city.agent().await, city.login("samira.benali").await);
    for (category, service, referrer_reads) in
        [("neighbour_dispute", &mediation, false), ("illegal_dumping", &city.proprete().await, true)]
    {
        let tickets = file(&agent, category).await;
        let own = service.get("/v1/tickets").await.ok();
        let ticket = own["items"][0].clone();
        assert!(ids(&tickets).contains(ticket["id"].as_str().unwrap()), "{category}");
        service.act(&ticket, "acknowledge", &json!({ "note": "Pour nous." })).await.ok();
        assert_eq!(service.timeline(&ticket).await[1]["data"]["note"], "Pour nous.");
        assert_eq!(agent.timeline(&ticket).await[1]["data"].get("note").is_some(), referrer_reads, "{category}");
    }
    city.stop().await;
}
