//! Links of the document lead where they say.

use reqwest::Method;
use serde_json::{Value, json};

use super::document;
use crate::support::city::City;

crate::tests![
    links_name_operations_and_what_the_answers_hold,
    a_link_is_followed,
    a_body_without_needed_fields_may_be_left_out
];

fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values())
}

fn operation<'a>(document: &'a Value, id: &str) -> &'a Value {
    operations(document).find(|one| one["operationId"] == id).unwrap_or_else(|| panic!("no operation is {id}"))
}

/// The schema of a part of an answer, by its JSON pointer.
fn part<'a>(document: &'a Value, schema: &'a Value, pointer: &str) -> Option<&'a Value> {
    if let Some(path) = schema["$ref"].as_str() {
        return part(document, document.pointer(path.trim_start_matches('#'))?, pointer);
    }
    let Some(rest) = pointer.strip_prefix('/') else { return Some(schema) };
    let (name, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if let Some(several) = schema["allOf"].as_array() {
        return several.iter().find_map(|one| part(document, one, pointer));
    }
    let inner = if name == "0" { schema.get("items")? } else { schema["properties"].get(name)? };
    part(document, inner, rest)
}

async fn links_name_operations_and_what_the_answers_hold() {
    let document = document();
    let mut links = 0;
    for from in operations(&document) {
        let id = &from["operationId"];
        let answers = from["responses"].as_object().unwrap().values().filter(|one| one.get("links").is_some());
        for (answer, (name, link)) in answers.flat_map(|a| a["links"].as_object().unwrap().iter().map(move |l| (a, l)))
        {
            links += 1;
            let target = operation(&document, link["operationId"].as_str().unwrap());
            let parameters = target["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
            let given = link["parameters"].as_object().unwrap();
            for (parameter, source) in given {
                assert!(parameters.iter().any(|one| one["name"] == *parameter), "{id}: {name} has no {parameter}");
                let source = source.as_str().unwrap();
                if let Some(header) = source.strip_prefix("$response.header.") {
                    assert!(answer["headers"].get(header).is_some(), "{id} answers no {header}");
                } else if let Some(own) = source.strip_prefix("$request.path.") {
                    assert!(from["parameters"].as_array().unwrap().iter().any(|one| one["name"] == own), "{id}: {own}");
                } else {
                    let pointer = source.strip_prefix("$response.body#").unwrap();
                    let schema = &answer["content"]["application/json"]["schema"];
                    assert!(part(&document, schema, pointer).is_some(), "{id} answers no {pointer}");
                }
            }
            let missing = parameters.iter().filter(|one| one["required"] == true);
            let missing: Vec<_> = missing.filter(|one| !given.contains_key(one["name"].as_str().unwrap())).collect();
            assert!(missing.is_empty() || name == "next_page", "{id}: {name} needs {missing:?}");
        }
    }
    assert!(links > 130, "{links}");
}

async fn a_link_is_followed() {
    let city = City::new().await;
    let (document, agent) = (document(), city.agent().await);
    let ticket = city.dumping().await;
    let read = agent.get(&format!("/v1/tickets/{}", ticket["reference"].as_str().unwrap())).await;
    let link = &operation(&document, "ticket_read")["responses"]["200"]["links"]["ticket_cancel"];
    assert_eq!(link["parameters"], json!({ "ticket": "$response.body#/id", "If-Match": "$response.header.ETag" }));
    let path = format!("/v1/tickets/{}/cancel", read.ok()["id"].as_str().unwrap());
    let request = agent.request(Method::POST, &path).header("If-Match", read.header("etag").unwrap());
    let cancelled = agent.send(request.json(&json!({ "note": "Erreur de saisie" }))).await.ok();
    assert_eq!(cancelled["state"], "cancelled");
    city.stop().await;
}

/// The README acknowledges a ticket so.
async fn a_body_without_needed_fields_may_be_left_out() {
    let city = City::new().await;
    let document = document();
    assert_eq!(operation(&document, "ticket_acknowledge")["requestBody"]["required"], false);
    assert_eq!(operation(&document, "ticket_refuse")["requestBody"]["required"], true);
    let (ticket, proprete) = (city.dumping().await, city.proprete().await);
    for (action, status) in [("refuse", 400), ("acknowledge", 200)] {
        let path = format!("/v1/tickets/{}/{action}", ticket["id"].as_str().unwrap());
        let request = proprete.request(Method::POST, &path).header("If-Match", "\"1\"");
        proprete.send(request).await.is(status);
    }
    city.stop().await;
}
