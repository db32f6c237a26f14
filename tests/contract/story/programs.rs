//! Programs: how they are registered, get tokens, and follow what happens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::feed::EventType;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::Story;
use crate::client::register;
use crate::event::{events, place};
use crate::support::caller::Caller;
use crate::webhook::deliver;
use crate::webhook::receiver::Receiver;

/// A program is registered, and gets tokens.
pub async fn play(story: &mut Story) {
    let (admin, stranger) = (story.city.admin().await, story.city.stranger());
    story.done(&stranger, "oauth_metadata", &[]).await;
    let client = story.done(&admin, "client_register", &[]).await;
    let it = ("client", client["id"].clone());
    let made = story.done(&admin, "client_add_secret", &[it.clone()]).await;
    let secret = made["secret"].as_str().unwrap();
    story.recorded.alias(secret, "the-secret-shown-once");
    story.done(&admin, "client_list", &[]).await;
    story.done(&admin, "client_change", &[it.clone(), ("If-Match", client["version"].clone())]).await;
    story.done(&admin, "client_read", &[it.clone()]).await;
    let basic = STANDARD.encode(format!("{}:{secret}", client["id"].as_str().unwrap()));
    let basic = ("Authorization", json!(format!("Basic {basic}")));
    let token = story.done(&stranger, "oauth_token", &[basic.clone()]).await["access_token"].clone();
    story.recorded.alias(token.as_str().unwrap(), "the-access-token");
    story.done(&stranger, "oauth_introspect", &[basic.clone(), ("/token", token.clone())]).await;
    story.play(&stranger, "oauth_revoke", &[basic, ("/token", token)]).await;
    let secret = ("secret", made["id"].clone());
    story.play(&admin, "client_revoke_secret", &[it, secret]).await;
}

/// A program follows what happened in the story, and is sent it.
pub async fn follow(story: &mut Story) {
    let program = register(&story.city, &["tickets:read", "cafes:read"], &[]).await;
    let caller = program.caller(&story.city).await;
    place(&story.city).await;
    let all = events(&caller, "").await;
    story.done(&caller, "event_list", &[]).await;
    stream(story, &caller, &all).await;
    webhooks(story, &caller).await;
    for event in all {
        story.recorded.event(event);
    }
    place(&story.city).await;
    let told = story.recorded.event_types();
    for one in EventType::ALL {
        assert!(told.contains(&one.code().to_owned()), "nothing in the story makes an event {}", one.code());
    }
}

/// What comes first on the stream.
async fn stream(story: &mut Story, caller: &Caller, all: &[Value]) {
    let after = all[0]["sequence"].as_str().unwrap();
    let mut response = caller.request(Method::GET, &format!("/v1/events/stream?after={after}")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut text = String::new();
    while text.matches("data:").count() < 2 {
        text.push_str(std::str::from_utf8(&response.chunk().await.unwrap().unwrap()).unwrap());
    }
    assert!(text.contains(all[1]["id"].as_str().unwrap()), "{text}");
    let head: String = text.split_inclusive("\n\n").take(2).collect();
    let (id, kind) = ("event_stream", "text/event-stream".to_owned());
    let parameters = Map::from_iter([("after".to_owned(), json!(after))]);
    story.recorded.answered(id, parameters, Map::new(), 200, kind, Some(json!(head)));
}

async fn webhooks(story: &mut Story, caller: &Caller) {
    let receiver = Receiver::start("127.0.0.1");
    story.recorded.alias(&receiver.url(), "https://hooks.ville.example/continuum");
    let webhook = story.done(caller, "webhook_create", &[]).await;
    let it = ("webhook", webhook["id"].clone());
    story.recorded.alias(webhook["secret"].as_str().unwrap(), "whsec_dGhpcy1pcy1hbi1leGFtcGxlLWFuZC1uby1zZWNyZXQ=");
    story.done(caller, "webhook_list", &[]).await;
    story.done(caller, "webhook_read", &[it.clone()]).await;
    story.done(caller, "webhook_change", &[it.clone(), ("If-Match", webhook["version"].clone())]).await;
    let rotated = story.done(caller, "webhook_rotate_secret", &[it.clone()]).await;
    story.recorded.alias(rotated["secret"].as_str().unwrap(), "whsec_dGhlLW5leHQtZXhhbXBsZS1hbmQtbm8tc2VjcmV0LSE=");
    let there = caller.post("/v1/webhooks", &json!({ "url": receiver.url() })).await.created();
    let there = ("webhook", there["id"].clone());
    story.done(caller, "webhook_replay", &[there.clone()]).await;
    story.done(caller, "webhook_ping", &[there.clone()]).await;
    story.play(caller, "webhook_delete", &[it]).await;
    deliver(&story.city).await;
    for event in receiver.events() {
        story.recorded.event(event);
    }
    let log = story.done(caller, "webhook_deliveries", &[there.clone()]).await;
    story.done(caller, "webhook_delivery", &[there, ("delivery", log["items"][0]["id"].clone())]).await;
    receiver.stop().await;
}
