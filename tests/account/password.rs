//! Passwords: forgotten, changed, hashed anew.

use std::time::{Duration, Instant};

use auth::password::Cost;
use serde_json::json;

use super::{STRONG, WHO, attempt, types};
use crate::support::city::{City, email, link};
use crate::support::database::PASSWORD;

crate::tests![
    a_forgotten_password_is_replaced_through_the_link,
    a_password_is_chosen_even_if_failed_logins_cannot_be_forgotten,
    nobody_learns_whether_an_account_exists,
    links_cannot_be_asked_for_without_end,
    who_knows_the_password_changes_it,
    what_the_city_is_called_by_is_no_password,
    a_password_is_hashed_anew_when_the_cost_changes,
    a_password_is_the_same_on_every_keyboard,
];

async fn forgotten(city: &City, email: &str) -> crate::support::caller::Reply {
    city.stranger().post("/v1/passwords/forgotten", &json!({ "email": email })).await
}

async fn a_forgotten_password_is_replaced_through_the_link() {
    let city = City::new().await;
    let session = city.login(WHO).await;
    forgotten(&city, &email(WHO)).await.is(202);
    city.drain().await;
    let path = link(&city.letters_to(&email(WHO))[0], "/account/");
    let token = path.strip_prefix("/account/").unwrap();
    city.stranger().post("/v1/passwords", &json!({ "token": token, "password": STRONG })).await.is(200);
    session.get("/v1/me").await.refused(401, "invalid_token");
    attempt(&city, WHO, PASSWORD).await.refused(401, "wrong_credentials");
    attempt(&city, WHO, STRONG).await.created();
    city.drain().await;
    let subjects: Vec<_> =
        city.letters_to(&email(WHO)).iter().map(|letter| letter.subject().unwrap().to_owned()).collect();
    assert_eq!(subjects.len(), 2, "the owner is told: {subjects:?}");
    city.stop().await;
}

async fn a_password_is_chosen_even_if_failed_logins_cannot_be_forgotten() {
    let city = City::new().await;
    forgotten(&city, &email(WHO)).await.is(202);
    city.drain().await;
    let path = link(&city.letters_to(&email(WHO))[0], "/account/");
    let keep = "create function keep() returns trigger language plpgsql as $$ begin raise 'kept'; end $$;
        create trigger keep before delete on throttle for each statement execute function keep()";
    let mut operator = city.database.connection().await;
    sqlx::raw_sql(keep).execute(&mut operator).await.unwrap();
    let chosen = json!({ "token": path.strip_prefix("/account/").unwrap(), "password": STRONG });
    city.stranger().post("/v1/passwords", &chosen).await.is(200);
    sqlx::raw_sql("drop trigger keep on throttle").execute(&mut operator).await.unwrap();
    attempt(&city, WHO, STRONG).await.created();
    city.stop().await;
}

async fn nobody_learns_whether_an_account_exists() {
    let city = City::new().await;
    let timed = async |email: String| {
        let began = Instant::now();
        let reply = forgotten(&city, &email).await;
        (reply.is(202).text.clone(), began.elapsed())
    };
    let (known, took) = timed(email(WHO)).await;
    let (unknown, took_unknown) = timed("personne@ville-amiens.example".to_owned()).await;
    assert_eq!(known, unknown);
    // Both wait for the same moment; what a busy machine adds is not the account's doing.
    for took in [took, took_unknown] {
        assert!(took >= Duration::from_millis(300), "{took:?}");
    }
    city.drain().await;
    assert_eq!(city.letters().len(), 1);
    city.stop().await;
}

async fn links_cannot_be_asked_for_without_end() {
    let city = City::new().await;
    for email in [email(WHO), "personne@ville-amiens.example".to_owned()] {
        for _ in 0..3 {
            forgotten(&city, &email).await.is(202);
        }
        let refused = forgotten(&city, &email).await;
        refused.refused(429, "too_many_attempts");
        let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1190..=1201).contains(&wait), "{wait}");
    }
    city.clock.forward(chrono::Duration::minutes(20));
    forgotten(&city, &email(WHO)).await.is(202);
    city.stop().await;
}

async fn what_the_city_is_called_by_is_no_password() {
    let city = City::new().await;
    let caller = city.login(WHO).await;
    let change = async |from: &str, to: &str| {
        let body = json!({ "current_password": from, "password": to });
        caller.put("/v1/me/password", &body).await.status
    };
    // Its services, and the town hall as it signs its letters.
    for guessed in ["voirie-proprete-urbanisme", "Éclairage public 2026", "stationnement 80000"] {
        assert_eq!(change(PASSWORD, guessed).await, 422, "{guessed}");
    }
    let name = "villefranche-de-rouergue";
    assert_eq!(change(PASSWORD, name).await, 204, "another city's name");
    let statement = "update city set settings = jsonb_set(settings, '{name}', '\"Villefranche-de-Rouergue\"'), revision = revision + 1";
    let mut connection = city.database.connection().await;
    sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
    usecases::city::reload(&city.instance.context).await.unwrap();
    for guessed in [name, "Villefranche Rouergue 12200"] {
        assert_eq!(change(name, guessed).await, 422, "{guessed}");
    }
    assert_eq!(change(name, STRONG).await, 204);
    city.stop().await;
}

async fn who_knows_the_password_changes_it() {
    let city = City::new().await;
    let (here, elsewhere) = (city.login(WHO).await, city.login(WHO).await);
    let change = async |current: &str, new: &str| {
        here.put("/v1/me/password", &json!({ "current_password": current, "password": new })).await
    };
    change("faux", STRONG).await.refused_fields(422, "invalid_content", &[("/current_password", "wrong_password")]);
    change(PASSWORD, "court").await.refused_fields(422, "invalid_content", &[("/password", "password_too_short")]);
    change(PASSWORD, STRONG).await.is(204);
    here.get("/v1/me").await.ok();
    elsewhere.get("/v1/me").await.refused(401, "invalid_token");
    attempt(&city, WHO, STRONG).await.created();
    for _ in 0..5 {
        change("faux", PASSWORD).await.is(422);
    }
    change(STRONG, PASSWORD).await.refused(429, "too_many_attempts");
    let acts = city.audited().await;
    assert!(types(&acts).contains(&"password_set"), "{acts:?}");
    city.stop().await;
}

async fn a_password_is_hashed_anew_when_the_cost_changes() {
    let city = City::with(|config| config.password_cost = Cost { memory: 128, passes: 2 }).await;
    let hashed = "select count(*) from user_account where password_hash like '$argon2id$v=19$m=128,t=2,p=1$%'";
    assert_eq!(city.database.count(hashed).await, 0);
    attempt(&city, WHO, "faux").await.refused(401, "wrong_credentials");
    assert_eq!(city.database.count(hashed).await, 0);
    attempt(&city, WHO, PASSWORD).await.created();
    assert_eq!(city.database.count(hashed).await, 1);
    attempt(&city, WHO, PASSWORD).await.created();
    city.stop().await;
}

async fn a_password_is_the_same_on_every_keyboard() {
    let city = City::new().await;
    let caller = city.login(WHO).await;
    let change = async |current: &str, new: &str| {
        caller.put("/v1/me/password", &json!({ "current_password": current, "password": new })).await
    };
    let nul = change(PASSWORD, &STRONG.replace(' ', "\u{0}")).await;
    nul.refused_fields(400, "invalid_request", &[("/password", "invalid")]);
    for hidden in ["\u{1b}", "\u{200b}"] {
        let refused = change(PASSWORD, &STRONG.replace(' ', hidden)).await;
        refused.refused_fields(422, "invalid_content", &[("/password", "password_invisible")]);
    }
    change(PASSWORD, "pigeon violet tram soupi\u{e8}re").await.is(204);
    for typed in ["pigeon violet tram soupie\u{300}re", "pigeon\u{a0}violet tram\u{202f}soupi\u{e8}re"] {
        attempt(&city, WHO, typed).await.created();
    }
    attempt(&city, WHO, "pigeon violet tram soupiere").await.refused(401, "wrong_credentials");
    attempt(&city, WHO, "pigeon\u{0}violet tram soupi\u{e8}re").await.refused(400, "invalid_request");
    city.stop().await;
}
