//! Logging in and out.

use serde_json::{Value, json};

use crate::support::caller::Caller;
use crate::support::city::City;
use crate::support::database::PASSWORD;

crate::tests![
    who_logs_in_is_who_they_are,
    a_wrong_password_and_an_unknown_account_get_the_same_answer,
    logging_out_ends_the_session,
    an_access_token_expires,
    a_refresh_token_is_spent_only_with_an_answer,
];

const EMAIL: &str = "amelie.petit@ville-amiens.example";

pub async fn login(city: &City) -> Value {
    city.stranger().post("/v1/sessions", &json!({ "email": EMAIL, "password": PASSWORD })).await.created()
}

async fn refresh(city: &City, token: &Value) -> crate::support::caller::Reply {
    city.stranger().post("/v1/sessions/refresh", &json!({ "refresh_token": token })).await
}

async fn who_logs_in_is_who_they_are() {
    let city = City::new().await;
    let session = login(&city).await;
    assert_eq!((&session["token_type"], &session["expires_in"]), (&json!("Bearer"), &json!(900)));
    let me = city.proprete().await.get("/v1/me").await.ok();
    assert_eq!(
        (&me["email"], &me["roles"], &me["services"]),
        (&json!(EMAIL), &json!(["service_member"]), &json!(["proprete"]))
    );
    city.stop().await;
}

async fn a_wrong_password_and_an_unknown_account_get_the_same_answer() {
    let city = City::new().await;
    let attempt = async |email: &str, password: &str| {
        let reply = city.stranger().post("/v1/sessions", &json!({ "email": email, "password": password })).await;
        reply.refused(401, "wrong_credentials")
    };
    assert_eq!(attempt(EMAIL, "faux").await, attempt("personne@ville-amiens.example", PASSWORD).await);
    city.stop().await;
}

async fn logging_out_ends_the_session() {
    let city = City::new().await;
    let session = login(&city).await;
    let caller = Caller::new(&city.instance.base_url, session["access_token"].as_str());
    caller.delete("/v1/sessions/current").await.is(204);
    refresh(&city, &session["refresh_token"]).await.refused(401, "invalid_refresh_token");
    city.stop().await;
}

async fn an_access_token_expires() {
    let city = City::new().await;
    let agent = city.agent().await;
    city.clock.forward(chrono::Duration::minutes(16));
    let reply = agent.get("/v1/me").await;
    reply.refused(401, "token_expired");
    assert!(reply.header("www-authenticate").unwrap().contains("invalid_token"));
    city.stop().await;
}

async fn a_refresh_token_is_spent_only_with_an_answer() {
    let city = City::new().await;
    let session = login(&city).await;
    let mut operator = city.database.connection().await;
    let rename = "alter function session_holder rename to session_holder_away";
    sqlx::raw_sql(rename).execute(&mut operator).await.unwrap();
    refresh(&city, &session["refresh_token"]).await.is(500);
    let back = "alter function session_holder_away rename to session_holder";
    sqlx::raw_sql(back).execute(&mut operator).await.unwrap();
    refresh(&city, &session["refresh_token"]).await.ok();
    city.stop().await;
}
