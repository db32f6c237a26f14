//! Too many attempts: who guesses is slowed down, and nobody is locked out for it.

use reqwest::Method;
use serde_json::{Value, json};

use super::{STRONG, WHO, attempt, types};
use crate::support::caller::Reply;
use crate::support::city::{City, email, link};
use crate::support::database::PASSWORD;

crate::tests![
    who_guesses_is_slowed_down_on_all_instances,
    what_the_log_does_not_hold_one_by_one_is_counted,
    many_addresses_guess_and_the_owner_logs_in_from_the_usual_one,
    the_link_for_a_forgotten_password_lets_the_owner_in,
    who_guesses_from_the_same_office_keeps_nobody_out,
    an_address_that_tries_many_accounts_is_slowed_down,
];

async fn city() -> City {
    City::with(|config| config.proxies = vec!["127.0.0.0/8".parse().unwrap()]).await
}

async fn from(city: &City, address: &str, who: &str, password: &str) -> Reply {
    let stranger = city.stranger();
    let request = stranger.request(Method::POST, "/v1/sessions").header("X-Forwarded-For", address);
    stranger.send(request.json(&json!({ "email": email(who), "password": password }))).await
}

async fn who_guesses_is_slowed_down_on_all_instances() {
    let city = city().await;
    let second = city.second().await;
    let there = city.stranger().at(&second.base_url);
    for n in 0..5 {
        let guess = json!({ "email": email(WHO), "password": format!("faux {n}") });
        let reply = if n % 2 == 0 {
            city.stranger().post("/v1/sessions", &guess).await
        } else {
            there.post("/v1/sessions", &guess).await
        };
        reply.refused(401, "wrong_credentials");
    }
    for reply in [
        attempt(&city, WHO, PASSWORD).await,
        there.post("/v1/sessions", &json!({ "email": email(WHO), "password": PASSWORD })).await,
    ] {
        reply.refused(429, "too_many_attempts");
        let wait: i64 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!((170..=181).contains(&wait), "{wait}");
    }
    attempt(&city, "sophie.morel", PASSWORD).await.created();
    city.clock.forward(chrono::Duration::minutes(3));
    attempt(&city, WHO, PASSWORD).await.created();
    let acts = city.audited().await;
    let count = |kind: &str| types(&acts).iter().filter(|act| **act == kind).count();
    assert_eq!((count("login_refused"), count("login_throttled")), (5, 1), "{acts:?}");
    second.stop().await;
    city.stop().await;
}

async fn what_the_log_does_not_hold_one_by_one_is_counted() {
    let city = city().await;
    let second = city.second().await;
    for _ in 0..5 {
        attempt(&city, WHO, "faux").await.refused(401, "wrong_credentials");
    }
    for base_url in [&city.instance.base_url, &second.base_url, &city.instance.base_url] {
        let guess = json!({ "email": email(WHO), "password": "faux" });
        city.stranger().at(base_url).post("/v1/sessions", &guess).await.refused(429, "too_many_attempts");
        city.clock.forward(chrono::Duration::seconds(10));
    }
    let record = async || {
        let (here, there) = (&city.instance.context, &second.context);
        let both =
            futures_util::join!(usecases::refusal::record_counted(here), usecases::refusal::record_counted(there));
        both.0.unwrap() + both.1.unwrap()
    };
    assert_eq!(record().await, 0, "they are counted for a quarter of an hour");
    city.clock.forward(chrono::Duration::minutes(15));
    assert_eq!((record().await, record().await), (1, 0), "by one of the two, once");
    let acts = city.audited().await;
    let user = city.account(WHO).await["id"].clone();
    assert_eq!(types(&acts).iter().filter(|act| **act == "login_throttled").count(), 1);
    let withheld = acts.iter().find(|act| act["type"] == "refusals_withheld").unwrap();
    let (since, until) = ("2026-03-10T09:00:10Z", "2026-03-10T09:00:20Z");
    let told = json!({ "type": "refusals_withheld", "of": "login_throttled", "user": user, "count": 2, "since": since, "until": until });
    assert_eq!(*withheld, told);
    second.stop().await;
    city.stop().await;
}

async fn many_addresses_guess_and_the_owner_logs_in_from_the_usual_one() {
    let city = city().await;
    from(&city, "192.0.2.7", WHO, PASSWORD).await.created();
    for n in 0..20 {
        from(&city, &format!("198.51.100.{n}"), WHO, "faux").await.refused(401, "wrong_credentials");
    }
    from(&city, "198.51.100.99", WHO, PASSWORD).await.refused(429, "too_many_attempts");
    from(&city, "192.0.2.7", WHO, PASSWORD).await.created();
    // IPv6: one household has a whole /64.
    for n in 0..5 {
        from(&city, &format!("2001:db8:1:2::{n}"), "sophie.morel", "faux").await.refused(401, "wrong_credentials");
    }
    from(&city, "2001:db8:1:2::ff", "sophie.morel", "faux").await.refused(429, "too_many_attempts");
    city.stop().await;
}

async fn the_link_for_a_forgotten_password_lets_the_owner_in() {
    let city = city().await;
    for n in 0..21 {
        from(&city, &format!("198.51.100.{n}"), WHO, "faux").await;
    }
    from(&city, "192.0.2.7", WHO, PASSWORD).await.refused(429, "too_many_attempts");
    city.stranger().post("/v1/passwords/forgotten", &json!({ "email": email(WHO) })).await.is(202);
    city.drain().await;
    let path = link(&city.letters_to(&email(WHO))[0], "/account/");
    let chosen: Value = json!({ "token": path.strip_prefix("/account/").unwrap(), "password": STRONG });
    city.stranger().post("/v1/passwords", &chosen).await.is(200);
    from(&city, "192.0.2.7", WHO, STRONG).await.created();
    city.stop().await;
}

async fn who_guesses_from_the_same_office_keeps_nobody_out() {
    let city = city().await;
    let login = async |who: &str, password: &str, device: &Value| {
        let body = json!({ "email": email(who), "password": password, "device_token": device });
        city.stranger().post("/v1/sessions", &body).await
    };
    let guess = async || while attempt(&city, WHO, "faux").await.status != 429 {};
    let known = attempt(&city, WHO, PASSWORD).await.created()["device_token"].clone();
    let colleague = attempt(&city, "sophie.morel", PASSWORD).await.created()["device_token"].clone();
    guess().await;
    attempt(&city, WHO, PASSWORD).await.refused(429, "too_many_attempts");
    for _ in 0..7 {
        assert_eq!(login(WHO, PASSWORD, &known).await.created()["device_token"], known);
    }
    // Somebody else's, an altered one and no token at all say nothing.
    let altered = known.as_str().unwrap().replace("cdt_", "cdt_0");
    for device in [colleague, json!(altered), json!("cdt_é"), json!("")] {
        login(WHO, PASSWORD, &device).await.refused(429, "too_many_attempts");
    }
    // A device that guesses is slowed down like an address.
    for _ in 0..5 {
        login(WHO, "faux", &known).await.refused(401, "wrong_credentials");
    }
    login(WHO, PASSWORD, &known).await.refused(429, "too_many_attempts");

    // A new device, while the guessing goes on: the link proves its owner. Asking for more links makes none useless.
    for _ in 0..2 {
        city.stranger().post("/v1/passwords/forgotten", &json!({ "email": email(WHO) })).await.is(202);
    }
    city.drain().await;
    let path = link(&city.letters_to(&email(WHO))[0], "/account/");
    let chosen = json!({ "token": path.strip_prefix("/account/").unwrap(), "password": STRONG });
    let new = city.stranger().post("/v1/passwords", &chosen).await.is(200).json()["device_token"].clone();
    guess().await;
    login(WHO, STRONG, &json!(null)).await.refused(400, "invalid_request");
    attempt(&city, WHO, STRONG).await.refused(429, "too_many_attempts");
    login(WHO, STRONG, &new).await.created();
    city.stop().await;
}

async fn an_address_that_tries_many_accounts_is_slowed_down() {
    let city = city().await;
    for n in 0..60 {
        from(&city, "192.0.2.7", &format!("personne.{n}"), "faux").await.refused(401, "wrong_credentials");
    }
    from(&city, "192.0.2.7", "personne", "faux").await.refused(429, "too_many_attempts");
    from(&city, "192.0.2.8", WHO, PASSWORD).await.created();
    city.stop().await;
}
