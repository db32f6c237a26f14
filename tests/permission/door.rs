//! The doors through which something could be learnt of a ticket. A feature that opens another one adds it here.

use std::collections::BTreeSet;
use std::pin::Pin;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Filed, Who};
use crate::support::caller::Reply;
use crate::support::city::dumping;

pub type Seen<'a> = Pin<Box<dyn Future<Output = Option<bool>> + 'a>>;

/// Whether something is learnt of a ticket through a door; none where the door is shut to them whatever the ticket is.
pub type Door = fn(&'_ Who, &'_ Filed) -> Seen<'static>;

pub const DOORS: &[(&str, Door)] = &[
    ("list", |who, ticket| listed(who, ticket, "limit=200".to_owned())),
    ("search", |who, ticket| {
        let query = format!("limit=200&category={}&service={}&late=false", ticket.text("category"), ticket.service());
        listed(who, ticket, query)
    }),
    ("words", |who, ticket| listed(who, ticket, "limit=200&q=matelas&sort=relevance".to_owned())),
    ("like words", |who, ticket| listed(who, ticket, "limit=200&q=mattelas".to_owned())),
    ("counts", |who, ticket| {
        let (caller, number) = (who.caller.clone(), ticket.text("reference").to_owned());
        Box::pin(async move {
            let reply = caller.get(&format!("/v1/tickets/counts?q={number}")).await;
            if reply.status != 200 {
                reply.refused(403, "missing_right");
                return Some(false);
            }
            let counts = reply.json();
            Some(counts["items"].as_array().unwrap().iter().any(|count| count["count"] != 0))
        })
    }),
    ("export", |who, ticket| {
        let (caller, id, standard) = (who.caller.clone(), ticket.id().to_owned(), ticket.secrecy == 0);
        Box::pin(async move {
            let reply = caller.get("/v1/tickets/export?format=ndjson").await;
            if reply.status != 200 {
                reply.refused(403, "missing_right");
                return Some(false);
            }
            let seen = reply.text.contains(&id);
            // What is not for everybody is in no export.
            assert!(standard || !seen);
            standard.then_some(seen)
        })
    }),
    ("pages", |who, ticket| listed(who, ticket, "limit=1".to_owned())),
    ("fetch", |who, ticket| fetched(who, format!("/v1/tickets/{}", ticket.id()))),
    ("reference", |who, ticket| fetched(who, format!("/v1/tickets/{}", ticket.text("reference")))),
    ("timeline", |who, ticket| fetched(who, format!("/v1/tickets/{}/timeline", ticket.id()))),
    ("notes", |who, ticket| asked_about(who, ticket, "notes")),
    ("referrer messages", |who, ticket| asked_about(who, ticket, "referrer_messages")),
    ("resident messages", |who, ticket| asked_about(who, ticket, "resident_messages")),
    ("feedback", |who, ticket| asked_about(who, ticket, "feedback")),
    ("colleagues", |who, ticket| asked_about(who, ticket, "colleagues")),
    ("openings", |who, ticket| asked_about(who, ticket, "openings")),
    ("sheet", |who, ticket| asked_about(who, ticket, "sheet")),
    ("attachments", |who, ticket| asked_about(who, ticket, "attachments")),
    ("letters", |who, ticket| {
        let path = "/v1/notifications/preview?letter=referral.service&ticket=";
        let (caller, path) = (who.caller.clone(), format!("{path}{}", ticket.id()));
        Box::pin(async move {
            let reply = caller.get(&path).await;
            if reply.status == 403 {
                reply.refused(403, "missing_right");
                return None;
            }
            Some(reply.status == 200)
        })
    }),
    ("concern", |who, ticket| {
        let (caller, id, concern) = (who.caller.clone(), ticket.id().to_owned(), ticket.text("concern_id").to_owned());
        Box::pin(async move {
            let reply = caller.get(&format!("/v1/concerns/{concern}")).await;
            Some(reply.status == 200 && ids(&reply.json()["tickets"]).contains(&id))
        })
    }),
    ("duplicates", |who, ticket| {
        let (caller, id) = (who.caller.clone(), ticket.id().to_owned());
        let like = json!({ "category": ticket.value["category"], "place": ticket.value["place"] });
        // To another's restricted ticket, nothing can be attached: it is proposed to nobody.
        let takes_none = ticket.secrecy == 1 && ticket.by != who.name;
        Box::pin(async move {
            let reply = caller.post("/v1/concerns/duplicates", &like).await;
            if reply.status == 403 {
                reply.refused(403, "missing_right");
                return None;
            }
            let proposed = ids(&reply.ok()["items"]).contains(&id);
            assert!(!(proposed && takes_none), "{}", reply.text);
            (!takes_none).then_some(proposed)
        })
    }),
    ("attach", |who, ticket| {
        let (caller, id) = (who.caller.clone(), ticket.id().to_owned());
        Box::pin(async move {
            let attach = async |name: String| {
                let mut body = dumping();
                // Of another category, so that nothing is filed.
                body["category"] = json!("graffiti");
                body["attach_to"] = json!(name);
                caller.post("/v1/concerns", &body).await
            };
            let (reply, none) = (attach(id).await, attach(Uuid::nil().to_string()).await);
            if reply.status == 403 {
                reply.refused(403, "missing_right");
                return None;
            }
            none.refused_fields(422, "invalid_content", &[("/attach_to", "unknown_ticket")]);
            Some(instance_free(&reply) != instance_free(&none))
        })
    }),
    ("action", |who, ticket| {
        let (caller, id) = (who.caller.clone(), ticket.id().to_owned());
        Box::pin(async move {
            let act = |id: String| {
                let request = caller.request(Method::POST, &format!("/v1/tickets/{id}/start"));
                caller.send(request.header("If-Match", "\"99\"").json(&json!({})))
            };
            let (reply, none) = (act(id).await, act(Uuid::nil().to_string()).await);
            if none.status == 403 {
                assert_eq!(reply.status, 403, "{}", reply.text);
                return None;
            }
            if reply.status == 404 {
                assert_eq!((instance_free(&reply), reply.header("etag")), (instance_free(&none), None));
            }
            Some(reply.status != 404)
        })
    }),
    ("bulk", told_in_bulk),
    ("replay", told_by_a_replay),
    ("sheet for everybody", told_by_a_sheet),
];

/// Learns of a ticket from what is told of it among others.
fn told_in_bulk(who: &Who, ticket: &Filed) -> Seen<'static> {
    let (caller, id) = (who.caller.clone(), ticket.id().to_owned());
    Box::pin(async move {
        let body = json!({
            "tickets": [{ "ticket": id, "version": 99 }, { "ticket": Uuid::nil(), "version": 99 }],
            "command": { "priority": "high" }
        });
        let reply = caller.post("/v1/tickets/bulk/prioritise", &body).await;
        if reply.status != 200 {
            reply.refused(403, "missing_right");
            return None;
        }
        let [one, none] = [0, 1].map(|at| reply.json()["results"][at]["problem"]["code"].clone());
        assert_eq!(none, "not_found");
        Some(one != none)
    })
}

/// A problem without the path that it answers.
fn instance_free(reply: &Reply) -> Value {
    let mut problem = reply.json();
    problem.as_object_mut().unwrap().remove("instance");
    problem
}

fn ids(tickets: &Value) -> BTreeSet<String> {
    let tickets = tickets.as_array().into_iter().flatten();
    tickets.map(|ticket| ticket["id"].as_str().unwrap().to_owned()).collect()
}

fn listed(who: &Who, ticket: &Filed, query: String) -> Seen<'static> {
    let (caller, id) = (who.caller.clone(), ticket.id().to_owned());
    Box::pin(async move {
        let mut path = format!("/v1/tickets?{query}");
        loop {
            let reply = caller.get(&path).await;
            if reply.status != 200 {
                reply.refused(403, "missing_right");
                return Some(false);
            }
            let page = reply.json();
            if ids(&page["items"]).contains(&id) {
                return Some(true);
            }
            let Some(cursor) = page["next_cursor"].as_str() else { return Some(false) };
            path = format!("/v1/tickets?{query}&cursor={cursor}");
        }
    })
}

/// Reads something. What may not be known of is answered in the very words in which what does not exist is.
fn fetched(who: &Who, path: String) -> Seen<'static> {
    let caller = who.caller.clone();
    Box::pin(async move {
        let reply = caller.get(&path).await;
        let end = path.rsplit_once("/timeline").map_or("", |_| "/timeline");
        let none = caller.get(&format!("/v1/tickets/{}{end}", Uuid::nil())).await;
        if reply.status != 200 {
            assert_eq!(instance_free(&reply), instance_free(&none), "{path}");
            assert_eq!(reply.header("etag"), None, "{path}");
        }
        Some(reply.status == 200)
    })
}

/// Asks for something of a ticket that some who see it may not read: they are told so, and thereby that there is one.
fn asked_about(who: &Who, ticket: &Filed, end: &'static str) -> Seen<'static> {
    let (caller, id) = (who.caller.clone(), ticket.id().to_owned());
    Box::pin(async move {
        let reply = caller.get(&format!("/v1/tickets/{id}/{end}")).await;
        let none = caller.get(&format!("/v1/tickets/{}/{end}", Uuid::nil())).await;
        if reply.status == 200 || reply.json()["code"] == "action_not_yours" {
            return Some(true);
        }
        assert_eq!(instance_free(&reply), instance_free(&none), "{end}");
        Some(false)
    })
}

/// Whether the sheet of the area and the day has a line of the ticket's category: of standard ones, for the police.
fn told_by_a_sheet(who: &Who, ticket: &Filed) -> Seen<'static> {
    let (caller, category, standard) = (who.caller.clone(), ticket.text("category").to_owned(), ticket.secrecy == 0);
    let reads_none = who.holds.iter().all(|holder| ["auditor", "admin"].contains(holder));
    Box::pin(async move {
        let reply = caller.get("/v1/sheets?area=secteurs:nord&from=2026-03-10&to=2026-03-10").await;
        if reply.status == 403 {
            reply.refused(403, "missing_right");
            return reads_none.then_some(false);
        }
        let seen = reply.is(200).text.contains(&category);
        assert!(standard || !seen);
        standard.then_some(seen)
    })
}

/// Whether a replay of rules that send everything elsewhere names the ticket's concern.
fn told_by_a_replay(who: &Who, ticket: &Filed) -> Seen<'static> {
    let (caller, concern) = (who.caller.clone(), ticket.text("concern_id").to_owned());
    let reads_none = who.holds.iter().all(|holder| ["auditor", "admin"].contains(holder));
    Box::pin(async move {
        let reply = caller.post("/v1/routing/replay", &json!({})).await;
        if reply.status == 403 {
            reply.refused(403, "missing_right");
            return reads_none.then_some(false);
        }
        let elsewhere = json!({
            "code": "eau", "name": { "fr": "Eau", "en": "Water" }, "when": { "type": "always" }, "send_to": ["eau"]
        });
        let draft = json!({ "name": "Tout à l’eau", "rules": [elsewhere] });
        let draft = caller.post("/v1/routing/drafts", &draft).await.created();
        let told =
            caller.post("/v1/routing/replay", &json!({ "draft": draft["id"] })).await.is(200).text.contains(&concern);
        let path = format!("/v1/routing/drafts/{}", draft["id"].as_str().unwrap());
        caller.send(caller.request(Method::DELETE, &path).header("If-Match", "\"1\"")).await.is(204);
        Some(told)
    })
}
