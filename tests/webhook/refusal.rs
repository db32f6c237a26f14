//! Where nothing is sent: addresses that are not public, however they are named.

use serde_json::json;

use super::receiver::{Manner, Receiver};
use super::{city, deliver, deliveries, file, follower, hook, path};
use crate::client::register;

crate::tests![
    addresses_that_are_not_public_are_refused,
    a_redirect_is_not_followed,
    a_name_of_a_private_address_is_refused_when_something_is_sent,
    an_address_is_checked_again_when_something_is_sent,
    bad_fields_are_named,
];

async fn addresses_that_are_not_public_are_refused() {
    let city = city(&[]).await;
    let (_, who) = follower(&city).await;
    let webhook = hook(&who, "https://hooks.ville.example/").await;
    for (url, code) in [
        ("http://hooks.ville.example/", "not_https"),
        ("ftp://hooks.ville.example/", "not_https"),
        ("https://user:secret@hooks.ville.example/", "bad_url"),
        ("https://hooks.ville.example/#a", "bad_url"),
        ("https://hooks.ville.example:0/", "bad_url"),
        ("https://127.0.0.1/", "not_public"),
        ("https://127.1:8443/", "not_public"),
        ("https://2130706433/", "not_public"),
        ("https://0x7f000001/", "not_public"),
        ("https://10.0.0.1/", "not_public"),
        ("https://169.254.169.254/latest/meta-data/", "not_public"),
        ("https://192.168.1.1/", "not_public"),
        ("https://100.64.0.1/", "not_public"),
        ("https://0.0.0.0/", "not_public"),
        ("https://[::1]/", "not_public"),
        ("https://[::ffff:10.0.0.1]/", "not_public"),
        ("https://[fd00::1]/", "not_public"),
        ("https://[fe80::1]/", "not_public"),
        ("https://[64:ff9b::a00:1]/", "not_public"),
        ("https://[2002:a00:1::]/", "not_public"),
    ] {
        let fields = [("/url", code)];
        who.post("/v1/webhooks", &json!({ "url": url })).await.refused_fields(422, "invalid_content", &fields);
        let change = json!({ "url": url });
        who.patch(&path(&webhook, ""), &json!(1), &change).await.refused_fields(422, "invalid_content", &fields);
    }
    city.stop().await;
}

async fn a_redirect_is_not_followed() {
    let city = city(&["127.0.0.2/32"]).await;
    let (_, who) = follower(&city).await;
    let (receiver, victim) = (Receiver::start("127.0.0.2"), Receiver::start("127.0.0.1"));
    let webhook = hook(&who, &receiver.url()).await;
    for status in [301, 302, 307, 308] {
        receiver.answers(Manner { location: Some(victim.url()), ..Manner::status(status) });
        file(&city, 1).await;
        deliver(&city).await;
        let log = deliveries(&who, &webhook).await;
        assert_eq!(log[0]["status"], status);
        city.clock.forward(chrono::Duration::minutes(3));
    }
    assert_eq!((receiver.sent().len(), victim.sent().len()), (4, 0));
    receiver.stop().await;
    victim.stop().await;
    city.stop().await;
}

async fn a_name_of_a_private_address_is_refused_when_something_is_sent() {
    let city = city(&["127.0.0.2/32"]).await;
    let (_, who) = follower(&city).await;
    let (victim, receiver) = (Receiver::start("127.0.0.1"), Receiver::start("127.0.0.2"));
    let port = victim.at.split(':').next_back().unwrap();
    hook(&who, &receiver.url()).await;
    for scheme in ["http", "https"] {
        let webhook = hook(&who, &format!("{scheme}://localhost:{port}/")).await;
        file(&city, 1).await;
        deliver(&city).await;
        let log = deliveries(&who, &webhook).await;
        assert_eq!((&log[0]["error"], log[0].get("answer")), (&json!("refused"), None), "{scheme}");
        assert_eq!(who.get(&path(&webhook, "")).await.ok()["failures"], 1);
    }
    assert_eq!((victim.sent().len(), receiver.sent().len()), (0, 2));
    victim.stop().await;
    receiver.stop().await;
    city.stop().await;
}

async fn an_address_is_checked_again_when_something_is_sent() {
    let city = city(&["127.0.0.2/32"]).await;
    let (_, who) = follower(&city).await;
    let (receiver, victim) = (Receiver::start("127.0.0.2"), Receiver::start("127.0.0.1"));
    let webhook = hook(&who, &receiver.url()).await;
    // As if the operator had allowed it once.
    let statement = "update webhook set url = $1";
    sqlx::query(statement).bind(victim.url()).execute(&mut city.database.connection().await).await.unwrap();
    file(&city, 1).await;
    deliver(&city).await;
    assert_eq!(deliveries(&who, &webhook).await[0]["error"], "refused");
    assert_eq!(victim.sent().len(), 0);
    receiver.stop().await;
    victim.stop().await;
    city.stop().await;
}

async fn bad_fields_are_named() {
    let city = city(&[]).await;
    let (_, who) = follower(&city).await;
    let body = json!({
        "url": "https://hooks.ville.example/", "services": ["neverheard"], "categories": ["neverheard"],
        "areas": ["neverheard:nord"]
    });
    who.post("/v1/webhooks", &body).await.refused_fields(
        422,
        "invalid_content",
        &[("/services", "unknown_code"), ("/categories", "unknown_code"), ("/areas", "unknown_code")],
    );
    let mistyped = json!({ "url": "https://hooks.ville.example/", "areas": ["secteurs:nord", "secteurs:nort"] });
    let refused = who.post("/v1/webhooks", &mistyped).await;
    refused.refused_fields(422, "invalid_content", &[("/areas", "unknown_code")]);
    assert!(refused.text.contains("secteurs:nort"), "{}", refused.text);
    let deaf = register(&city, &["tickets:read"], &[]).await.caller(&city).await;
    let body = json!({ "url": "https://hooks.ville.example/", "types": ["cafe.planned", "ticket.submitted"] });
    deaf.post("/v1/webhooks", &body).await.refused_fields(422, "invalid_content", &[("/types", "scope_missing")]);
    let limited = register(&city, &["tickets:read"], &["proprete"]).await.caller(&city).await;
    let body = json!({ "url": "https://hooks.ville.example/", "services": ["proprete", "voirie"] });
    limited.post("/v1/webhooks", &body).await.refused_fields(422, "invalid_content", &[("/services", "beyond_limits")]);
    for (body, fields) in [
        (json!({}), vec![("/url", "required")]),
        (json!({ "url": "nowhere" }), vec![("/url", "bad_format")]),
        (
            json!({ "url": "https://a.example/", "types": ["ticket.exploded"], "foo": 1 }),
            vec![("/types/0", "unknown_value"), ("/foo", "unknown_field")],
        ),
        (json!({ "url": "https://a.example/", "areas": ["nord"] }), vec![("/areas/0", "bad_format")]),
    ] {
        who.post("/v1/webhooks", &body).await.refused_fields(400, "invalid_request", &fields);
    }
    city.stop().await;
}
