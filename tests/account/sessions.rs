//! Where one is logged in.

use auth::password::Passwords;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{WHO, attempt, types};
use crate::support::city::{City, email};
use crate::support::database::{COST, PASSWORD};

crate::tests![
    sessions_are_listed_and_ended_one_by_one,
    all_other_sessions_are_ended_at_once,
    a_login_under_way_is_for_the_account_as_it_is_at_its_end,
    who_logged_in_long_ago_ends_their_own_session_only,
    an_administrator_ends_somebodys_sessions,
    a_stolen_refresh_token_ends_its_family_and_the_owner_is_told,
    a_session_ends_when_it_is_not_refreshed,
    a_session_ends_after_thirty_days_however_often_it_is_refreshed,
];

async fn sessions_are_listed_and_ended_one_by_one() {
    let city = City::new().await;
    let second = city.second().await;
    let (here, there) = (city.login(WHO).await, city.login(WHO).await);
    let listed = here.get("/v1/sessions").await.ok();
    let items = listed["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert!(
        items.iter().all(|session| session["address"] == "127.0.0.1" && session["method"] == "password"),
        "{listed}"
    );
    let other = items.iter().find(|session| session["current"] == false).unwrap()["id"].as_str().unwrap();
    let path = format!("/v1/sessions/{other}");
    city.agent().await.delete(&path).await.refused(404, "not_found");
    here.delete(&path).await.is(204);
    here.delete(&path).await.refused(404, "not_found");
    there.at(&second.base_url).get("/v1/me").await.refused(401, "invalid_token");
    there.get("/v1/me").await.refused(401, "invalid_token");
    here.get("/v1/me").await.ok();
    here.delete("/v1/sessions/current").await.is(204);
    here.get("/v1/me").await.refused(401, "invalid_token");
    second.stop().await;
    city.stop().await;
}

async fn a_login_under_way_is_for_the_account_as_it_is_at_its_end() {
    let city = City::new().await;
    // Hashed anew meanwhile, as by another login, the password is the same.
    let hash = Passwords::new(COST).unwrap().hash(PASSWORD).unwrap();
    let rehashed = format!("update user_account set password_hash = '{hash}'");
    city.meanwhile(&rehashed, attempt(&city, WHO, PASSWORD)).await.created();
    let second_factor = "insert into second_factor (user_id, key_id, sealed, created_at, confirmed_at)
        select id, '', '', now(), now() from user_account";
    let (password, account) =
        ("update user_account set password_hash = null", "update user_account set active = false");
    for done in [password, second_factor, account] {
        let city = City::new().await;
        city.meanwhile(done, attempt(&city, WHO, PASSWORD)).await.refused(401, "wrong_credentials");
        assert_eq!(city.database.count("select count(*) from session").await, 0, "{done}");
        city.stop().await;
    }
    city.stop().await;
}

async fn all_other_sessions_are_ended_at_once() {
    let city = City::new().await;
    let second = city.second().await;
    let (one, two, here) = (city.login(WHO).await, city.login(WHO).await, city.login(WHO).await);
    let agent = city.agent().await;
    here.delete("/v1/sessions").await.is(204);
    for ended in [one, two] {
        ended.get("/v1/me").await.refused(401, "invalid_token");
        ended.at(&second.base_url).get("/v1/me").await.refused(401, "invalid_token");
    }
    assert_eq!(here.get("/v1/sessions").await.ok()["items"].as_array().unwrap().len(), 1);
    agent.get("/v1/me").await.ok();
    city.stranger().delete("/v1/sessions").await.refused(401, "unauthenticated");
    let acts = city.audited().await;
    let ended = acts.iter().find(|act| act["type"] == "sessions_ended").unwrap();
    assert_eq!(ended["user"], here.get("/v1/me").await.ok()["id"]);
    second.stop().await;
    city.stop().await;
}

async fn who_logged_in_long_ago_ends_their_own_session_only() {
    let city = City::new().await;
    let old = attempt(&city, WHO, PASSWORD).await.created();
    city.clock.forward(chrono::Duration::minutes(10) + chrono::Duration::seconds(1));
    let owner = city.login(WHO).await;
    // A token that was refreshed proves no more than the login did.
    let refresh = json!({ "refresh_token": old["refresh_token"] });
    let old = city.with_token(&city.stranger().post("/v1/sessions/refresh", &refresh).await.ok());
    let listed = old.get("/v1/sessions").await.ok();
    let of = |current: bool| {
        let items = listed["items"].as_array().unwrap();
        let item = items.iter().find(|item| item["current"] == current).unwrap();
        format!("/v1/sessions/{}", item["id"].as_str().unwrap())
    };
    old.delete(&of(false)).await.refused(403, "login_too_old");
    old.delete("/v1/sessions").await.refused(403, "login_too_old");
    owner.get("/v1/me").await.ok();
    old.delete(&of(true)).await.is(204);
    old.get("/v1/me").await.refused(401, "invalid_token");
    owner.get("/v1/me").await.ok();
    city.stop().await;
}

async fn an_administrator_ends_somebodys_sessions() {
    let city = City::new().await;
    let (caller, admin) = (city.login(WHO).await, city.admin().await);
    let id = city.account(WHO).await["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/users/{id}/sessions");
    assert_eq!(admin.get(&path).await.ok()["items"].as_array().unwrap().len(), 1);
    admin.delete(&path).await.is(204);
    caller.get("/v1/me").await.refused(401, "invalid_token");
    assert_eq!(admin.get(&path).await.ok()["items"], json!([]));
    let nobody = format!("/v1/users/{}/sessions", Uuid::nil());
    admin.get(&nobody).await.refused(404, "not_found");
    admin.delete(&nobody).await.refused(404, "not_found");
    let acts = city.audited().await;
    assert!(types(&acts).contains(&"sessions_ended"), "{acts:?}");
    city.stop().await;
}

async fn a_stolen_refresh_token_ends_its_family_and_the_owner_is_told() {
    let city = City::new().await;
    let refresh = async |session: &Value| {
        city.stranger().post("/v1/sessions/refresh", &json!({ "refresh_token": session["refresh_token"] })).await
    };
    let first = attempt(&city, WHO, PASSWORD).await.created();
    let second = refresh(&first).await.ok();
    let third = refresh(&second).await.ok();
    let access = city.with_token(&third);
    access.get("/v1/me").await.ok();
    refresh(&first).await.refused(401, "invalid_refresh_token");
    refresh(&third).await.refused(401, "invalid_refresh_token");
    access.get("/v1/me").await.refused(401, "invalid_token");
    city.drain().await;
    assert_eq!(city.letters_to(&email(WHO)).len(), 1);
    let acts = city.audited().await;
    assert_eq!(types(&acts), ["session_begun", "refresh_reused"]);
    city.stop().await;
}

async fn a_session_ends_after_thirty_days_however_often_it_is_refreshed() {
    let city = City::new().await;
    let mut held = attempt(&city, WHO, PASSWORD).await.created();
    let refresh = async |held: &Value| {
        city.stranger().post("/v1/sessions/refresh", &json!({ "refresh_token": held["refresh_token"] })).await
    };
    for _ in 0..3 {
        city.clock.forward(chrono::Duration::days(9));
        held = refresh(&held).await.ok();
    }
    city.clock.forward(chrono::Duration::days(3) - chrono::Duration::seconds(1));
    held = refresh(&held).await.ok();
    let them = city.with_token(&held);
    them.get("/v1/me").await.is(200);
    city.clock.forward(chrono::Duration::seconds(2));
    them.get("/v1/me").await.refused(401, "invalid_token");
    refresh(&held).await.refused(401, "invalid_refresh_token");
    city.stop().await;
}

async fn a_session_ends_when_it_is_not_refreshed() {
    let city = City::new().await;
    let session = attempt(&city, WHO, PASSWORD).await.created();
    let refresh = json!({ "refresh_token": session["refresh_token"] });
    city.clock.forward(chrono::Duration::days(14) - chrono::Duration::seconds(1));
    let renewed = city.stranger().post("/v1/sessions/refresh", &refresh).await.ok();
    let refresh = json!({ "refresh_token": renewed["refresh_token"] });
    city.clock.forward(chrono::Duration::days(14));
    city.stranger().post("/v1/sessions/refresh", &refresh).await.refused(401, "invalid_refresh_token");
    city.stop().await;
}
