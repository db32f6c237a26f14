//! Accounts and sessions.

use domain::clock::Clock as _;
use serde_json::{Value, json};
use totp_rs::Totp;

use super::recorded::Recorded;
use super::{Story, send_as};
use crate::support::city::{City, link};

pub async fn play(story: &mut Story) {
    sessions(story).await;
    accounts(story).await;
    second_factor(story).await;
    let auditor = story.city.auditor().await;
    story.done(&auditor, "audit_list", &[]).await;
}

async fn sessions(story: &mut Story) {
    let stranger = story.city.stranger();
    let session = story.done(&stranger, "session_begin", &[]).await;
    let me = story.city.with_token(&session);
    story.city.clock.forward(chrono::Duration::seconds(1));
    story.city.agent().await;
    let refresh = ("/refresh_token", session["refresh_token"].clone());
    story.recorded.alias(session["refresh_token"].as_str().unwrap(), "the-refresh-token");
    let sessions = story.done(&me, "session_list", &[]).await;
    let elsewhere = sessions["items"].as_array().unwrap().iter().find(|one| one["current"] == false).unwrap();
    story.play(&me, "session_end_other", &[("session", elsewhere["id"].clone())]).await;
    story.play(&me, "session_end_others", &[]).await;
    story.done(&me, "me_read", &[]).await;
    story.done(&me, "me_notifications", &[]).await;
    let chosen = me.get("/v1/me/notifications").await;
    let version = ("If-Match", json!(chosen.header("etag").unwrap()));
    story.done(&me, "me_choose_notifications", &[version]).await;
    let session = story.done(&stranger, "session_refresh", &[refresh]).await;
    story.play(&story.city.with_token(&session), "session_end", &[]).await;
    let thomas = story.city.login("thomas.vasseur").await;
    story.play(&thomas, "me_change_password", &[]).await;
    story.play(&stranger, "password_forgotten", &[]).await;
    story.city.drain().await;
    let path = link(story.city.letters_to("karim.haddad@ville-amiens.example").last().unwrap(), "/account/");
    let token = path.strip_prefix("/account/").unwrap();
    story.recorded.alias(token, "the-token-of-the-link");
    story.done(&stranger, "password_choose", &[("/token", json!(token))]).await;
}

async fn accounts(story: &mut Story) {
    let admin = story.city.admin().await;
    let user = story.done(&admin, "user_invite", &[]).await;
    let it = ("user", user["id"].clone());
    story.done(&admin, "user_list", &[("service", json!(["proprete"]))]).await;
    story.done(&admin, "user_read", &[it.clone()]).await;
    story.done(&admin, "user_change", &[it.clone(), ("If-Match", user["version"].clone())]).await;
    story.play(&admin, "user_invite_again", &[it]).await;
    story.city.proprete().await;
    let amelie = ("user", story.city.account("amelie.petit").await["id"].clone());
    story.done(&admin, "user_sessions", &[amelie.clone()]).await;
    story.play(&admin, "user_end_sessions", &[amelie]).await;
}

/// A one-time code, as an authenticator application shows it.
fn code(city: &City, uri: &Value) -> Value {
    let totp = Totp::from_url(uri.as_str().unwrap()).unwrap();
    json!(totp.generate(u64::try_from(city.clock.now().timestamp() + 1).unwrap()).to_string())
}

/// A second factor is set up and taken away, by its owner and by an administrator.
async fn second_factor(story: &mut Story) {
    let elodie = story.city.login("elodie.lemaire").await;
    for last in [false, true] {
        let offer = story.done(&elodie, "second_factor_begin", &[]).await;
        story.recorded.alias(offer["secret"].as_str().unwrap(), "EXAMPLESECRETEXAMPLESECRETEXAMPL");
        let now = code(&story.city, &offer["uri"]);
        story.recorded.alias(now.as_str().unwrap(), "123456");
        let confirmed = story.done(&elodie, "second_factor_confirm", &[("/code", now)]).await;
        for (number, code) in confirmed["recovery_codes"].as_array().unwrap().iter().enumerate() {
            story.recorded.alias(code.as_str().unwrap(), &format!("exam-ple-{number}"));
        }
        if last {
            let admin = story.city.admin().await;
            let id = story.city.account("elodie.lemaire").await["id"].clone();
            story.play(&admin, "user_remove_second_factor", &[("user", id)]).await;
        } else {
            story.city.clock.forward(chrono::Duration::seconds(60));
            let now = code(&story.city, &offer["uri"]);
            story.recorded.alias(now.as_str().unwrap(), "123456");
            story.play(&elodie, "second_factor_remove", &[("/code", now)]).await;
        }
    }
}

/// Signing in at an identity provider, in a city that has one: its clock is the provider's.
pub async fn sign_in(recorded: &mut Recorded) {
    let (city, provider) = crate::sign_in::city().await;
    recorded.alias(&provider.issuer, "https://fca.proconnect.example/api/v2");
    crate::sign_in::linked(&city, "amelie.petit", "amelie").await;
    let page = crate::sign_in::sign_in(&city, "/sign-in", "amelie").await;
    let code = crate::sign_in::code(&page);
    recorded.alias(&code, "the-code-of-the-sign-in");
    let session = send_as(recorded, &city.stranger(), "session_redeem", &[("/code", json!(code))]).await.json();
    let me = city.with_token(&session);
    send_as(recorded, &me, "session_logout", &[]).await;
    let me = city.login("amelie.petit").await;
    let listed = send_as(recorded, &me, "identity_list", &[]).await.json();
    let one = listed["items"][0].clone();
    recorded.alias(one["linked_at"].as_str().unwrap(), "2026-11-30T08:10:00Z");
    send_as(recorded, &me, "identity_remove", &[("identity", one["id"].clone())]).await;
    crate::sign_in::linked(&city, "amelie.petit", "amelie").await;
    let (admin, user) = (city.admin().await, city.account("amelie.petit").await["id"].clone());
    let listed = send_as(recorded, &admin, "user_identities", &[("user", user.clone())]).await.json();
    let one = listed["items"][0].clone();
    recorded.alias(one["linked_at"].as_str().unwrap(), "2026-11-30T08:11:00Z");
    send_as(recorded, &admin, "user_remove_identity", &[("user", user), ("identity", one["id"].clone())]).await;
    city.stop().await;
}
