//! The contract is what is served, and its examples work.

pub mod compatible;
pub mod complete;
pub mod link;
pub mod story;

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::register;
use crate::support::browser::Window;
use crate::support::city::City;
use crate::support::database::{PASSWORD, root};

crate::tests![
    the_document_in_the_repository_is_what_the_server_serves,
    each_kind_of_condition_is_a_schema_of_its_own,
    every_operation_refuses_unknown_parameters,
    whoever_an_operation_does_not_name_is_refused_for_the_right_that_it_names,
    the_documentation_comes_from_the_server_alone,
    the_page_of_problems_is_fit_for_everybody,
    the_city_is_served_as_data,
    health_and_keys_need_no_login,
];

pub fn document() -> Value {
    serde_json::from_slice(&std::fs::read(root().join("openapi/openapi.json")).unwrap()).unwrap()
}

async fn the_document_in_the_repository_is_what_the_server_serves() {
    let city = City::new().await;
    assert_eq!(city.stranger().get("/openapi.json").await.ok(), document(), "run `continuum openapi`");
    city.stop().await;
}

async fn each_kind_of_condition_is_a_schema_of_its_own() {
    let schemas = document()["components"]["schemas"].take();
    let condition = &schemas["RoutingCondition"];
    let mapping = condition["discriminator"]["mapping"].as_object().unwrap();
    assert_eq!((&condition["discriminator"]["propertyName"], mapping.len()), (&json!("type"), 15));
    let named: Vec<Value> = mapping.values().map(|path| json!({ "$ref": path })).collect();
    assert_eq!(condition["oneOf"], json!(named));
    for (code, path) in mapping {
        let kind = &schemas[path.as_str().unwrap().strip_prefix("#/components/schemas/").unwrap()];
        assert_eq!(kind["properties"]["type"]["enum"], json!([code]));
        assert!(kind["required"].as_array().unwrap().contains(&json!("type")), "{code}");
        assert_eq!(kind["additionalProperties"], json!(false), "{code}");
    }
    assert_eq!(mapping["road_owner"], "#/components/schemas/RoadOwnerCondition");
}

fn is_token(needed: &Value) -> bool {
    needed.get("bearer").is_some() || needed.get("oauth2").is_some()
}

/// Links that people are sent are let through with what mail programs and search engines add to them; OAuth asks for the
/// same (RFC 6749, 3.1 and 3.2), and whoever looks after the server may ask as they like.
fn lets_parameters_through(path: &str, operation: &Value) -> bool {
    let for_everybody = operation["security"].as_array().unwrap().iter().all(|needed| !is_token(needed));
    let link = ["tracking", "partners", "sheets"].iter().any(|tag| operation["tags"][0] == *tag);
    !path.starts_with("/v1/") || (for_everybody && link)
}

async fn every_operation_refuses_unknown_parameters() {
    let city = City::new().await;
    let ticket = city.dumping().await;
    let program = register(&city, &["mail:inbound", "tickets:read"], &[]).await;
    let callers = [
        city.dispatcher().await,
        city.admin().await,
        city.agent().await,
        city.auditor().await,
        program.caller(&city).await,
    ];
    let (id, filter) = (ticket["id"].as_str().unwrap(), "00000000-0000-7000-8000-000000000001");
    let values = |path: &str| {
        let path = path.replace("{ticket}", id).replace("{calendar}", "bureau").replace("{year}", "2026");
        let parts = path.split('/').map(|part| if part.starts_with('{') { filter } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    let document = document();
    let (mut refused, mut let_through) = (0, 0);
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let path = format!("{}?nonsense=1", values(path));
            let method: Method = method.to_ascii_uppercase().parse().unwrap();
            let mut told = false;
            for caller in &callers {
                let reply = caller.send(caller.request(method.clone(), &path)).await;
                let names = reply.status == 400 && reply.text.contains("unknown_parameter");
                assert!(!names || reply.text.contains("\"nonsense\""), "{method} {path}: {}", reply.text);
                told |= names;
                if names {
                    break;
                }
            }
            if lets_parameters_through(&path, operation) {
                assert!(!told, "{method} {path} is a link that people follow");
                let_through += 1;
            } else {
                assert!(told, "{method} {path} ignores a parameter that there is not");
                refused += 1;
                // Who has to log in is told that first.
                let stranger = city.stranger();
                let reply = stranger.send(stranger.request(method.clone(), &path)).await;
                let needs_login = is_token(&operation["security"][0]);
                assert_eq!(reply.status, if needs_login { 401 } else { 400 }, "{method} {path}: {}", reply.text);
            }
        }
    }
    assert!(refused > 110 && let_through > 20, "{refused} refused, {let_through} let through");
    city.dispatcher().await.get("/v1/me/notifications?user=x&limit=2").await.refused_fields(
        400,
        "invalid_parameter",
        &[("user", "unknown_parameter"), ("limit", "unknown_parameter")],
    );
    city.stop().await;
}

async fn whoever_an_operation_does_not_name_is_refused_for_the_right_that_it_names() {
    let city = City::new().await;
    let callers = [
        ("agent", city.agent().await),
        ("service_member", city.proprete().await),
        ("dispatcher", city.dispatcher().await),
        ("auditor", city.auditor().await),
        ("admin", city.admin().await),
    ];
    let mut refused = 0;
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let (at, description) = (format!("{method} {path}"), operation["description"].as_str().unwrap());
            let told = description.rsplit("\n\n").next().unwrap().strip_prefix("Who may call it: ");
            let needs_login = operation["security"].as_array().unwrap().iter().any(is_token);
            assert_eq!(told.is_some(), needs_login, "{at}: {description}");
            let Some((who, right)) = told.and_then(|told| told.split_once(" (the right `")) else { continue };
            let right = right.strip_suffix("`).").unwrap();
            let parts = path
                .split('/')
                .map(|part| if part.starts_with('{') { "00000000-0000-7000-8000-000000000001" } else { part });
            let path = parts.collect::<Vec<_>>().join("/");
            let method: Method = method.to_ascii_uppercase().parse().unwrap();
            for (_, caller) in callers.iter().filter(|(role, _)| !who.contains(&format!("`{role}`"))) {
                let reply = caller.send(caller.request(method.clone(), &path)).await;
                assert_eq!((reply.status, &reply.json()["right"]), (403, &json!(right)), "{at}: {}", reply.text);
                refused += 1;
            }
        }
    }
    assert!(refused > 200, "{refused}");
    city.stop().await;
}

async fn the_documentation_comes_from_the_server_alone() {
    let city = City::new().await;
    let stranger = city.stranger();
    assert_eq!(stranger.get("/docs").await.is(308).header("location"), Some("/docs/"));
    let page = stranger.get("/docs/").await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let mut pages = vec![page.is(200).text.clone()];
    for file in ["swagger-initializer.js", "index.css"] {
        pages.push(stranger.get(&format!("/docs/{file}")).await.is(200).text.clone());
    }
    for file in ["swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-ui.css"] {
        assert!(pages[0].contains(file), "{file}");
        stranger.get(&format!("/docs/{file}")).await.is(200);
    }
    for text in &pages {
        assert!(!text.contains("https://") && !text.contains("\"//"), "refers to another host: {text}");
    }
    assert!(pages[1].contains("/openapi.json") && pages[1].contains("\"validatorUrl\": \"none\""), "{}", pages[1]);
    let problems = stranger.get("/docs/problems").await.is(200).text.clone();
    for code in api::problem::Code::ALL {
        assert!(problems.contains(&format!("id=\"{}\"", code.name())));
    }
    stranger.get("/assets/continuum.css").await.is(200);
    city.stop().await;
}

async fn the_city_is_served_as_data() {
    let city = City::new().await;
    let agent = city.agent().await;
    let codes = |list: Value| -> Vec<String> {
        let items = list["items"].as_array().unwrap().iter();
        items.map(|item| item["code"].as_str().unwrap().to_owned()).collect()
    };
    assert!(codes(agent.get("/v1/categories").await.ok()).contains(&"illegal_dumping".to_owned()));
    assert_eq!(codes(agent.get("/v1/services").await.ok()).len(), 16);
    assert_eq!(codes(agent.get("/v1/zonings").await.ok()), ["quartiers", "secteurs"]);
    agent.get("/v1/services?page=2").await.refused_fields(400, "invalid_parameter", &[("page", "unknown_parameter")]);
    city.stop().await;
}

async fn health_and_keys_need_no_login() {
    let city = City::new().await;
    let stranger = city.stranger();
    assert_eq!(stranger.get("/health/live").await.ok(), json!({ "status": "ok" }));
    assert_eq!(stranger.get("/health/ready").await.ok()["status"], "ok");
    let login = json!({ "email": "claire.delattre@ville-amiens.example", "password": PASSWORD });
    let token = stranger.post("/v1/sessions", &login).await.created()["access_token"].as_str().unwrap().to_owned();
    let keys = stranger.get("/.well-known/jwks.json").await.ok();
    assert_eq!((&keys["keys"][0]["kty"], &keys["keys"][0]["crv"]), (&json!("OKP"), &json!("Ed25519")));
    assert_eq!(token.split('.').count(), 3);
    city.stop().await;
}

async fn the_page_of_problems_is_fit_for_everybody() {
    let city = City::new().await;
    let window = Window::open(&city).await;
    assert_eq!(window.go("/docs/problems").await, 200);
    window.check("problems", "all").await;
    window.close().await;
    city.stop().await;
}
