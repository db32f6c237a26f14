//! What is wrong with a body.

use reqwest::Method;
use serde_json::{Value, json};

use super::{raw, rows, with};
use crate::event::follower;
use crate::support::caller::Caller;
use crate::support::city::{City, dumping};

crate::tests![
    every_bad_field_of_a_body_is_named_at_once,
    what_a_schema_refuses_is_explained_in_french_and_in_english,
    what_only_a_type_refuses_is_explained_in_french_and_in_english,
    content_that_does_not_fit_the_city_is_refused_as_a_whole,
    a_body_that_is_no_json_is_refused,
    a_body_that_is_too_large_is_refused,
    what_takes_no_fields_refuses_each,
    nobody_is_told_what_is_wrong_with_a_body_before_logging_in,
];

async fn every_bad_field_of_a_body_is_named_at_once() {
    let city = City::new().await;
    let (agent, before) = (city.agent().await, rows(&city).await);
    for (body, fields) in [
        (json!({}), vec![("/origin", "required"), ("/category", "required"), ("/place", "required")]),
        (
            json!({ "origin": "moon", "category": 7, "place": { "lat": "x", "lon": 400, "alt": 3 }, "foo": 1 }),
            vec![
                ("/origin", "unknown_value"),
                ("/category", "wrong_type"),
                ("/place/lat", "wrong_type"),
                ("/place/lon", "out_of_range"),
                ("/place/alt", "unknown_field"),
                ("/foo", "unknown_field"),
            ],
        ),
        (
            with(|b| b["resident"] = json!({ "email": "nope", "phone": "06", "mail": "x" })),
            vec![
                ("/resident/email", "bad_format"),
                ("/resident/phone", "bad_format"),
                ("/resident/mail", "unknown_field"),
            ],
        ),
        (with(|b| b["description"] = json!("x".repeat(4001))), vec![("/description", "too_long")]),
        (with(|b| b["description"] = json!("")), vec![("/description", "too_short")]),
        (with(|b| b["description"] = json!("  \n ")), vec![("/description", "invalid")]),
        (with(|b| b["description"] = json!("a\u{0}b")), vec![("/description", "invalid")]),
        (with(|b| b["place"]["address"] = json!("a\nb")), vec![("/place/address", "invalid")]),
        (with(|b| b["category"] = json!("Illegal Dumping")), vec![("/category", "bad_format")]),
        (with(|b| b["cafe_id"] = json!("42")), vec![("/cafe_id", "bad_format")]),
        (json!([]), vec![("", "wrong_type")]),
    ] {
        agent.post("/v1/concerns", &body).await.refused_fields(400, "invalid_request", &fields);
    }
    let login = json!({ "email": "a\u{0}@ville.example", "password": "x" });
    city.stranger().post("/v1/sessions", &login).await.refused_fields(
        400,
        "invalid_request",
        &[("/email", "bad_format")],
    );
    agent.post("/v1/cafes", &json!({ "title": "x", "starts_at": "demain" })).await.refused_fields(
        400,
        "invalid_request",
        &[("/place", "required"), ("/ends_at", "required"), ("/starts_at", "bad_format")],
    );
    assert_eq!(rows(&city).await, before);
    city.stop().await;
}

async fn what_a_schema_refuses_is_explained_in_french_and_in_english() {
    let city = City::new().await;
    let agent = city.agent().await;
    let body = json!({
        "category": 7,
        "origin": "patrol",
        "description": ["x"],
        "cafe_id": "demain",
        "place": { "address": null, "lat": true },
        "resident": { "email": "sans arobase" },
    });
    let expected = [
        ("/category", "Attendu : un texte.", "Expected: a text."),
        ("/description", "Attendu : un texte ou null.", "Expected: a text or null."),
        ("/cafe_id", "Attendu : un identifiant (UUID).", "Expected: an identifier (UUID)."),
        ("/place/lat", "Attendu : un nombre.", "Expected: a number."),
        ("/resident/email", "Attendu : une adresse e-mail.", "Expected: an e-mail address."),
    ];
    for (language, told) in [("fr", expected.map(|(at, fr, _)| (at, fr))), ("en", expected.map(|(at, _, en)| (at, en)))]
    {
        let request = agent.request(Method::POST, "/v1/concerns").header("Accept-Language", language);
        let problem = agent.send(request.json(&body)).await.refused(400, "invalid_request");
        for (at, detail) in told {
            let error = problem["errors"].as_array().unwrap().iter().find(|error| error["pointer"] == at);
            assert_eq!(error.map(|error| &error["detail"]), Some(&json!(detail)), "{at}: {problem}");
        }
    }
    city.stop().await;
}

async fn what_only_a_type_refuses_is_explained_in_french_and_in_english() {
    let city = City::new().await;
    let (agent, admin) = (city.agent().await, city.admin().await);
    let draft = |when: Value, name: &str| {
        let rule = json!({ "code": "une", "name": { "fr": name, "en": "One" }, "when": when, "send_to": ["voirie"] });
        json!({ "name": "Essai", "rules": [rule] }).to_string()
    };
    let always = || json!({ "type": "always" });
    let keyword = |word: &str| json!({ "type": "keywords", "any_of": [word] });
    let huge = json!({ "type": "answer", "category": "bulky_waste", "question": "volume", "at_least": 1e30 });
    let filed = |from: &str, to: &str| dumping().to_string().replacen(from, to, 1);
    let (concerns, drafts) = ("/v1/concerns", "/v1/routing/drafts");
    let number = (
        "Ce nombre n’est pas admis ici : écrire un nombre entier moins grand, sans point ni exposant.",
        "This number is not taken here: write a smaller whole number, without point or exponent.",
    );
    let control = (
        "Ce texte contient un caractère de commande, ou un saut de ligne là où une seule ligne est attendue.",
        "This text contains a control character, or a line break where a single line is expected.",
    );
    let empty = ("Ce texte ne contient rien de visible.", "There is nothing to see in this text.");
    for (caller, path, body, pointer, (fr, en)) in [
        (&agent, concerns, with(|b| b["description"] = json!(" ")).to_string(), "/description", empty),
        (&agent, concerns, with(|b| b["place"]["address"] = json!("a\nb")).to_string(), "/place/address", control),
        (
            &agent,
            concerns,
            filed("{", "{\"category\":\"graffiti\","),
            "",
            ("Le champ « category » est donné deux fois.", "The field “category” is given twice."),
        ),
        (
            &agent,
            concerns,
            filed("{", "{\"answers\":{\"extent\":\"street\",\"extent\":\"house\"},"),
            "/answers",
            ("Le champ « extent » est donné deux fois.", "The field “extent” is given twice."),
        ),
        (
            &agent,
            "/v1/cafes/0198c6f2-1111-7000-8000-000000000001/concerns:batch",
            format!("{{\"items\":[{}]}}", filed("{", "{\"origin\":\"phone\",")),
            "/items/0",
            ("Le champ « origin » est donné deux fois.", "The field “origin” is given twice."),
        ),
        (&admin, drafts, draft(always(), " "), "/rules/0/name/fr", empty),
        (&admin, drafts, draft(always(), "a\u{0}"), "/rules/0/name/fr", control),
        (&admin, drafts, draft(keyword("feu\u{0}rouge"), "Une"), "/rules/0/when/any_of/0", control),
        (
            &admin,
            drafts,
            draft(keyword("…"), "Une"),
            "/rules/0/when",
            (
                "« … » n’est pas un mot-clé : écrire un mot, ou jusqu’à cinq qui se suivent, 60 caractères au plus.",
                "“…” is not a keyword: write one word, or up to five that follow one another, 60 characters at most.",
            ),
        ),
        (&admin, drafts, draft(huge, "Une"), "/rules/0/when", number),
    ] {
        for (language, text) in [("fr", fr), ("en", en)] {
            let request = caller.request(Method::POST, path).header("Content-Type", "application/json");
            let request = request.header("Accept-Language", language).body(body.clone());
            let problem = caller.send(request).await.refused(400, "invalid_request");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
            assert_eq!(problem["errors"].as_array().unwrap().len(), 1, "{problem}");
            assert_eq!(problem["errors"][0]["detail"], text, "{body}");
        }
    }
    city.stop().await;
}

async fn content_that_does_not_fit_the_city_is_refused_as_a_whole() {
    let city = City::new().await;
    let (agent, before) = (city.agent().await, rows(&city).await);
    let paris = json!({ "lat": 48.85, "lon": 2.35 });
    for (body, fields) in [
        (
            with(|b| {
                b["category"] = json!("dragons");
                b["place"] = paris.clone();
                b["origin"] = json!("cafe");
            }),
            vec![("/category", "unknown_category"), ("/place", "outside_city"), ("/cafe_id", "required")],
        ),
        (with(|b| b["cafe_id"] = json!(uuid::Uuid::nil())), vec![("/cafe_id", "not_expected")]),
        (
            with(|b| {
                b["origin"] = json!("cafe");
                b["cafe_id"] = json!(uuid::Uuid::nil());
            }),
            vec![("/cafe_id", "unknown_cafe")],
        ),
        (with(|b| drop(b.as_object_mut().unwrap().remove("description"))), vec![("/description", "required")]),
        (with(|b| b["resident"] = json!({ "language": "en" })), vec![("/resident", "empty")]),
    ] {
        agent.post("/v1/concerns", &body).await.refused_fields(422, "invalid_content", &fields);
    }
    let cafe = json!({ "title": "Café", "place": paris, "starts_at": "2026-03-12T09:00:00Z", "ends_at": "2026-03-12T10:00:00Z" });
    agent.post("/v1/cafes", &cafe).await.refused_fields(422, "invalid_content", &[("/place", "outside_city")]);
    assert_eq!(rows(&city).await, before);
    city.stop().await;
}

async fn a_body_that_is_no_json_is_refused() {
    let city = City::new().await;
    let (agent, before) = (city.agent().await, rows(&city).await);
    for (body, code) in [
        (&b"{\"origin\": \"patrol\","[..], "invalid_json"),
        (b"{\"lat\": 1e999}", "invalid_json"),
        (b"{\"lat\": NaN}", "invalid_json"),
        (b"not json", "invalid_json"),
        (b"{\"description\": \"\xff\xfe\"}", "invalid_utf8"),
        (b"{\"origin\": \"\xc3", "invalid_utf8"),
    ] {
        raw(&agent, body.to_vec()).await.refused(400, code);
    }
    let deep = raw(&agent, "[".repeat(100_000)).await.refused(400, "invalid_json");
    assert_eq!(deep["detail"], "Le JSON est trop imbriqué : 127 niveaux au plus.");
    let twice = dumping().to_string().replacen('{', "{\"origin\": \"phone\", ", 1);
    raw(&agent, twice).await.refused(400, "invalid_request");
    raw(&agent, "").await.refused(400, "invalid_request");
    let form =
        agent.request(Method::POST, "/v1/concerns").header("Content-Type", "text/plain").body(dumping().to_string());
    agent.send(form).await.refused(415, "unsupported_media_type");
    assert_eq!(rows(&city).await, before);
    city.stop().await;
}

async fn a_body_that_is_too_large_is_refused() {
    let city = City::new().await;
    let (agent, before) = (city.agent().await, rows(&city).await);
    let megabyte = with(|b| b["description"] = json!("x".repeat(1_000_000)));
    agent.post("/v1/concerns", &megabyte).await.refused(413, "body_too_large");
    assert_eq!(rows(&city).await, before);
    city.stop().await;
}

async fn nobody_is_told_what_is_wrong_with_a_body_before_logging_in() {
    let city = City::new().await;
    raw(&city.stranger(), "not json").await.refused(401, "unauthenticated");
    for token in ["garbage", "a.b.c"] {
        let caller = Caller::new(&city.instance.base_url, Some(token));
        raw(&caller, "not json").await.refused(401, "invalid_token");
    }
    let basic = city.stranger();
    let request = basic.request(Method::GET, "/v1/me").header("Authorization", "Basic YTpi");
    basic.send(request).await.refused(401, "unauthenticated");
    city.stop().await;
}

async fn what_takes_no_fields_refuses_each() {
    let city = City::new().await;
    let (admin, program, nobody) = (city.admin().await, follower(&city).await, uuid::Uuid::nil());
    for (caller, path) in [
        (&admin, format!("/v1/users/{nobody}/invite")),
        (&admin, "/v1/sessions/current/logout".to_owned()),
        (&program, format!("/v1/webhooks/{nobody}/ping")),
        (&program, format!("/v1/webhooks/{nobody}/secret")),
    ] {
        let reply = caller.post(&path, &json!({ "typo": 1 })).await;
        reply.refused_fields(400, "invalid_request", &[("/typo", "unknown_field")]);
    }
    admin.get("/v1/me").await.ok();
    city.stop().await;
}
