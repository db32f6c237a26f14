//! The contract: every answer that a test sees must be one that the OpenAPI document tells of, and every operation must
//! be called by some test.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::caller::Reply;

static CALLED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
static VALIDATORS: Mutex<BTreeMap<String, Arc<Validator>>> = Mutex::new(BTreeMap::new());

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The OpenAPI document.
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(api::document);
    &DOCUMENT
}

/// The operations: path, method, and what the document says.
pub fn operations() -> impl Iterator<Item = (&'static str, &'static str, &'static Value)> {
    let paths = document()["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter().filter(|(method, _)| METHODS.contains(&method.as_str()));
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len() && template.iter().zip(&path).all(|(t, p)| t.starts_with('{') || t == p)
}

/// Holds an answer against the document.
#[track_caller]
pub fn check(method: &str, path: &str, reply: &Reply) {
    let method = method.to_ascii_lowercase();
    let is_path = operations().any(|(template, ..)| template == path);
    if is_path && reply.status == 405 && !operations().any(|(template, m, _)| template == path && m == method) {
        // A path that is written out is no other one's.
        return;
    }
    if !METHODS.contains(&method.as_str()) {
        // What browsers ask before a script's request is not part of the contract.
        return;
    }
    // A path without parameters is meant before one with.
    let operation = operations()
        .filter(|(template, m, _)| *m == method && fits(template, path))
        .min_by_key(|(template, ..)| template.matches('{').count());
    let Some((_, _, operation)) = operation else {
        assert!(
            matches!(reply.status, 404 | 405) || !path.starts_with("/v1"),
            "{method} {path} is answered with {}, but not documented",
            reply.status
        );
        return;
    };
    let id = operation["operationId"].as_str().unwrap();
    CALLED.lock().unwrap().insert(id.to_owned());
    let response = resolved(&operation["responses"][reply.status.to_string()]);
    assert!(!response.is_null(), "{id} answers {}, which is not documented: {}", reply.status, reply.text);
    let content_type = reply.header("content-type").unwrap_or_default().split(';').next().unwrap();
    let Some(content) = response.get("content") else {
        assert!(reply.text.is_empty(), "{id} answers a body with {}, none is documented", reply.status);
        return;
    };
    let schema = &content[content_type]["schema"];
    assert!(!schema.is_null(), "{id} answers {content_type} with {}, which is not documented", reply.status);
    if content_type.ends_with("json") {
        // Of NDJSON, each line is a body.
        let bodies: Vec<Value> = if content_type == "application/x-ndjson" {
            reply.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        } else {
            vec![reply.json()]
        };
        let validator = validator(&format!("{id} {} {content_type}", reply.status), schema);
        let errors = bodies.iter().flat_map(|body| validator.iter_errors(body));
        let errors: Vec<String> = errors.map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{id} answers {} against its schema: {errors:?}\n{}", reply.status, reply.text);
        if let Some(examples) = content[content_type].get("examples").filter(|_| reply.status >= 400) {
            check_code(id, examples, &bodies[0]);
        }
    }
}

/// A problem has a code that the operation tells of, and is like its example.
#[track_caller]
fn check_code(id: &str, examples: &'static Value, problem: &Value) {
    let code = problem.get("code").or_else(|| problem.get("error")).unwrap().as_str().unwrap();
    let example = &examples[code];
    assert!(!example.is_null(), "{id} answers the code {code}, which its description does not name: {problem}");
    let example = &resolved(example)["value"];
    for part in ["type", "status"] {
        assert_eq!(problem.get(part), example.get(part), "{id}: {problem}");
    }
}

/// What a reference leads to.
pub fn resolved(value: &'static Value) -> &'static Value {
    let target = value["$ref"].as_str().map(|path| document().pointer(path.strip_prefix('#').unwrap()).unwrap());
    target.unwrap_or(value)
}

fn validator(answer: &str, schema: &Value) -> Arc<Validator> {
    let mut validators = VALIDATORS.lock().unwrap();
    let made = validators.entry(answer.to_owned()).or_insert_with(|| {
        let whole = json!({ "allOf": [schema], "components": document()["components"] });
        Arc::new(jsonschema::options().should_validate_formats(true).build(&whole).unwrap())
    });
    made.clone()
}

/// The operations that no test called.
pub fn never_called() -> Vec<String> {
    let called = CALLED.lock().unwrap();
    let ids = operations().map(|(_, _, operation)| operation["operationId"].as_str().unwrap().to_owned());
    ids.filter(|id| !called.contains(id)).collect()
}
