//! The second factor, with an authenticator application that reads the same QR code.

use serde_json::{Value, json};
use totp_rs::Totp;

use super::{WHO, types};
use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, email};
use crate::support::database::PASSWORD;
use domain::clock::Clock as _;

crate::tests![
    a_second_factor_is_set_up_and_asked_for,
    other_sessions_end_with_a_second_factor_and_without_it,
    a_recovery_code_stands_in_once,
    codes_cannot_be_guessed,
    an_administrator_helps_who_has_lost_theirs,
    a_role_that_requires_one_does_nothing_before,
];

fn code(city: &City, uri: &str) -> String {
    Totp::from_url(uri).unwrap().generate(u64::try_from(city.clock.now().timestamp()).unwrap()).to_string()
}

async fn login(city: &City, code: Option<&str>) -> Reply {
    let mut body = json!({ "email": email(WHO), "password": PASSWORD });
    if let Some(code) = code {
        body["code"] = json!(code);
    }
    city.stranger().post("/v1/sessions", &body).await
}

/// Sets a second factor up. Returns what the application has, and the recovery codes.
async fn set_up(city: &City, caller: &Caller) -> (String, Vec<String>) {
    let offer = caller.post("/v1/me/second_factor", &json!({ "password": PASSWORD })).await.created();
    let uri = offer["uri"].as_str().unwrap().to_owned();
    assert!(uri.contains(offer["secret"].as_str().unwrap()), "{offer}");
    let confirmed = caller.post("/v1/me/second_factor/confirm", &json!({ "code": code(city, &uri) })).await.ok();
    let codes = confirmed["recovery_codes"].as_array().unwrap();
    (uri, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

async fn a_second_factor_is_set_up_and_asked_for() {
    let city = City::new().await;
    let caller = city.login(WHO).await;
    let wrong = caller.post("/v1/me/second_factor", &json!({ "password": "faux" })).await;
    wrong.refused_fields(422, "invalid_content", &[("/password", "wrong_password")]);
    caller
        .post("/v1/me/second_factor/confirm", &json!({ "code": "123456" }))
        .await
        .refused(409, "second_factor_not_set_up");
    // Offered, and not confirmed: nothing is asked for.
    caller.post("/v1/me/second_factor", &json!({ "password": PASSWORD })).await.created();
    login(&city, None).await.created();
    let (uri, codes) = set_up(&city, &caller).await;
    assert_eq!(codes.len(), 10);
    caller.post("/v1/me/second_factor", &json!({ "password": PASSWORD })).await.refused(409, "second_factor_set_up");
    assert_eq!(caller.get("/v1/me").await.ok()["second_factor"], true);
    login(&city, None).await.refused(401, "second_factor_needed");
    login(&city, Some(&code(&city, &uri))).await.refused(401, "wrong_second_factor");
    city.clock.forward(chrono::Duration::seconds(30));
    let now = code(&city, &uri);
    login(&city, Some(&now)).await.created();
    login(&city, Some(&now)).await.refused(401, "wrong_second_factor");
    city.clock.forward(chrono::Duration::seconds(30));
    let remove = caller.post("/v1/me/second_factor/remove", &json!({ "code": "000000" })).await;
    remove.refused_fields(422, "invalid_content", &[("/code", "wrong_code")]);
    caller.post("/v1/me/second_factor/remove", &json!({ "code": code(&city, &uri) })).await.is(204);
    login(&city, None).await.created();
    city.drain().await;
    assert_eq!(city.letters_to(&email(WHO)).len(), 2, "set up, and taken away");
    let acts = city.audited().await;
    let factors: Vec<_> = types(&acts).into_iter().filter(|act| act.starts_with("second_factor")).collect();
    assert_eq!(factors, ["second_factor_enabled", "second_factor_removed"]);
    let given: Vec<_> = acts.iter().filter_map(|act| act.get("second_factor")).collect();
    assert_eq!(given, ["one_time_code"], "of the one login that it was given with");
    city.stop().await;
}

async fn other_sessions_end_with_a_second_factor_and_without_it() {
    let city = City::new().await;
    let (here, elsewhere, agent) = (city.login(WHO).await, city.login(WHO).await, city.agent().await);
    let offer = here.post("/v1/me/second_factor", &json!({ "password": PASSWORD })).await.created();
    elsewhere.get("/v1/me").await.ok();
    let uri = offer["uri"].as_str().unwrap();
    here.post("/v1/me/second_factor/confirm", &json!({ "code": "000000" })).await.is(422);
    elsewhere.get("/v1/me").await.ok();
    here.post("/v1/me/second_factor/confirm", &json!({ "code": code(&city, uri) })).await.ok();
    // It began without the factor, and might be somebody else's.
    elsewhere.get("/v1/me").await.refused(401, "invalid_token");
    here.get("/v1/me").await.ok();
    city.clock.forward(chrono::Duration::seconds(30));
    let elsewhere = city.with_token(&login(&city, Some(&code(&city, uri))).await.created());
    city.clock.forward(chrono::Duration::seconds(30));
    here.post("/v1/me/second_factor/remove", &json!({ "code": code(&city, uri) })).await.is(204);
    elsewhere.get("/v1/me").await.refused(401, "invalid_token");
    here.get("/v1/me").await.ok();
    agent.get("/v1/me").await.ok();
    city.stop().await;
}

async fn a_recovery_code_stands_in_once() {
    let city = City::new().await;
    let (_, codes) = set_up(&city, &city.login(WHO).await).await;
    login(&city, Some(&codes[0].to_uppercase().replace('-', " "))).await.created();
    city.drain().await;
    let told = city.letters_to(&email(WHO)).last().unwrap().body_text(0).unwrap().into_owned();
    assert!(told.contains("Il vous en reste 9."), "{told}");
    login(&city, Some(&codes[0])).await.refused(401, "wrong_second_factor");
    login(&city, Some(&codes[1])).await.created();
    let acts = city.audited().await;
    let given: Vec<_> = acts.iter().filter_map(|act| act.get("second_factor")).collect();
    assert_eq!(given, ["recovery_code", "recovery_code"]);
    city.drain().await;
    assert_eq!(city.letters_to(&email(WHO)).len(), 3, "of the second factor, and of each code that was used");
    let sealed = "select count(*) from second_factor where length(sealed) < 40";
    assert_eq!(city.database.count(sealed).await, 0, "the seed is sealed");
    city.stop().await;
}

async fn codes_cannot_be_guessed() {
    let city = City::new().await;
    let (uri, _) = set_up(&city, &city.login(WHO).await).await;
    city.clock.forward(chrono::Duration::seconds(60));
    for n in 0..5 {
        login(&city, Some(&format!("00000{n}"))).await.refused(401, "wrong_second_factor");
    }
    login(&city, Some(&code(&city, &uri))).await.refused(429, "too_many_attempts");
    city.clock.forward(chrono::Duration::minutes(3));
    login(&city, Some(&code(&city, &uri))).await.created();
    city.stop().await;
}

async fn an_administrator_helps_who_has_lost_theirs() {
    let city = City::new().await;
    let caller = city.login(WHO).await;
    set_up(&city, &caller).await;
    let id = city.account(WHO).await["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/users/{id}/second_factor");
    city.dispatcher().await.delete(&path).await.refused(403, "missing_right");
    let admin = city.admin().await;
    admin.delete(&path).await.is(204);
    admin.delete(&path).await.refused(409, "second_factor_not_set_up");
    caller.get("/v1/me").await.refused(401, "invalid_token");
    login(&city, None).await.created();
    city.stop().await;
}

async fn a_role_that_requires_one_does_nothing_before() {
    let city = City::new().await;
    let statement = "update city set settings = jsonb_set(settings, '{second_factor_required_for}', '[\"service_member\"]'), revision = revision + 1";
    let mut connection = city.database.connection().await;
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    usecases::city::reload(&city.instance.context).await.unwrap();
    let session: Value = login(&city, None).await.created();
    assert_eq!(session["second_factor_due"], true);
    let caller = city.with_token(&session);
    caller.get("/v1/tickets").await.refused(403, "second_factor_required");
    caller.get("/v1/me").await.ok();
    let (uri, _) = set_up(&city, &caller).await;
    caller.get("/v1/tickets").await.ok();
    city.clock.forward(chrono::Duration::seconds(30));
    let session = login(&city, Some(&code(&city, &uri))).await.created();
    assert!(session.get("second_factor_due").is_none(), "{session}");
    let caller = city.with_token(&session);
    caller.get("/v1/tickets").await.ok();
    // A session that was begun before does nothing either: the role is asked at each request.
    let officer = city.agent().await;
    officer.get("/v1/tickets").await.ok();
    let account = city.account("claire.delattre").await;
    let path = format!("/v1/users/{}", account["id"].as_str().unwrap());
    let roles = json!({ "roles": ["agent", "service_member"], "services": ["voirie"] });
    city.admin().await.patch(&path, &account["version"], &roles).await.ok();
    officer.get("/v1/tickets").await.refused(403, "second_factor_required");
    city.stop().await;
}
