//! What is hidden from those who may know of a ticket, or who filed it. Who may know of what is tried in
//! [`crate::permission`].

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::city::{City, dumping};

crate::tests![a_complaint_about_an_officer_is_hidden_from_who_filed_it, the_services_notes_are_for_colleagues_alone,];

async fn file(who: &Caller, category: &str) -> Vec<Value> {
    let mut body = dumping();
    body["category"] = json!(category);
    who.post("/v1/concerns", &body).await.created()["tickets"].as_array().unwrap().clone()
}

fn ids(tickets: &[Value]) -> BTreeSet<String> {
    tickets.iter().map(|ticket| ticket["id"].as_str().unwrap().to_owned()).collect()
}

async fn a_complaint_about_an_officer_is_hidden_from_who_filed_it() {
    let city = City::new().await;
    let agent = city.agent().await;
    let mut body = dumping();
    body["category"] = json!("officer_complaint");
    let filed = agent.post("/v1/concerns", &body).await.created();
    assert_eq!((&filed["outcome"], &filed["tickets"]), (&json!("referred"), &json!([])));
    assert_eq!(filed["warnings"][0]["code"], "out_of_sight", "the officer is told why");
    let concern = format!("/v1/concerns/{}", filed["id"].as_str().unwrap());
    agent.get(&concern).await.refused(404, "not_found");
    let seen = city.dispatcher().await.get(&concern).await.ok();
    assert_eq!(seen["tickets"].as_array().unwrap().len(), 1);
    city.drain().await;
    assert_eq!(city.letters_to("claire.delattre@ville-amiens.example").len(), 0);
    city.stop().await;
}

async fn the_services_notes_are_for_colleagues_alone() {
    let city = City::new().await;
    let (agent, mediation) = (city.agent().await, city.login("samira.benali").await);
    for (category, service) in [("neighbour_dispute", &mediation), ("illegal_dumping", &city.proprete().await)] {
        let tickets = file(&agent, category).await;
        let own = service.get("/v1/tickets").await.ok();
        let ticket = own["items"][0].clone();
        assert!(ids(&tickets).contains(ticket["id"].as_str().unwrap()), "{category}");
        service.act(&ticket, "acknowledge", &json!({ "note": "Pour nous." })).await.ok();
        assert_eq!(service.timeline(&ticket).await[1]["data"]["note"], "Pour nous.");
        assert_eq!(city.dispatcher().await.timeline(&ticket).await[1]["data"]["note"], "Pour nous.");
        assert_eq!(agent.timeline(&ticket).await[1]["data"].get("note"), None, "{category}");
    }
    city.stop().await;
}
