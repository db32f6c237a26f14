//! The examples: what the tests really send and are answered, as `openapi/examples.json` tells.

use std::sync::LazyLock;

use serde_json::Value;

static TOLD: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../../../openapi/examples.json")).expect("the tests write JSON")
});

/// Gives an operation the values of its parameters, what stands in its body, and what it is answered.
pub(super) fn add(operation: &mut Value) {
    let Some(told) = operation["operationId"].as_str().and_then(|id| TOLD["operations"].get(id)) else { return };
    for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(value) = parameter["name"].as_str().and_then(|name| told["parameters"].get(name)) {
            parameter["example"] = value.clone();
        }
    }
    let contents = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut);
    for content in contents.into_iter().flat_map(|contents| contents.values_mut()) {
        for (pointer, value) in told["body"].as_object().into_iter().flatten() {
            if let Some(part) = content.pointer_mut(&format!("/example{pointer}")) {
                *part = value.clone();
            }
        }
    }
    for (status, answers) in told["answers"].as_object().into_iter().flatten() {
        for (kind, answer) in answers.as_object().into_iter().flatten() {
            let content = operation["responses"].get_mut(status).and_then(|response| response.get_mut("content"));
            if let Some(content) = content.and_then(|content| content.get_mut(kind)) {
                content["example"] = answer.clone();
            }
        }
    }
}

/// An event of that type, as it was sent.
pub(super) fn event(code: &str) -> Value {
    TOLD["events"][code].clone()
}
