//! Renewing and ending a resident's link.

use reqwest::Method;
use serde_json::{Value, json};

use super::{json_at, page_at};
use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping, link};

crate::tests![
    a_renewed_link_is_mailed_and_the_earlier_ones_are_dead,
    an_ended_link_leads_nowhere_and_nothing_more_is_mailed,
    who_looks_after_the_resident_does_it_and_the_log_tells,
    a_concern_without_a_link_has_none_to_renew,
    a_repeat_renews_once,
];

const RESIDENT: &str = "habitante@mail.example";

async fn filed(city: &City) -> (Value, String) {
    let filed = city.agent().await.post("/v1/concerns", &dumping()).await.created();
    city.drain().await;
    (filed, link(&city.letters_to(RESIDENT)[0], "/v1/tracking/"))
}

async fn tracking(who: &Caller, concern: &Value, what: &str) -> Reply {
    who.post(&format!("/v1/concerns/{}/tracking/{what}", concern["id"].as_str().unwrap()), &json!({})).await
}

async fn a_renewed_link_is_mailed_and_the_earlier_ones_are_dead() {
    let city = City::new().await;
    let (concern, old) = filed(&city).await;
    let renewed = tracking(&city.agent().await, &concern, "renew").await;
    assert_eq!(renewed.ok(), json!({ "mailed": true }), "the link is told to nobody but the resident");
    assert!(page_at(&city, &old).await.is(404).text.contains("Ce lien ne mène nulle part"));
    city.stranger().post(&format!("{old}/feedback"), &json!({ "solved": "yes" })).await.is(404);
    city.drain().await;
    let letter = city.letters_to(RESIDENT).pop().unwrap();
    assert_eq!(letter.subject(), Some("Votre nouveau lien de suivi"));
    let new = link(&letter, "/v1/tracking/");
    assert_ne!(new, old);
    assert_eq!(json_at(&city, &new).await["tickets"][0]["reference"], concern["tickets"][0]["reference"]);
    city.stop().await;
}

async fn an_ended_link_leads_nowhere_and_nothing_more_is_mailed() {
    let city = City::new().await;
    let (concern, old) = filed(&city).await;
    let (dispatcher, proprete) = (city.dispatcher().await, city.proprete().await);
    let acknowledged = proprete.acknowledge(&concern["tickets"][0]).await.ok();
    assert_eq!(tracking(&dispatcher, &concern, "end").await.ok(), json!({ "ended": true }));
    tracking(&dispatcher, &concern, "end").await.ok();
    let stranger = city.stranger();
    let as_json = |path: &str| stranger.request(Method::GET, path).header("Accept", "application/json");
    let (ended, never) =
        (stranger.send(as_json(&old)).await, stranger.send(as_json("/v1/tracking/AAAAAAAAAAAAAAAAAAAAAA")).await);
    let told = |reply: &Reply| {
        let mut problem = reply.refused(404, "not_found");
        problem["instance"] = Value::Null;
        problem
    };
    assert_eq!(told(&ended), told(&never), "as one that never was");
    proprete.resolve(&acknowledged).await.ok();
    city.drain().await;
    assert_eq!(city.letters_to(RESIDENT).len(), 1, "nothing, be it appended before or after");
    assert_eq!(city.database.count("select count(*) from outbox where state in ('pending', 'dead')").await, 0);
    assert_eq!(tracking(&dispatcher, &concern, "renew").await.ok(), json!({ "mailed": true }));
    city.drain().await;
    let new = link(city.letters_to(RESIDENT).last().unwrap(), "/v1/tracking/");
    assert_eq!(json_at(&city, &new).await["tickets"][0]["state"], "resolved");
    assert!(page_at(&city, &old).await.is(404).text.contains("nulle part"));
    city.stop().await;
}

async fn who_looks_after_the_resident_does_it_and_the_log_tells() {
    let city = City::new().await;
    let (concern, _) = filed(&city).await;
    for what in ["renew", "end"] {
        tracking(&city.proprete().await, &concern, what).await.refused(403, "action_not_yours");
        tracking(&city.other_agent().await, &concern, what).await.refused(403, "action_not_yours");
        tracking(&city.voirie().await, &concern, what).await.refused(404, "not_found");
        tracking(&city.auditor().await, &concern, what).await.refused(403, "missing_right");
        tracking(&city.stranger(), &concern, what).await.refused(401, "unauthenticated");
        tracking(&city.agent().await, &concern, what).await.ok();
    }
    let audited = city.audited().await;
    let acts: Vec<_> = audited.iter().filter(|act| act["type"].as_str().unwrap().starts_with("tracking_")).collect();
    assert_eq!(acts.len(), 2);
    assert_eq!(acts[0], &json!({ "type": "tracking_renewed", "concern": concern["id"] }));
    assert_eq!(acts[1], &json!({ "type": "tracking_ended", "concern": concern["id"] }));
    city.stop().await;
}

async fn a_concern_without_a_link_has_none_to_renew() {
    let city = City::new().await;
    let mut body = dumping();
    body.as_object_mut().unwrap().remove("resident");
    let agent = city.agent().await;
    let concern = agent.post("/v1/concerns", &body).await.created();
    tracking(&agent, &concern, "renew").await.refused(409, "no_tracking_link");
    tracking(&agent, &concern, "end").await.refused(409, "no_tracking_link");
    // A telephone number alone: there is a link, and nobody to mail it to.
    body["resident"] = json!({ "phone": "+33612345678" });
    let concern = agent.post("/v1/concerns", &body).await.created();
    assert_eq!(tracking(&agent, &concern, "renew").await.ok(), json!({ "mailed": false }));
    city.stop().await;
}

async fn a_repeat_renews_once() {
    let city = City::new().await;
    let (concern, _) = filed(&city).await;
    let agent = city.agent().await;
    let path = format!("/v1/concerns/{}/tracking/renew", concern["id"].as_str().unwrap());
    let renew = || agent.request(Method::POST, &path).header("Idempotency-Key", "renew-1").json(&json!({}));
    let (first, second) = (agent.send(renew()).await.ok(), agent.send(renew()).await.ok());
    assert_eq!(first, second);
    assert_eq!(city.database.count("select sum(generation) from tracking_link").await, 2);
    city.stop().await;
}
