//! What is wrong with a request besides its body; in which language it is told.

use reqwest::Method;
use serde_json::json;

use super::{rows, with};
use crate::support::city::City;

crate::tests![
    a_bad_query_is_refused_parameter_by_parameter,
    a_list_is_as_long_as_the_document_says,
    a_change_says_which_version_it_has_seen,
    another_services_ticket_does_not_exist,
    what_does_not_exist_is_not_found_and_what_exists_otherwise_is_told,
    problems_are_told_in_the_callers_language,
    a_name_can_be_seen_and_does_not_turn_what_follows,
];

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
