//! Access tokens that are not ours, or no longer: every one is refused, and says how to authenticate.

use std::fs;
use std::time::{Duration, Instant};

use auth::token::TokenKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use domain::clock::Clock as _;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::city::City;
use crate::support::database::{Database, token_pem};
use crate::support::program::{Program, keys_folder, run, said};

crate::tests![
    every_token_that_is_not_ours_is_refused,
    a_key_is_replaced_while_the_program_runs,
    an_oversized_token_is_no_token
];

fn kid() -> String {
    TokenKey { signs_from: DateTime::UNIX_EPOCH, pem: token_pem().into() }.kid().unwrap()
}

/// A token with that header and those claims, signed with our key as Ed25519 whatever the header says.
fn ours(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let key = EncodingKey::from_ed_pem(token_pem().as_bytes()).unwrap();
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, Algorithm::EdDSA).unwrap();
    format!("{signed}.{signature}")
}

fn with(value: &Value, changes: &Value) -> Value {
    let mut value = value.clone();
    value.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    value
}

async fn every_token_that_is_not_ours_is_refused() {
    let city = City::new().await;
    let session = super::session::login(&city).await;
    let token = session["access_token"].as_str().unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let decoded = |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
    let (header, claims) = (decoded(parts[0]), decoded(parts[1]));
    assert_eq!(header, json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": kid() }));
    let now = claims["iat"].as_i64().unwrap();
    let x = URL_SAFE_NO_PAD
        .decode(city.stranger().get("/.well-known/jwks.json").await.ok()["keys"][0]["x"].as_str().unwrap())
        .unwrap();
    let hmac = Header { typ: Some("at+jwt".into()), kid: Some(kid()), ..Header::new(Algorithm::HS256) };
    let hmac = encode(&hmac, &claims, &EncodingKey::from_secret(&x)).unwrap();
    let none = URL_SAFE_NO_PAD.encode(with(&header, &json!({ "alg": "none" })).to_string());
    let another = Header { typ: Some("at+jwt".into()), kid: Some(kid()), ..Header::new(Algorithm::EdDSA) };
    let stranger = EncodingKey::from_ed_pem(auth::Tokens::generate_key().unwrap().as_bytes()).unwrap();
    let foreign = encode(&another, &claims, &stranger).unwrap();
    let forged = [
        ("alg none", format!("{none}.{}.", parts[1]), "invalid_token"),
        ("alg none, signature kept", format!("{none}.{}.{}", parts[1], parts[2]), "invalid_token"),
        ("alg swapped for HS256 over the public key", hmac, "invalid_token"),
        ("alg swapped in the header", ours(&with(&header, &json!({ "alg": "RS256" })), &claims), "invalid_token"),
        ("another key under our kid", foreign, "invalid_token"),
        ("unknown kid", ours(&with(&header, &json!({ "kid": "unknown" })), &claims), "invalid_token"),
        ("a critical extension", ours(&with(&header, &json!({ "crit": ["exp"] })), &claims), "invalid_token"),
        ("another type", ours(&with(&header, &json!({ "typ": "JWT" })), &claims), "invalid_token"),
        ("expired", ours(&header, &with(&claims, &json!({ "exp": now - 31 }))), "token_expired"),
        ("not yet valid", ours(&header, &with(&claims, &json!({ "nbf": now + 60 }))), "invalid_token"),
        ("another audience", ours(&header, &with(&claims, &json!({ "aud": "another" }))), "invalid_token"),
        ("another issuer", ours(&header, &with(&claims, &json!({ "iss": "https://x.example" }))), "invalid_token"),
        ("another session", ours(&header, &with(&claims, &json!({ "sid": uuid::Uuid::nil() }))), "invalid_token"),
        (
            "another person's session",
            ours(&header, &with(&claims, &json!({ "sub": uuid::Uuid::nil() }))),
            "invalid_token",
        ),
        ("truncated", token[..token.len() - 5].to_owned(), "invalid_token"),
        ("without its signature", format!("{}.{}", parts[0], parts[1]), "invalid_token"),
        ("oversized", format!("{token}{}", "A".repeat(9000)), "invalid_token"),
    ];
    for (what, forged, code) in forged {
        let reply = Caller::new(&city.instance.base_url, Some(&forged)).get("/v1/me").await;
        assert_eq!((reply.status, &reply.json()["code"]), (401, &json!(code)), "{what}: {}", reply.text);
        let challenge = reply.header("www-authenticate").unwrap();
        assert!(challenge.starts_with("Bearer realm=") && challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
    let untouched = Caller::new(&city.instance.base_url, Some(&ours(&header, &claims)));
    untouched.get("/v1/me").await.ok();
    let none = city.stranger().get("/v1/me").await;
    none.refused(401, "unauthenticated");
    assert_eq!(
        none.header("www-authenticate"),
        Some("Bearer realm=\"continuum\""),
        "RFC 6750, 3.1: no error without a token"
    );
    city.stop().await;
}

/// As far as the server reads a request's head at all, which is 128 KiB.
async fn an_oversized_token_is_no_token() {
    let city = City::new().await;
    for size in [5, 20, 100] {
        let caller = Caller::new(&city.instance.base_url, Some(&"A".repeat(size * 1024)));
        let reply = caller.get("/v1/me").await;
        reply.refused(401, "invalid_token");
        assert!(reply.header("www-authenticate").unwrap().contains("error=\"invalid_token\""), "{size} KiB");
        caller.get("/v1/nothing").await.refused(404, "not_found");
        caller.get("/health/live").await.is(200);
    }
    let basic = |size: usize| format!("Basic {}", "A".repeat(size * 1024));
    for size in [5, 20, 100] {
        let stranger = city.stranger();
        let request = stranger.request(reqwest::Method::POST, "/oauth/token").header("Authorization", basic(size));
        let request = request.header("Content-Type", "application/x-www-form-urlencoded");
        let reply = stranger.send(request.body("grant_type=client_credentials")).await;
        assert_eq!((reply.status, &reply.json()["error"]), (401, &json!("invalid_client")), "{size} KiB");
    }
    city.stop().await;
}

async fn a_key_is_replaced_while_the_program_runs() {
    let (database, keys) = (Database::cloned().await, keys_folder());
    let folder = keys.path().to_str().unwrap();
    let url = database.url();
    let environment = [("DATABASE_URL", url.as_str()), ("CONTINUUM_KEYS_DIR", folder), ("CONTINUUM_DATA_DIR", folder)];
    let program = Program::start(&["serve", "--no-worker", "--metrics-listen", "127.0.0.1:0"], &environment);
    let stranger = Caller::new(program.base_url(), None);
    let login =
        json!({ "email": crate::support::city::email("amelie.petit"), "password": crate::support::database::PASSWORD });
    let session = stranger.post("/v1/sessions", &login).await.created();
    let rotated = run(&["keys", "rotate"], &environment);
    assert!(rotated.status.success(), "{}", said(&rotated));
    let new = said(&rotated).trim_end().trim_end_matches('.').rsplit(' ').next().unwrap().to_owned();
    let began = Instant::now();
    loop {
        let keys = stranger.get("/.well-known/jwks.json").await.ok()["keys"].as_array().unwrap().clone();
        if keys.len() == 2 {
            assert_eq!(keys[1]["kid"], new.as_str(), "published before it signs");
            break;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "{keys:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Caller::new(program.base_url(), session["access_token"].as_str()).get("/v1/me").await.ok();
    // Instead of waiting for an hour: the key signs from now on.
    let mut file = fs::read_dir(keys.path()).unwrap().map(|file| file.unwrap().path());
    let file = file.find(|path| path.to_str().unwrap().contains("token-2")).unwrap();
    let at_once = continuum::SystemClock.now().format("token-%Y%m%dT%H%M%SZ.pem").to_string();
    fs::rename(file, keys.path().join(at_once)).unwrap();
    let began = Instant::now();
    loop {
        let session = stranger.post("/v1/sessions", &login).await.created();
        let header = jsonwebtoken::decode_header(session["access_token"].as_str().unwrap()).unwrap();
        Caller::new(program.base_url(), session["access_token"].as_str()).get("/v1/me").await.ok();
        if header.kid.as_deref() == Some(&new) {
            break;
        }
        assert!(began.elapsed() < Duration::from_mins(1));
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(program.end("-TERM").success());
}
