//! Programs prove who they are, get tokens, and lose them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use domain::clock::Clock as _;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Program, add_secret, form, register};
use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping};
use crate::support::contract::document;

crate::tests![
    a_program_gets_a_token_for_its_scopes_and_uses_it,
    who_has_not_proved_who_they_are_gets_nothing,
    a_program_signs_with_a_key_of_its_own,
    a_token_is_revoked_and_asked_about,
    a_key_is_revoked_by_its_program,
    a_change_of_a_program_takes_effect_at_once,
    an_api_key_opens_nothing_but_open311,
    the_metadata_names_what_is_there,
    a_program_may_call_what_its_scopes_name_and_nothing_else,
];

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

#[track_caller]
fn refused(reply: &Reply, status: u16, error: &str) {
    assert_eq!((reply.status, &reply.json()["error"]), (status, &json!(error)), "{}", reply.text);
    assert_eq!(reply.header("www-authenticate").is_some(), status == 401);
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

async fn a_program_gets_a_token_for_its_scopes_and_uses_it() {
    let city = City::new().await;
    let program = register(&city, &["tickets:read", "tickets:write", "concerns:write"], &["proprete"]).await;
    let issued = program.token(&city).await;
    assert_eq!((&issued["token_type"], &issued["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(issued["scope"], "concerns:write tickets:read tickets:write");
    let caller = city.with_token(&issued);
    let filed = caller.post("/v1/concerns", &dumping()).await.created();
    let ticket = caller.acknowledge(&filed["tickets"][0]).await.ok();
    assert_eq!(ticket["state"], "acknowledged");
    let timeline = caller.timeline(&ticket).await;
    assert_eq!(timeline[0]["by"]["type"], "client", "{timeline:?}");
    caller.get("/v1/me").await.refused(403, "missing_right");
    caller.get("/v1/cafes").await.refused(403, "missing_right");
    let less = program.form(&city, "/oauth/token", &[GRANT, ("scope", "tickets:read")]).await.ok();
    let less = city.with_token(&less);
    assert_eq!(less.ticket(&ticket).await["id"], ticket["id"]);
    let refused_scope = less.start(&ticket).await;
    refused_scope.lacks("change_tickets");
    assert!(refused_scope.header("www-authenticate").unwrap().ends_with("scope=\"tickets:write\""));
    for scope in ["stats:read", "tickets:read everything", " "] {
        let more = program.form(&city, "/oauth/token", &[GRANT, ("scope", scope)]).await;
        refused(&more, 400, "invalid_scope");
    }
    city.stop().await;
}

async fn who_has_not_proved_who_they_are_gets_nothing() {
    let city = City::new().await;
    let program = register(&city, &["tickets:read"], &[]).await;
    let ask = async |authorization: Option<String>, fields: &[(&str, &str)]| {
        form(&city, "/oauth/token", authorization.as_deref(), fields).await
    };
    let basic = |id: &str, secret: &str| Some(format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))));
    let own = || basic(&program.id, &program.secret);
    for authorization in [
        None,
        basic(&program.id, "ccs_wrong"),
        basic(&uuid::Uuid::nil().to_string(), &program.secret),
        basic("me", &program.secret),
        Some("Basic %%%".to_owned()),
        Some(format!("Bearer {}", program.secret)),
    ] {
        refused(&ask(authorization, &[GRANT]).await, 401, "invalid_client");
    }
    let nobody = uuid::Uuid::nil().to_string();
    refused(&ask(own(), &[GRANT, ("client_id", &nobody)]).await, 401, "invalid_client");
    refused(&ask(own(), &[GRANT, ("client_id", "me")]).await, 401, "invalid_client");
    ask(own(), &[GRANT, ("client_id", &program.id)]).await.ok();
    refused(&ask(own(), &[]).await, 400, "invalid_request");
    refused(&ask(own(), &[GRANT, GRANT]).await, 400, "invalid_request");
    refused(&ask(own(), &[("grant_type", "password")]).await, 400, "unsupported_grant_type");
    refused(
        &ask(None, &[GRANT, ("client_id", &program.id), ("client_secret", &program.secret)]).await,
        400,
        "invalid_request",
    );
    for second in ["client_assertion", "client_secret"] {
        refused(&ask(own(), &[GRANT, (second, "a.b.c")]).await, 400, "invalid_request");
    }
    let stranger = city.stranger();
    let json = stranger.request(Method::POST, "/oauth/token").header("Authorization", own().unwrap());
    refused(&stranger.send(json.json(&json!({ "grant_type": "client_credentials" }))).await, 400, "invalid_request");
    let acts = city.audited().await;
    let reasons: Vec<_> =
        acts.iter().filter(|act| act["type"] == "client_refused").map(|act| act["reason"].clone()).collect();
    assert_eq!(reasons, ["wrong_secret", "unknown_client"]);
    for _ in 0..7 {
        refused(&ask(basic(&program.id, "ccs_wrong"), &[GRANT]).await, 401, "invalid_client");
    }
    city.clock.forward(chrono::Duration::minutes(16));
    assert_eq!(usecases::refusal::record_counted(&city.instance.context).await.unwrap(), 1);
    let acts = city.audited().await;
    let last = acts.last().unwrap();
    let told = (last["type"].as_str(), last["of"].as_str(), last["count"].as_u64());
    assert_eq!(told, (Some("refusals_withheld"), Some("client_refused"), Some(4)), "five are recorded one by one");
    city.clock.forward(chrono::Duration::days(365));
    refused(&ask(own(), &[GRANT]).await, 401, "invalid_client");
    city.stop().await;
}

/// A key of a program, and what is registered of it.
fn key() -> (EncodingKey, Value) {
    use auth::Tokens;
    let pem = Tokens::generate_key().unwrap();
    let tokens = Tokens::new(
        "x".into(),
        &[auth::token::TokenKey { signs_from: DateTime::<Utc>::UNIX_EPOCH, pem: pem.clone().into() }],
    );
    let public = tokens.unwrap().jwks(DateTime::UNIX_EPOCH)["keys"][0].clone();
    (EncodingKey::from_ed_pem(pem.as_bytes()).unwrap(), public)
}

async fn a_program_signs_with_a_key_of_its_own() {
    let city = City::new().await;
    let (private, public) = key();
    let admin = city.admin().await;
    let body = json!({
        "name": "Portail", "contact": "dsi@ville-amiens.example", "scopes": ["tickets:read"], "jwks": { "keys": [public] }
    });
    let client = admin.post("/v1/clients", &body).await.created();
    let id = client["id"].as_str().unwrap();
    let now = city.clock.now().timestamp();
    let statement = |key: &EncodingKey, changes: Value| {
        let mut claims = json!({
            "iss": id, "sub": id, "aud": "https://continuum.ville-amiens.example/oauth/token",
            "exp": now + 60, "iat": now, "jti": uuid::Uuid::from_u128(1)
        });
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, key).unwrap()
    };
    let present = async |assertion: &str| {
        let fields = [
            GRANT,
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion),
        ];
        form(&city, "/oauth/token", None, &fields).await
    };
    let good = statement(&private, json!({}));
    let issued = present(&good).await.ok();
    city.with_token(&issued).get("/v1/tickets").await.ok();
    refused(&present(&good).await, 401, "invalid_client");
    for changes in [
        json!({ "jti": "2", "aud": "https://elsewhere.example" }),
        json!({ "jti": "3", "exp": now - 60 }),
        json!({ "jti": "4", "iss": "other" }),
    ] {
        refused(&present(&statement(&private, changes)).await, 401, "invalid_client");
    }
    refused(&present(&statement(&key().0, json!({ "jti": "5" }))).await, 401, "invalid_client");
    refused(&present("nonsense").await, 401, "invalid_client");
    refused(&form(&city, "/oauth/token", None, &[GRANT, ("client_assertion", &good)]).await, 400, "invalid_request");
    let of_another_kind = [GRANT, ("client_assertion_type", "saml"), ("client_assertion", &good)];
    refused(&form(&city, "/oauth/token", None, &of_another_kind).await, 400, "invalid_request");
    present(&statement(&private, json!({ "jti": "6", "aud": ["https://continuum.ville-amiens.example"] }))).await.ok();
    admin.patch(&format!("/v1/clients/{id}"), &json!(1), &json!({ "jwks": { "keys": [] } })).await.ok();
    refused(&present(&statement(&private, json!({ "jti": "7" }))).await, 401, "invalid_client");
    city.stop().await;
}

async fn a_token_is_revoked_and_asked_about() {
    let city = City::new().await;
    let second = city.second().await;
    let (program, other) = (register(&city, &["tickets:read"], &[]).await, register(&city, &["cafes:read"], &[]).await);
    let issued = program.token(&city).await;
    let token = issued["access_token"].as_str().unwrap();
    let ask =
        async |program: &Program, token: &str| program.form(&city, "/oauth/introspect", &[("token", token)]).await.ok();
    let told = ask(&other, token).await;
    assert_eq!(
        (&told["active"], &told["scope"], &told["client_id"]),
        (&json!(true), &json!("tickets:read"), &json!(program.id))
    );
    assert_eq!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(), 900);
    refused(&other.form(&city, "/oauth/revoke", &[("token", token)]).await, 400, "invalid_request");
    let caller = city.with_token(&issued);
    caller.at(&second.base_url).get("/v1/tickets").await.ok();
    program.form(&city, "/oauth/revoke", &[("token", token), ("token_type_hint", "access_token")]).await.is(200);
    for base_url in [&city.instance.base_url, &second.base_url] {
        caller.at(base_url).get("/v1/tickets").await.refused(401, "invalid_token");
    }
    assert_eq!(ask(&other, token).await, json!({ "active": false }));
    assert_eq!(ask(&other, "nonsense").await, json!({ "active": false }));
    program.form(&city, "/oauth/revoke", &[("token", "nonsense")]).await.is(200);
    let session = crate::session::login(&city).await;
    let told = ask(&other, session["access_token"].as_str().unwrap()).await;
    assert_eq!((&told["active"], told.get("scope")), (&json!(true), None));
    for path in ["/oauth/revoke", "/oauth/introspect"] {
        refused(&form(&city, path, None, &[("token", token)]).await, 401, "invalid_client");
        refused(&program.form(&city, path, &[]).await, 400, "invalid_request");
    }
    second.stop().await;
    city.stop().await;
}

async fn a_key_is_revoked_by_its_program() {
    let city = City::new().await;
    let (program, other) = (register(&city, &["open311"], &[]).await, register(&city, &["tickets:read"], &[]).await);
    let admin = city.admin().await;
    let key = add_secret(&admin, &program.id, "api_key").await["secret"].as_str().unwrap().to_owned();
    let caller = Caller::new(&city.instance.base_url, Some(&key));
    caller.get("/v1/tickets").await.refused(403, "missing_right");
    refused(&other.form(&city, "/oauth/revoke", &[("token", &key)]).await, 400, "invalid_request");
    refused(&program.form(&city, "/oauth/revoke", &[("token", &program.secret)]).await, 400, "unsupported_token_type");
    caller.get("/v1/tickets").await.refused(403, "missing_right");
    for _ in 0..2 {
        program.form(&city, "/oauth/revoke", &[("token", &key)]).await.is(200);
    }
    caller.get("/v1/tickets").await.refused(401, "invalid_token");
    program.form(&city, "/oauth/revoke", &[("token", "cak_nonsense")]).await.is(200);
    program.token(&city).await;
    let acts = city.audited().await;
    assert_eq!(acts.iter().filter(|act| act["type"] == "client_secret_revoked").count(), 1, "{acts:?}");
    city.stop().await;
}

async fn a_change_of_a_program_takes_effect_at_once() {
    let city = City::new().await;
    let program = register(&city, &["tickets:read", "cafes:read"], &[]).await;
    let (caller, admin) = (program.caller(&city).await, city.admin().await);
    let ticket = city.dumping().await;
    caller.ticket(&ticket).await;
    let path = format!("/v1/clients/{}", program.id);
    admin.patch(&path, &json!(1), &json!({ "services": ["voirie"] })).await.ok();
    caller.get(&format!("/v1/tickets/{}", ticket["id"].as_str().unwrap())).await.refused(404, "not_found");
    admin.patch(&path, &json!(2), &json!({ "scopes": ["cafes:read"] })).await.ok();
    caller.get("/v1/tickets").await.refused(403, "missing_right");
    caller.get("/v1/cafes").await.ok();
    admin.patch(&path, &json!(3), &json!({ "active": false, "scopes": ["cafes:read", "stats:read"] })).await.ok();
    caller.get("/v1/cafes").await.refused(401, "invalid_token");
    refused(&program.form(&city, "/oauth/token", &[GRANT]).await, 401, "invalid_client");
    // Enabled again, it gets new tokens; those from before stay dead.
    admin.patch(&path, &json!(4), &json!({ "active": true })).await.ok();
    caller.get("/v1/cafes").await.refused(401, "invalid_token");
    city.clock.forward(chrono::Duration::seconds(1));
    program.caller(&city).await.get("/v1/cafes").await.ok();
    let acts = city.audited().await;
    let changed: Vec<_> = acts.iter().filter(|act| act["type"] == "client_changed").collect();
    assert_eq!((&changed[0]["services"], &changed[1]["scopes"]), (&json!(["voirie"]), &json!(["cafes:read"])));
    assert_eq!(changed[2]["scopes"], json!(["cafes:read", "stats:read"]), "disabling hides nothing");
    assert_eq!(acts.iter().filter(|act| act["type"] == "client_disabled").count(), 1);
    city.stop().await;
}

async fn an_api_key_opens_nothing_but_open311() {
    let city = City::new().await;
    let program = register(&city, &["tickets:read", "open311"], &[]).await;
    let admin = city.admin().await;
    let key = add_secret(&admin, &program.id, "api_key").await;
    let text = key["secret"].as_str().unwrap();
    let told = program.form(&city, "/oauth/introspect", &[("token", text)]).await.ok();
    assert_eq!(told, json!({ "active": true, "scope": "open311", "client_id": program.id, "sub": program.id }));
    let caller = Caller::new(&city.instance.base_url, Some(text));
    caller.get("/v1/tickets").await.refused(403, "missing_right");
    let as_secret = Program { secret: text.to_owned(), id: program.id.clone() };
    refused(&as_secret.form(&city, "/oauth/token", &[GRANT]).await, 401, "invalid_client");
    admin.delete(&format!("/v1/clients/{}/secrets/{}", program.id, key["id"].as_str().unwrap())).await.is(204);
    caller.get("/v1/tickets").await.refused(401, "invalid_token");
    assert_eq!(program.form(&city, "/oauth/introspect", &[("token", text)]).await.ok(), json!({ "active": false }));
    city.stop().await;
}

async fn the_metadata_names_what_is_there() {
    let city = City::new().await;
    let metadata = city.stranger().get("/.well-known/oauth-authorization-server").await.ok();
    let issuer = metadata["issuer"].as_str().unwrap();
    assert_eq!(issuer, "https://continuum.ville-amiens.example");
    for endpoint in ["token_endpoint", "revocation_endpoint", "introspection_endpoint", "jwks_uri"] {
        let path = metadata[endpoint].as_str().unwrap().strip_prefix(issuer).unwrap();
        let method = if endpoint == "jwks_uri" { Method::GET } else { Method::POST };
        let stranger = city.stranger();
        assert_ne!(stranger.send(stranger.request(method, path)).await.status, 404, "{path}");
    }
    let flows = &document()["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]["scopes"];
    let documented: Vec<_> = flows.as_object().unwrap().keys().cloned().collect();
    let mut supported: Vec<_> =
        metadata["scopes_supported"].as_array().unwrap().iter().map(|s| s.as_str().unwrap().to_owned()).collect();
    supported.sort();
    assert_eq!(documented, supported);
    city.stop().await;
}

/// Calls every operation of the document as a program with each scope: what the document says is what happens.
async fn a_program_may_call_what_its_scopes_name_and_nothing_else() {
    let city = City::new().await;
    let mut callers = Vec::new();
    for scope in domain::rights::ClientScope::ALL {
        let services: &[&str] = if scope.code() == "tickets:restricted" { &["proprete"] } else { &[] };
        callers.push((scope.code(), register(&city, &[scope.code()], services).await.caller(&city).await));
    }
    let nil = uuid::Uuid::nil().to_string();
    let mut allowed = 0;
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let security = operation["security"].as_array().unwrap();
            if !security.iter().any(|one| one.get("bearer").is_some() || one.get("oauth2").is_some()) {
                continue;
            }
            let scopes: Vec<_> = security.iter().filter_map(|one| one["oauth2"][0].as_str()).collect();
            allowed += scopes.len();
            for (has, caller) in &callers {
                let path = path
                    .split('/')
                    .map(|part| if part.starts_with('{') { &nil } else { part })
                    .collect::<Vec<_>>()
                    .join("/");
                let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).unwrap();
                // A stream of events would go on: where it is to begin is wrong.
                let request = caller.request(method, &path).header("If-Match", "\"1\"").header("Last-Event-ID", "none");
                let reply = caller.send(request).await;
                if scopes.contains(has) {
                    assert!(!matches!(reply.status, 401 | 403), "{has} on {path}: {}", reply.text);
                } else {
                    reply.refused(403, "missing_right");
                }
            }
        }
    }
    assert!(allowed >= 34, "{allowed}");
    city.stop().await;
}
