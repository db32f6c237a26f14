//! Inviting people, and changing what they may do.

use reqwest::Method;
use serde_json::{Value, json};

use super::{STRONG, WHO, types};
use crate::support::city::{City, link};

crate::tests![
    who_is_invited_chooses_a_password_and_works,
    mail_can_be_sent_to_every_address,
    the_page_of_the_link_consumes_nothing_and_takes_the_password,
    an_invitation_is_sent_again_and_the_earlier_link_is_dead,
    who_asks_for_a_password_before_they_have_one_is_invited_again,
    an_account_that_does_not_fit_is_refused,
    an_invitation_that_is_repeated_is_one,
    a_change_takes_effect_at_once_on_all_instances,
    the_last_administrator_stays,
    accounts_are_listed_in_pages_by_role_service_and_state,
    only_administrators_and_dispatchers_see_accounts,
];

fn newcomer() -> Value {
    json!({
        "email": "camille.moreau@ville-amiens.example",
        "name": "Camille Moreau",
        "roles": ["service_member"],
        "services": ["proprete"]
    })
}

async fn invited(city: &City) -> (Value, String) {
    let user = city.admin().await.post("/v1/users", &newcomer()).await.created();
    city.drain().await;
    let letters = city.letters_to("camille.moreau@ville-amiens.example");
    let path = link(letters.last().unwrap(), "/account/");
    (user, path)
}

fn token(path: &str) -> &str {
    path.strip_prefix("/account/").unwrap()
}

async fn who_is_invited_chooses_a_password_and_works() {
    let city = City::new().await;
    let (user, path) = invited(&city).await;
    assert_eq!((&user["active"], &user["has_password"], &user["version"]), (&json!(true), &json!(false), &json!(1)));
    let stranger = city.stranger();
    for (password, code) in [
        ("court", "password_too_short"),
        ("motdepasse1234", "password_too_easy"),
        ("Camille Moreau 2026", "password_too_easy"),
        (&"long ".repeat(41), "password_too_long"),
    ] {
        let weak = stranger.post("/v1/passwords", &json!({ "token": token(&path), "password": password })).await;
        weak.refused_fields(422, "invalid_content", &[("/password", code)]);
    }
    let chosen = json!({ "token": token(&path), "password": STRONG });
    stranger.post("/v1/passwords", &chosen).await.is(200);
    stranger.post("/v1/passwords", &chosen).await.refused(410, "link_expired");
    let login = json!({ "email": "Camille.Moreau@ville-amiens.example", "password": STRONG });
    let caller = city.with_token(&stranger.post("/v1/sessions", &login).await.created());
    assert_eq!(caller.get("/v1/me").await.ok()["roles"], json!(["service_member"]));
    caller.acknowledge(&city.dumping().await).await.ok();
    let acts = city.audited().await;
    let acts: Vec<_> = types(&acts).into_iter().filter(|act| *act != "session_begun").collect();
    assert_eq!(acts, ["user_invited", "password_set"]);
    city.stop().await;
}

async fn mail_can_be_sent_to_every_address() {
    let city = City::new().await;
    let admin = city.admin().await;
    for email in ["\"a b\"@ville.example", "a@[127.0.0.1]", "a@localhost", "a@ville.example\r\nBcc: b@ville.example"] {
        let body = json!({ "email": email, "name": "A", "roles": ["agent"] });
        admin.post("/v1/users", &body).await.refused_fields(400, "invalid_request", &[("/email", "bad_format")]);
        let mut concern = crate::support::city::dumping();
        concern["resident"] = json!({ "email": email });
        let filed = city.agent().await.post("/v1/concerns", &concern).await;
        filed.refused_fields(400, "invalid_request", &[("/resident/email", "bad_format")]);
    }
    city.stop().await;
}

async fn the_page_of_the_link_consumes_nothing_and_takes_the_password() {
    let city = City::new().await;
    let (_, path) = invited(&city).await;
    let stranger = city.stranger();
    for _ in 0..3 {
        let page = stranger.get(&path).await;
        assert!(page.is(200).text.contains("camille.moreau@ville-amiens.example"), "{}", page.text);
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    let submit = async |password: &str, again: &str| {
        let form = [("password", password), ("again", again)];
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = stranger.request(Method::POST, &path).header("Accept-Language", "en");
        stranger.send(request.header("Content-Type", "application/x-www-form-urlencoded").body(body)).await
    };
    assert!(submit(STRONG, "another").await.is(422).text.contains("The two passwords are not the same."));
    assert!(submit("court", "court").await.is(422).text.contains("At least 12 characters."));
    let chosen = submit(STRONG, STRONG).await.is(200).text.clone();
    assert!(chosen.contains("camille.moreau@ville-amiens.example"));
    // Whoever guesses meanwhile does not keep them out: the page has shown what proves the device.
    let email = "camille.moreau@ville-amiens.example";
    let login = async |password: &str, device: Option<&str>| {
        let mut body = json!({ "email": email, "password": password });
        if let Some(device) = device {
            body["device_token"] = json!(device);
        }
        city.stranger().post("/v1/sessions", &body).await
    };
    while login("faux", None).await.status != 429 {}
    login(STRONG, None).await.refused(429, "too_many_attempts");
    let device = chosen.split_once("id=\"device\">").unwrap().1.split('<').next().unwrap();
    login(STRONG, Some(device)).await.created();
    submit(STRONG, STRONG).await.is(410);
    stranger.get(&path).await.is(410);
    stranger.get("/account/nonsense").await.is(410);
    city.stop().await;
}

async fn an_invitation_is_sent_again_and_the_earlier_link_is_dead() {
    let city = City::new().await;
    let (user, first) = invited(&city).await;
    let again = format!("/v1/users/{}/invite", user["id"].as_str().unwrap());
    let admin = city.admin().await;
    admin.post(&again, &json!({})).await.is(202);
    city.drain().await;
    let letters = city.letters_to("camille.moreau@ville-amiens.example");
    let second = letters.iter().map(|letter| link(letter, "/account/")).find(|path| *path != first).unwrap();
    city.stranger().get(&first).await.is(410);
    city.clock.forward(chrono::Duration::days(7) - chrono::Duration::seconds(1));
    city.stranger().get(&second).await.is(200);
    city.clock.forward(chrono::Duration::seconds(1));
    city.stranger().get(&second).await.is(410);
    let admin = city.admin().await;
    admin.post(&format!("/v1/users/{}/invite", uuid::Uuid::nil()), &json!({})).await.refused(404, "not_found");
    let accepted = city.account(WHO).await;
    let again = format!("/v1/users/{}/invite", accepted["id"].as_str().unwrap());
    admin.post(&again, &json!({})).await.refused(409, "invitation_accepted");
    city.stop().await;
}

async fn who_asks_for_a_password_before_they_have_one_is_invited_again() {
    let city = City::new().await;
    let (_, first) = invited(&city).await;
    let who = "camille.moreau@ville-amiens.example";
    city.stranger().post("/v1/passwords/forgotten", &json!({ "email": who })).await.is(202);
    city.drain().await;
    let letters = city.letters_to(who);
    let subjects: Vec<_> = letters.iter().map(|letter| letter.subject().unwrap()).collect();
    assert!(subjects.len() == 2 && subjects[0] == subjects[1], "{subjects:?}");
    let second = letters.iter().map(|letter| link(letter, "/account/")).find(|path| *path != first).unwrap();
    // It may have been anybody who asked: the link that they had before goes on working.
    city.stranger().get(&first).await.is(200);
    city.clock.forward(chrono::Duration::days(7) - chrono::Duration::seconds(1));
    city.stranger().get(&second).await.is(200);
    let chosen = json!({ "token": token(&second), "password": STRONG });
    city.stranger().post("/v1/passwords", &chosen).await.is(200);
    city.stranger().get(&first).await.is(410);
    city.stranger().post("/v1/passwords/forgotten", &json!({ "email": who })).await.is(202);
    city.drain().await;
    let subjects: Vec<_> = city.letters_to(who).iter().map(|letter| letter.subject().unwrap().to_owned()).collect();
    assert!(subjects.iter().any(|subject| *subject != subjects[0]), "a forgotten password: {subjects:?}");
    city.stop().await;
}

async fn an_account_that_does_not_fit_is_refused() {
    let city = City::new().await;
    let admin = city.admin().await;
    let with = |changes: Value| {
        let mut body = newcomer();
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        body
    };
    for (changes, fields) in [
        (json!({ "roles": [] }), &[("/roles", "required"), ("/services", "not_expected")][..]),
        (json!({ "services": [] }), &[("/services", "required")]),
        (json!({ "roles": ["agent"] }), &[("/services", "not_expected")]),
        (json!({ "services": ["proprete", "dragons"] }), &[("/services", "unknown_service")]),
    ] {
        admin.post("/v1/users", &with(changes)).await.refused_fields(422, "invalid_content", fields);
    }
    for changes in [
        json!({ "email": "not an address" }),
        json!({ "email": "a@b.example\r\nBcc: c@d.example" }),
        json!({ "name": "" }),
        json!({ "roles": ["king"] }),
        json!({ "password": STRONG }),
    ] {
        let reply = admin.post("/v1/users", &with(changes)).await;
        assert!(matches!(reply.status, 400 | 422), "{}", reply.text);
    }
    let taken = with(json!({ "email": "AMELIE.PETIT@ville-amiens.example" }));
    admin.post("/v1/users", &taken).await.refused(409, "email_taken");
    city.stop().await;
}

async fn an_invitation_that_is_repeated_is_one() {
    let city = City::new().await;
    let admin = city.admin().await;
    let invite = async || {
        let request = admin.request(Method::POST, "/v1/users").header("Idempotency-Key", "camille");
        admin.send(request.json(&newcomer())).await.created()
    };
    assert_eq!(invite().await, invite().await);
    city.drain().await;
    assert_eq!(city.letters_to("camille.moreau@ville-amiens.example").len(), 1);
    city.stop().await;
}

async fn a_change_takes_effect_at_once_on_all_instances() {
    let city = City::new().await;
    let second = city.second().await;
    let (admin, here) = (city.admin().await, city.login(WHO).await);
    let there = here.at(&second.base_url);
    let account = city.account(WHO).await;
    let path = format!("/v1/users/{}", account["id"].as_str().unwrap());
    for caller in [&here, &there] {
        caller.get("/v1/tickets").await.ok();
    }
    let changed = admin.patch(&path, &account["version"], &json!({ "roles": ["auditor"], "services": [] })).await.ok();
    assert_eq!(changed["version"], 2);
    for caller in [&here, &there] {
        caller.get("/v1/tickets").await.refused(403, "missing_right");
    }
    admin.patch(&path, &json!(1), &json!({ "active": false })).await.refused(412, "stale_version");
    admin.patch(&path, &json!(2), &json!({ "active": false })).await.ok();
    for caller in [&here, &there] {
        caller.get("/v1/me").await.refused(401, "invalid_token");
    }
    super::attempt(&city, WHO, crate::support::database::PASSWORD).await.refused(401, "wrong_credentials");
    admin.patch(&path, &json!(3), &json!({ "active": true })).await.ok();
    here.get("/v1/me").await.refused(401, "invalid_token");
    city.login(WHO).await.get("/v1/me").await.ok();
    let acts = city.audited().await;
    let told: Vec<_> = types(&acts).into_iter().filter(|act| act.starts_with("user_")).collect();
    assert_eq!(told, ["user_changed", "user_disabled", "user_enabled"]);
    let change = acts.iter().find(|act| act["type"] == "user_changed").unwrap();
    assert!(change["roles"] == json!(["auditor"]) && change["services"] == json!([]), "which right: {change}");
    second.stop().await;
    city.stop().await;
}

async fn the_last_administrator_stays() {
    let city = City::new().await;
    let admin = city.admin().await;
    let account = city.account("paul.carpentier").await;
    let path = format!("/v1/users/{}", account["id"].as_str().unwrap());
    let (active, roles) = (("/active", "last_admin"), ("/roles", "last_admin"));
    for (changes, at) in [
        (json!({ "active": false }), &[active][..]),
        (json!({ "roles": ["auditor"] }), &[roles]),
        (json!({ "active": false, "roles": ["auditor"] }), &[active, roles]),
    ] {
        let refused = admin.patch(&path, &account["version"], &changes).await;
        refused.refused_fields(422, "invalid_content", at);
    }
    // Somebody who cannot log in yet looks after nothing.
    let invited = json!({ "email": "second@ville.example", "name": "Second", "roles": ["admin"] });
    admin.post("/v1/users", &invited).await.created();
    let refused = admin.patch(&path, &account["version"], &json!({ "roles": ["auditor"] })).await;
    refused.refused_fields(422, "invalid_content", &[roles]);
    let other = city.account("yasmine.colin").await;
    let promoted = format!("/v1/users/{}", other["id"].as_str().unwrap());
    admin.patch(&promoted, &other["version"], &json!({ "roles": ["admin"] })).await.ok();
    admin.patch(&path, &account["version"], &json!({ "roles": ["auditor"] })).await.ok();
    city.stop().await;
}

async fn accounts_are_listed_in_pages_by_role_service_and_state() {
    let city = City::new().await;
    let admin = city.admin().await;
    let names = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap().to_owned()).collect()
    };
    // What the database calls the lower case of a name is for it to say.
    let mut connection = city.database.connection().await;
    let renamed =
        "update user_account set name = 'İ' || name where id in (select id from user_account order by id limit 10)";
    assert_eq!(sqlx::query(renamed).execute(&mut connection).await.unwrap().rows_affected(), 10);
    let all = names(&admin.get("/v1/users?limit=200").await.ok());
    let mut paged = Vec::new();
    let mut path = "/v1/users?limit=5".to_owned();
    loop {
        let page = admin.get(&path).await.ok();
        paged.extend(names(&page));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/users?limit=5&cursor={cursor}");
    }
    assert_eq!(paged, all);
    assert!(all.len() > 15, "{all:?}");
    let of = async |query: &str| names(&admin.get(&format!("/v1/users?{query}")).await.ok());
    sqlx::query("update user_account set name = ltrim(name, 'İ')").execute(&mut connection).await.unwrap();
    assert_eq!(of("role=auditor&role=admin").await, ["Paul Carpentier", "Yasmine Colin"]);
    assert_eq!(of("service=dechets").await, ["Denis Marchand", "Olivier Duval"]);
    assert_eq!(of("active=false").await, Vec::<String>::new());
    admin.get("/v1/users?role=king&cursor=x").await.refused(400, "invalid_parameter");
    city.stop().await;
}

async fn only_administrators_and_dispatchers_see_accounts() {
    let city = City::new().await;
    let id = city.account(WHO).await["id"].as_str().unwrap().to_owned();
    city.dispatcher().await.get(&format!("/v1/users/{id}")).await.ok();
    for caller in [city.agent().await, city.proprete().await, city.manager().await, city.auditor().await] {
        for path in ["/v1/users".to_owned(), format!("/v1/users/{id}"), format!("/v1/users/{id}/sessions")] {
            let problem = caller.get(&path).await.refused(403, "missing_right");
            assert!(problem["detail"].as_str().unwrap().contains("_users"), "{problem}");
        }
    }
    for caller in [city.dispatcher().await, city.auditor().await] {
        caller.post("/v1/users", &newcomer()).await.refused(403, "missing_right");
    }
    let admin = city.admin().await;
    assert_eq!(admin.get(&format!("/v1/users/{id}")).await.ok()["id"], id.as_str());
    admin.get(&format!("/v1/users/{}", uuid::Uuid::nil())).await.refused(404, "not_found");
    city.stop().await;
}
