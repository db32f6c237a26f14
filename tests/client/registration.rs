//! Registering programs, their secrets and keys.

use serde_json::{Value, json};

use super::{add_secret, register};
use crate::support::city::City;

crate::tests![
    a_program_is_registered_changed_and_disabled,
    a_program_that_does_not_fit_is_refused,
    two_secrets_at_a_time_are_accepted_and_one_is_shown_once,
    a_key_that_verifies_nothing_is_refused,
    who_looks_after_a_program_is_told_before_a_secret_expires,
    only_administrators_see_programs,
];

fn dashboard() -> Value {
    json!({
        "name": "Tableau de bord",
        "contact": "dsi@ville-amiens.example",
        "scopes": ["tickets:read"],
        "services": ["proprete"],
        "categories": ["illegal_dumping"]
    })
}

async fn a_program_is_registered_changed_and_disabled() {
    let city = City::new().await;
    let admin = city.admin().await;
    let client = admin.post("/v1/clients", &dashboard()).await.created();
    let path = format!("/v1/clients/{}", client["id"].as_str().unwrap());
    assert_eq!(admin.get(&path).await.ok(), client);
    assert_eq!((&client["secrets"], &client["version"]), (&json!([]), &json!(1)));
    admin.post("/v1/clients", &dashboard()).await.refused(409, "name_taken");
    let changed = admin.patch(&path, &json!(1), &json!({ "scopes": ["cafes:read"], "services": [] })).await.ok();
    assert_eq!((&changed["scopes"], &changed["services"]), (&json!(["cafes:read"]), &json!([])));
    admin.patch(&path, &json!(1), &json!({ "active": false })).await.refused(412, "stale_version");
    admin.patch(&path, &json!(2), &json!({ "active": false })).await.ok();
    register(&city, &["stats:read"], &[]).await;
    let page = admin.get("/v1/clients?limit=1").await.ok();
    let next = page["next_cursor"].as_str().unwrap();
    let rest = admin.get(&format!("/v1/clients?limit=1&cursor={next}")).await.ok();
    let name = |page: &Value| page["items"][0]["name"].clone();
    assert_eq!((name(&page), name(&rest)), (json!("Programme stats:read"), json!("Tableau de bord")));
    let acts: Vec<String> = city.audited().await.iter().map(|act| act["type"].as_str().unwrap().to_owned()).collect();
    let acts: Vec<_> = acts.iter().filter(|act| act.starts_with("client_")).collect();
    assert_eq!(acts, ["client_created", "client_changed", "client_disabled", "client_created", "client_secret_added"]);
    city.stop().await;
}

async fn a_program_that_does_not_fit_is_refused() {
    let city = City::new().await;
    let admin = city.admin().await;
    let with = |changes: Value| {
        let mut body = dashboard();
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        body
    };
    for (changes, field, code) in [
        (json!({ "scopes": [] }), "/scopes", "required"),
        (json!({ "scopes": ["tickets:restricted"], "services": [] }), "/services", "required"),
        (json!({ "services": ["dragons"] }), "/services", "unknown_service"),
        (json!({ "categories": ["dragons"] }), "/categories", "unknown_category"),
        (json!({ "jwks": { "keys": [] } }), "/jwks", "bad_keys"),
        (json!({ "jwks": { "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "x", "d": "x" }] } }), "/jwks", "bad_keys"),
    ] {
        let refused = admin.post("/v1/clients", &with(changes)).await;
        refused.refused_fields(422, "invalid_content", &[(field, code)]);
    }
    for changes in [json!({ "scopes": ["everything"] }), json!({ "contact": "nobody" }), json!({ "secret": "x" })] {
        admin.post("/v1/clients", &with(changes)).await.refused(400, "invalid_request");
    }
    city.stop().await;
}

/// Asks for eight keys at once. Returns how many were handed out.
async fn add_secret_at_once(admin: &crate::support::caller::Caller, secrets: &str) -> usize {
    let body = json!({ "kind": "api_key" });
    let replies = futures_util::future::join_all((0..8).map(|_| admin.post(secrets, &body))).await;
    replies.iter().filter(|reply| reply.status == 201).count()
}

async fn two_secrets_at_a_time_are_accepted_and_one_is_shown_once() {
    let city = City::new().await;
    let program = register(&city, &["tickets:read", "open311"], &[]).await;
    let admin = city.admin().await;
    let path = format!("/v1/clients/{}", program.id);
    let second = add_secret(&admin, &program.id, "secret").await;
    let secrets = format!("{path}/secrets");
    admin.post(&secrets, &json!({ "kind": "secret" })).await.refused(409, "two_secrets");
    let key = add_secret(&admin, &program.id, "api_key").await;
    assert!(key["secret"].as_str().unwrap().starts_with("cak_"));
    for wrong in ["2026-03-10T08:59:59Z", "2028-04-01T00:00:00Z"] {
        let refused = admin.post(&secrets, &json!({ "kind": "api_key", "expires_at": wrong })).await;
        refused.refused_fields(422, "invalid_content", &[("/expires_at", "out_of_range")]);
    }
    let shown = admin.get(&path).await;
    for secret in [&program.secret, second["secret"].as_str().unwrap(), key["secret"].as_str().unwrap()] {
        assert!(!shown.text.contains(secret), "a secret is shown once");
        assert!(shown.text.contains(&secret[secret.len() - 4..]));
    }
    let stored = "select count(*) from client_secret where length(digest) <> 32";
    assert_eq!(city.database.count(stored).await, 0);
    let one = add_secret_at_once(&admin, &secrets).await;
    assert_eq!(one, 1, "of many at once, one is the second");
    program.token(&city).await;
    let used = admin.get(&path).await.ok();
    assert_eq!(
        (&used["secrets"][0]["last_used_at"], &used["last_used_at"]),
        (&json!("2026-03-10T09:00:00Z"), &json!("2026-03-10T09:00:00Z"))
    );
    assert!(used["secrets"][1].get("last_used_at").is_none());
    let first = used["secrets"][0]["id"].as_str().unwrap();
    admin.delete(&format!("{secrets}/{first}")).await.is(204);
    admin.delete(&format!("{secrets}/{first}")).await.refused(404, "not_found");
    let refused = program.form(&city, "/oauth/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!((refused.status, &refused.json()["error"]), (401, &json!("invalid_client")));
    super::Program { secret: second["secret"].as_str().unwrap().to_owned(), ..program }.token(&city).await;
    city.stop().await;
}

async fn a_key_that_verifies_nothing_is_refused() {
    let city = City::new().await;
    let (admin, program) = (city.admin().await, register(&city, &["tickets:read"], &[]).await);
    let path = format!("/v1/clients/{}", program.id);
    // One byte; and a point of small order, under which a signature is anybody's.
    for x in ["Bw", "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let jwks = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": x }] });
        let mut new = dashboard();
        new["jwks"] = jwks.clone();
        let refused = admin.post("/v1/clients", &new).await;
        refused.refused_fields(422, "invalid_content", &[("/jwks", "bad_keys")]);
        let refused = admin.patch(&path, &json!(1), &json!({ "jwks": jwks })).await;
        refused.refused_fields(422, "invalid_content", &[("/jwks", "bad_keys")]);
    }
    city.stop().await;
}

async fn who_looks_after_a_program_is_told_before_a_secret_expires() {
    let city = City::new().await;
    register(&city, &["tickets:read"], &[]).await;
    let warn = async || usecases::client::warn_of_expiry(&city.instance.context).await.unwrap();
    city.clock.forward(chrono::Duration::days(334));
    assert_eq!(warn().await, 0, "31 days before");
    city.clock.forward(chrono::Duration::days(1));
    assert_eq!((warn().await, warn().await), (1, 0), "once");
    city.drain().await;
    let letters = city.letters_to("dsi@ville-amiens.example");
    assert_eq!(letters.len(), 1);
    assert!(letters[0].body_text(0).unwrap().contains("Programme tickets:read"), "{:?}", letters[0].body_text(0));
    city.stop().await;
}

async fn only_administrators_see_programs() {
    let city = City::new().await;
    let program = register(&city, &["tickets:read"], &[]).await;
    for caller in [city.agent().await, city.dispatcher().await, city.auditor().await, program.caller(&city).await] {
        for path in ["/v1/clients".to_owned(), format!("/v1/clients/{}", program.id)] {
            caller.get(&path).await.refused(403, "missing_right");
        }
        caller.post("/v1/clients", &dashboard()).await.refused(403, "missing_right");
        let secrets = format!("/v1/clients/{}/secrets", program.id);
        caller.post(&secrets, &json!({ "kind": "secret" })).await.refused(403, "missing_right");
    }
    city.stop().await;
}
