//! The dispatcher: what was sent back, what partners left lying, what is one and the same, what nobody can place.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::cast::{DESK, DISPATCHER, competent, dice};
use super::town::{Town, each, whole};
use crate::support::caller::Caller;

impl Town {
    /// An afternoon at the desk.
    pub async fn settle(&self) {
        let dispatcher = self.who(DISPATCHER).await;
        let refused = whole(&dispatcher, "/v1/tickets?status=refused").await;
        each(refused, async |ticket| self.send_elsewhere(&dispatcher, &ticket).await).await;
        let returned = whole(&dispatcher, &format!("/v1/tickets?service={DESK}&status=submitted")).await;
        let returned = returned.into_iter().filter(|ticket| ticket["category"] == "hall_occupation");
        let mediation = json!({ "service": "mediation", "note": "Le bailleur ne répond pas." });
        each(returned, async |ticket| drop(dispatcher.act(&ticket, "reroute", &mediation).await.ok())).await;
        self.sort_out(&dispatcher).await;
        for mail in whole(&dispatcher, "/v1/inbound").await {
            let path = format!("/v1/inbound/{}/settle", mail["id"].as_str().unwrap());
            assert!((200..300).contains(&dispatcher.post(&path, &json!({})).await.status));
        }
    }

    async fn send_elsewhere(&self, dispatcher: &Caller, ticket: &Value) {
        let to = competent(ticket["category"].as_str().unwrap());
        let end = match dice(self.number(ticket), "sent back") {
            0..70 if ticket["service"]["code"] != to => {
                let body = json!({ "service": to, "note": "C’est pour vous." });
                return drop(dispatcher.act(ticket, "reroute", &body).await.ok());
            }
            70..85 => json!({ "closure_reason": "not_competent", "body_told": "Préfecture de la Somme" }),
            _ => json!({ "closure_reason": "private_matter", "message_to_resident": "Cela ne regarde pas la ville." }),
        };
        dispatcher.act(ticket, "close", &end).await.ok();
    }

    /// Joins what is the same, calls off what is void, has a second service come along.
    async fn sort_out(&self, dispatcher: &Caller) {
        let open = whole(dispatcher, "/v1/tickets?status=submitted&status=acknowledged").await;
        let alike = |ticket: &Value| {
            let area = ticket["areas"]["secteurs"].as_str().unwrap();
            format!("{} {} {area}", ticket["category"], ticket["service"]["code"])
        };
        let mut mains: BTreeMap<String, &Value> = BTreeMap::new();
        for ticket in open.iter().filter(|ticket| ticket["state"] == "acknowledged") {
            let main = mains.entry(alike(ticket)).or_insert(ticket);
            if self.number(ticket) < self.number(main) {
                *main = ticket;
            }
        }
        for ticket in open.iter().filter(|ticket| ticket["state"] == "submitted") {
            let number = self.number(ticket);
            let restricted = super::cast::restricted(ticket["category"].as_str().unwrap());
            let main = mains.get(&alike(ticket)).filter(|_| !restricted);
            match (self.dice(number, "sorted out"), main) {
                (0..5, Some(main)) => {
                    dispatcher.act(ticket, "merge", &json!({ "duplicate_of": main["reference"] })).await.ok();
                }
                (5..7, _) => drop(dispatcher.act(ticket, "cancel", &json!({ "note": "Sans objet." })).await.ok()),
                (7..10, _) if ticket["category"] == "pothole" && ticket["service"]["code"] == "voirie" => {
                    let body = json!({ "services": ["eau"], "note": "Une fuite, peut-être." });
                    let reply = dispatcher.act(ticket, "split", &body).await;
                    assert!([200, 201, 409, 422].contains(&reply.status), "{}", reply.text);
                }
                _ => {}
            }
        }
    }
}
