//! Whose a webhook is, and its secret.

use reqwest::Method;
use serde_json::{Value, json};

use super::{city, follower, hook, path};
use crate::client::register;

crate::tests![
    a_webhook_is_its_programs_own,
    a_webhook_is_made_once_and_its_secret_is_shown_once,
    a_narrowed_token_decides_of_no_webhook,
];

async fn a_narrowed_token_decides_of_no_webhook() {
    let city = city(&[]).await;
    let (program, who) = follower(&city).await;
    let webhook = hook(&who, "https://hooks.ville.example/a").await;
    let narrowed = city.with_token(&program.narrowed(&city, "cafes:read").await);
    narrowed.post("/v1/webhooks", &json!({ "url": "https://a.example/" })).await.lacks("follow_events");
    narrowed.patch(&path(&webhook, ""), &json!(1), &json!({ "active": false })).await.lacks("follow_events");
    narrowed.post(&path(&webhook, "/replay"), &json!({ "from_sequence": "1" })).await.lacks("follow_events");
    for action in ["/secret", "/ping"] {
        let problem =
            narrowed.send(narrowed.request(Method::POST, &path(&webhook, action))).await.lacks("follow_events");
        assert!(problem["detail"].as_str().unwrap().contains("tickets:read"), "{problem}");
    }
    narrowed.delete(&path(&webhook, "")).await.lacks("follow_events");
    assert_eq!(narrowed.get(&path(&webhook, "")).await.ok()["version"], 1);
    // Scopes that tell of no event do not matter.
    let both = register(&city, &["tickets:read", "concerns:write"], &[]).await;
    let both = city.with_token(&both.narrowed(&city, "tickets:read").await);
    hook(&both, "https://hooks.ville.example/b").await;
    city.stop().await;
}

async fn a_webhook_is_its_programs_own() {
    let city = city(&[]).await;
    let (_, who) = follower(&city).await;
    let other = register(&city, &["tickets:read"], &[]).await.caller(&city).await;
    let webhook = hook(&who, "https://hooks.ville.example/a").await;
    let second = hook(&who, "https://hooks.ville.example/b").await;
    other.get(&path(&webhook, "")).await.refused(404, "not_found");
    other.get(&path(&webhook, "/deliveries")).await.refused(404, "not_found");
    other.patch(&path(&webhook, ""), &json!(1), &json!({ "active": false })).await.refused(404, "not_found");
    other.delete(&path(&webhook, "")).await.refused(404, "not_found");
    for action in ["/secret", "/ping"] {
        other.send(other.request(Method::POST, &path(&webhook, action))).await.refused(404, "not_found");
    }
    other.post(&path(&webhook, "/replay"), &json!({ "from_sequence": "1" })).await.refused(404, "not_found");
    assert_eq!(other.get("/v1/webhooks").await.ok()["items"], json!([]));
    let page = who.get("/v1/webhooks?limit=1").await.ok();
    assert_eq!(page["items"][0]["id"], webhook["id"]);
    let cursor = page["next_cursor"].as_str().unwrap();
    let page = who.get(&format!("/v1/webhooks?limit=1&cursor={cursor}")).await.ok();
    assert_eq!((&page["items"][0]["id"], &page["next_cursor"]), (&second["id"], &Value::Null));
    for person in [city.dispatcher().await, city.admin().await] {
        person.get("/v1/webhooks").await.lacks("follow_events");
    }
    let filing = register(&city, &["concerns:write"], &[]).await.caller(&city).await;
    filing.post("/v1/webhooks", &json!({ "url": "https://a.example/" })).await.lacks("follow_events");
    who.send(who.request(Method::POST, &path(&webhook, "/secret"))).await.is(201);
    who.delete(&path(&webhook, "")).await.is(204);
    who.get(&path(&webhook, "")).await.refused(404, "not_found");
    who.delete(&path(&webhook, "")).await.refused(404, "not_found");
    let acts = city.audited().await;
    let acts: Vec<_> =
        acts.iter().filter(|act| act["webhook"] == webhook["id"]).map(|act| act["type"].clone()).collect();
    assert_eq!(acts, ["webhook_created", "webhook_secret_rotated", "webhook_deleted"]);
    city.stop().await;
}

async fn a_webhook_is_made_once_and_its_secret_is_shown_once() {
    let city = city(&[]).await;
    let (_, who) = follower(&city).await;
    let body = json!({ "url": "https://hooks.ville.example/" });
    let request = who.request(Method::POST, "/v1/webhooks").header("Idempotency-Key", "un").json(&body);
    let first = who.send(request.try_clone().unwrap()).await.created();
    let mut shown = first.clone();
    shown.as_object_mut().unwrap().remove("secret").unwrap();
    assert_eq!(who.send(request).await.created(), shown);
    let kept =
        format!("select count(*) from idempotency_key where body like '%{}%'", first["secret"].as_str().unwrap());
    assert_eq!(city.database.count(&kept).await, 0);
    for _ in 1..20 {
        hook(&who, "https://hooks.ville.example/").await;
    }
    who.post("/v1/webhooks", &body).await.refused(409, "too_many_webhooks");
    city.stop().await;
}
