//! Bad input: each gets the right problem and code, and nothing is written.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::caller::{Caller, Reply};
use crate::support::city::{City, dumping};

crate::tests![
    every_bad_field_of_a_body_is_named_at_once,
    what_a_schema_refuses_is_explained_in_french_and_in_english,
    what_only_a_type_refuses_is_explained_in_french_and_in_english,
    content_that_does_not_fit_the_city_is_refused_as_a_whole,
    a_body_that_is_no_json_is_refused,
    a_body_that_is_too_large_is_refused,
    nobody_is_told_what_is_wrong_with_a_body_before_logging_in,
    a_bad_query_is_refused_parameter_by_parameter,
    a_list_is_as_long_as_the_document_says,
    a_change_says_which_version_it_has_seen,
    another_services_ticket_does_not_exist,
    what_does_not_exist_is_not_found_and_what_exists_otherwise_is_told,
    problems_are_told_in_the_callers_language,
    a_name_can_be_seen_and_does_not_turn_what_follows,
];

/// Every row that a request could write.
async fn rows(city: &City) -> i64 {
    let tables = "concern ticket ticket_event outbox idempotency_key cafe resident_contact tracking_link";
    let counts = tables.split(' ').map(|table| format!("(select count(*) from {table})"));
    let versions = "(select coalesce(sum(version), 0)::bigint from ticket)".to_owned();
    city.database.count(&format!("select {}", counts.chain([versions]).collect::<Vec<_>>().join(" + "))).await
}

/// A filing with some fields otherwise.
fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut body = dumping();
    change(&mut body);
    body
}

async fn raw(caller: &Caller, body: impl Into<reqwest::Body>) -> Reply {
    let request = caller.request(Method::POST, "/v1/concerns").header("Content-Type", "application/json");
    caller.send(request.body(body)).await
}

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

async fn a_bad_query_is_refused_parameter_by_parameter() {
    let city = City::new().await;
    let agent = city.agent().await;
    let path = "/v1/tickets?status=lost&area=nord&cafe=1&late=maybe&limit=0&cursor=%21&colour=red&limit=9999";
    agent.get(path).await.refused_fields(
        400,
        "invalid_parameter",
        &[
            ("status", "bad_value"),
            ("area", "bad_value"),
            ("cafe", "bad_value"),
            ("late", "bad_value"),
            ("limit", "bad_value"),
            ("limit", "bad_value"),
            ("cursor", "bad_value"),
            ("colour", "unknown_parameter"),
        ],
    );
    // The position of year −200000, well formed: no page that we answered ever ended there.
    let cursor = "LTYzNzM1MDA4NTc2MDAwMDAuMDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAw";
    let path = format!("/v1/tickets?cursor={cursor}");
    agent.get(&path).await.refused_fields(400, "invalid_parameter", &[("cursor", "bad_value")]);
    agent.get("/v1/tickets?late=true&late=false").await.refused_fields(
        400,
        "invalid_parameter",
        &[("late", "repeated")],
    );
    agent.get("/v1/tickets?q=%E9clairage&limit=1").await.refused_fields(
        400,
        "invalid_parameter",
        &[("q", "bad_encoding")],
    );
    city.stop().await;
}

async fn a_list_is_as_long_as_the_document_says() {
    let city = City::new().await;
    let (dispatcher, admin) = (city.dispatcher().await, city.admin().await);
    let asked = |count| format!("/v1/tickets?{}", vec!["service=voirie"; count].join("&"));
    dispatcher.get(&asked(100)).await.ok();
    dispatcher.get(&asked(101)).await.refused_fields(400, "invalid_parameter", &[("service", "too_many")]);
    let services: Vec<String> = (0..101).map(|number| format!("service-{number}")).collect();
    let invited = json!({
        "email": "a@ville-amiens.example", "name": "A", "roles": ["service_member"], "services": services
    });
    admin.post("/v1/users", &invited).await.refused_fields(400, "invalid_request", &[("/services", "too_many")]);
    let filed = with(|body| body["category"] = json!("Pas un code"));
    let refused = city.agent().await.post("/v1/concerns", &filed).await;
    refused.refused_fields(400, "invalid_request", &[("/category", "bad_format")]);
    city.stop().await;
}

async fn a_change_says_which_version_it_has_seen() {
    let city = City::new().await;
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    let before = rows(&city).await;
    let path = format!("/v1/tickets/{}/acknowledge", ticket["id"].as_str().unwrap());
    let act = async |if_match: Option<&str>| {
        let mut request = proprete.request(Method::POST, &path);
        if let Some(value) = if_match {
            request = request.header("If-Match", value);
        }
        proprete.send(request).await
    };
    act(None).await.refused(428, "if_match_needed");
    for malformed in ["*", "1", "\"1", "", "\"1\",", "\"1\" \"2\"", "\"1\"2"] {
        act(Some(malformed)).await.refused(400, "invalid_header");
    }
    for stale in ["\"7\"", "W/\"1\"", "\"abc\""] {
        let reply = act(Some(stale)).await;
        reply.refused(412, "stale_version");
        assert_eq!(reply.header("etag"), Some("\"1\""));
    }
    assert_eq!(rows(&city).await, before);
    // A tag may hold commas: this one is another service's.
    act(Some("\"a,\", W/\"b,1\"")).await.refused(412, "stale_version");
    assert_eq!(act(Some("\"a,b\" ,\"7\",\t\"1\"")).await.is(200).header("etag"), Some("\"2\""));
    city.stop().await;
}

async fn another_services_ticket_does_not_exist() {
    let city = City::new().await;
    let (ticket, voirie) = (city.dumping().await, city.voirie().await);
    let before = rows(&city).await;
    let id = ticket["id"].as_str().unwrap();
    let reference = ticket["reference"].as_str().unwrap();
    for path in [format!("/v1/tickets/{id}"), format!("/v1/tickets/{reference}"), format!("/v1/tickets/{id}/timeline")]
    {
        voirie.get(&path).await.refused(404, "not_found");
    }
    voirie.get(&format!("/v1/concerns/{}", ticket["concern_id"].as_str().unwrap())).await.refused(404, "not_found");
    voirie.acknowledge(&ticket).await.refused(404, "not_found");
    voirie.refuse(&ticket).await.refused(404, "not_found");
    voirie.start(&ticket).await.refused(404, "not_found");
    voirie.resolve(&ticket).await.refused(404, "not_found");
    voirie.close(&ticket).await.refused(404, "not_found");
    voirie.reopen(&ticket).await.refused(404, "not_found");
    assert_eq!(voirie.get("/v1/tickets").await.ok()["items"], json!([]));
    assert_eq!(rows(&city).await, before);
    city.stop().await;
}

async fn what_does_not_exist_is_not_found_and_what_exists_otherwise_is_told() {
    let city = City::new().await;
    let agent = city.agent().await;
    for path in ["/v1/tickets/AMI-26-999999", "/v1/tickets/a%20b", "/v1/cafes/42", "/v1/concerns/x", "/v1/dragons", "/"]
    {
        agent.get(path).await.refused(404, "not_found");
    }
    let reply = agent.delete("/v1/concerns").await;
    reply.refused(405, "method_not_allowed");
    assert_eq!(reply.header("allow"), Some("POST"));
    // A path that is written out is not taken for a session's, a concern's, a café's or a sheet's.
    for (method, path, allowed) in [
        (Method::DELETE, "/v1/sessions/refresh", "POST"),
        (Method::GET, "/v1/concerns/duplicates", "POST"),
        (Method::PATCH, "/v1/cafes/cadence", "GET"),
        (Method::GET, "/v1/sheets/publish", "POST"),
        (Method::OPTIONS, "/v1/sessions/redeem", "POST"),
    ] {
        for caller in [&agent, &city.stranger()] {
            let reply = caller.send(caller.request(method.clone(), path)).await;
            reply.refused(405, "method_not_allowed");
            assert_eq!(reply.header("allow"), Some(allowed), "{method} {path}");
        }
    }
    let head = agent.send(agent.request(Method::HEAD, "/v1/cafes/cadence")).await;
    assert_ne!(head.status, 405, "as for GET");
    city.stop().await;
}

async fn problems_are_told_in_the_callers_language() {
    let city = City::new().await;
    let stranger = city.stranger();
    let french = stranger.get("/v1/me").await;
    assert_eq!(
        (french.header("content-language"), &french.json()["title"]),
        (Some("fr"), &json!("Il faut se connecter"))
    );
    let english =
        stranger.send(stranger.request(Method::GET, "/v1/me").header("Accept-Language", "en-GB, fr;q=0.5")).await;
    let problem = english.refused(401, "unauthenticated");
    assert_eq!(
        (english.header("content-language"), &problem["title"]),
        (Some("en"), &json!("Authentication is needed"))
    );
    assert_eq!(problem["type"], "/docs/problems#unauthenticated");
    city.stop().await;
}

async fn a_name_can_be_seen_and_does_not_turn_what_follows() {
    let city = City::new().await;
    let (admin, dispatcher) = (city.admin().await, city.dispatcher().await);
    let place = json!({ "lat": 49.894, "lon": 2.302 });
    let times = ("2026-03-12T09:00:00Z", "2026-03-12T10:00:00Z");
    let cafe = |title: &str| json!({ "title": title, "place": place, "starts_at": times.0, "ends_at": times.1 });
    let named = |name: &str| {
        [
            (&admin, "/v1/users", "name", json!({ "email": "a@ville.example", "name": name, "roles": ["agent"] })),
            (
                &admin,
                "/v1/clients",
                "name",
                json!({ "name": name, "contact": "a@ville.example", "scopes": ["tickets:read"] }),
            ),
            (&dispatcher, "/v1/filters", "name", json!({ "name": name, "parameters": { "late": ["true"] } })),
            (&dispatcher, "/v1/cafes", "title", cafe(name)),
        ]
    };
    for (caller, path, field, body) in named("\u{200b}\u{2066}\u{2060}") {
        let pointer = format!("/{field}");
        caller.post(path, &body).await.refused_fields(400, "invalid_request", &[(&pointer, "invalid")]);
    }
    for (caller, path, field, body) in named("Étouvie \u{202e}drocca’D\u{202c}") {
        assert_eq!(caller.post(path, &body).await.created()[field], "Étouvie drocca’D", "{path}");
    }
    city.stop().await;
}
