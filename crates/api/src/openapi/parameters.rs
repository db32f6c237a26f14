//! What parameters take, by their names: each is read in one way wherever it stands.

use serde_json::{Map, Value, json};

use crate::request::query::MAX_VALUES;

const CODE: &str = "^[a-z][a-z0-9_-]{0,59}$";
const ID: &str = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}";

/// Completes the schemas of an operation's parameters.
pub(super) fn complete(operation: &mut Value) {
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default().to_owned();
        let Some(schema) = parameter["schema"].as_object_mut() else { continue };
        let repeated = schema.get("items").is_some();
        if repeated {
            schema.entry("maxItems").or_insert(json!(MAX_VALUES));
        }
        let Some(pattern) = pattern(&name) else { continue };
        match schema.get_mut("items").and_then(Value::as_object_mut) {
            Some(items) => limit(items, &pattern),
            None => limit(schema, &pattern),
        }
    }
}

/// Only a text without a form of its own.
fn limit(schema: &mut Map<String, Value>, pattern: &str) {
    let text = schema.get("type").is_some_and(|kind| kind == "string" || kind == &json!(["string", "null"]));
    if text && !["format", "enum", "pattern"].iter().any(|key| schema.contains_key(*key)) {
        schema.insert("pattern".to_owned(), json!(pattern));
    }
}

fn pattern(name: &str) -> Option<String> {
    Some(match name {
        "service" | "organisation" | "category" | "family" => CODE.to_owned(),
        "area" => "^[a-z][a-z0-9_-]{0,59}:[a-z][a-z0-9_-]{0,59}$".to_owned(),
        "assignee" => format!("^(me|none|{ID})$"),
        "referrer" => format!("^(me|{ID})$"),
        "cursor" => "^[A-Za-z0-9_-]+$".to_owned(),
        "near" => "^[^,]+,[^,]+$".to_owned(),
        "bbox" => "^[^,]+(,[^,]+){3}$".to_owned(),
        "ticket" => "^[A-Za-z0-9-]{1,60}$".to_owned(),
        "act" => "^[a-z][a-z_]*$".to_owned(),
        "letter" => "^[a-z_]+([.][a-z_]+)?$".to_owned(),
        "group_by" => format!("^([a-z_]+|area:{})$", CODE.trim_matches(['^', '$'])),
        "If-Match" => r#"^(W/)?"[^"]*"( *, *(W/)?"[^"]*")*$"#.to_owned(),
        _ => return None,
    })
}
