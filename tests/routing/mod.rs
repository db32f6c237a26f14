//! The routing rules: read, written as drafts, checked, published, gone back to, tried.

mod draft;
mod publish;
mod replay;
mod simulate;

use serde_json::{Value, json};

use crate::support::Test;
use crate::support::caller::Caller;

pub fn tests() -> Vec<Test> {
    [draft::tests(), publish::tests(), replay::tests(), simulate::tests()].into_iter().flatten().collect()
}

/// A rule for a category.
fn rule(code: &str, category: &str, service: &str) -> Value {
    json!({
        "code": code, "name": { "fr": code, "en": code },
        "when": { "type": "category", "any_of": [category] }, "send_to": [service]
    })
}

/// Begins a draft with a rule before those in force.
async fn draft_with(who: &Caller, name: &str, first: Value) -> Value {
    let mut rules = who.get("/v1/routing").await.ok()["rules"].as_array().unwrap().clone();
    rules.insert(0, first);
    who.post("/v1/routing/drafts", &json!({ "name": name, "rules": rules })).await.created()
}

fn path(draft: &Value) -> String {
    format!("/v1/routing/drafts/{}", draft["id"].as_str().unwrap())
}
