//! The OpenAPI document: inferred from the routes, with what follows from a route's parts — who must log in, what may
//! go wrong — added here once for all of them. The only module that knows the crate which infers it.

mod callers;
mod codes;
mod examples;
mod links;
mod parameters;
mod problems;
mod prose;
mod values;
mod webhooks;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use actix_web::App;
use actix_web::dev::HttpServiceFactory;
use actix_web::http::Method;
use actix_web::web;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt as _, OpenApiFactory};

use crate::problem::Code;
use crate::routes;

/// Operations, by path and method.
type Operations<T> = BTreeMap<(String, String), T>;

/// Where routes are told of: the program, which answers them, or the document, which describes them.
pub(crate) trait Routes {
    /// One more operation.
    fn service(&mut self, operation: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self;

    /// Those of a part of the API.
    fn configure(&mut self, part: impl FnOnce(&mut Self)) -> &mut Self {
        part(self);
        self
    }
}

impl Routes for web::ServiceConfig {
    fn service(&mut self, operation: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self {
        Self::service(self, operation)
    }
}

impl Routes for ServiceConfig<'_> {
    fn service(&mut self, operation: impl HttpServiceFactory + OpenApiFactory + 'static) -> &mut Self {
        Self::service(self, operation)
    }
}

/// The document as it is served: the file of the repository, which `continuum openapi` writes and tests compare. To infer it takes
/// more memory than all that a server keeps.
pub(crate) const TEXT: &str = include_str!("../../../openapi/openapi.json");

/// What a server looks up in the document.
#[derive(Default)]
struct Contract {
    /// The methods of each path.
    methods: BTreeMap<String, Vec<String>>,
    /// The operations that people see in their browser.
    pages: BTreeSet<(String, String)>,
    /// The operations that are for those who have logged in.
    for_the_known: BTreeSet<(String, String)>,
    /// The operations that take no query, and whether they are for those who have logged in.
    without_query: Operations<bool>,
}

static CONTRACT: LazyLock<Contract> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct Document<'a> {
        #[serde(borrow)]
        paths: BTreeMap<String, BTreeMap<String, &'a RawValue>>,
    }
    let Document { paths } = serde_json::from_str(TEXT).expect("a test compares it with what is inferred");
    let mut contract = Contract::default();
    for (path, item) in paths {
        for (method, operation) in item {
            let operation: Value = serde_json::from_str(operation.get()).expect("it is a part of what was read");
            let method = method.to_ascii_uppercase();
            contract.methods.entry(path.clone()).or_default().push(method.clone());
            let (login, id) = (needs_login(&operation), (path.clone(), method));
            if refuses_queries(&path, &operation) && !has_parameter(&operation, "query", None) {
                contract.without_query.insert(id.clone(), login);
            }
            if is_page(&operation) {
                contract.pages.insert(id.clone());
            }
            if login {
                contract.for_the_known.insert(id);
            }
        }
    }
    contract
});

/// Whether people see an operation in their browser: the pages that their links lead to, and those that no document has.
pub(crate) fn is_seen(path: &str, method: &Method) -> bool {
    CONTRACT.pages.contains(&(path.to_owned(), method.as_str().to_owned()))
        || !(path.starts_with("/v1/") || has_path(path))
}

/// Whether an operation is for those who have logged in.
pub(crate) fn is_for_the_known(path: &str, method: &Method) -> bool {
    CONTRACT.for_the_known.contains(&(path.to_owned(), method.as_str().to_owned()))
}

/// Whether an operation takes no query, so that every parameter is unknown: none when it takes one or does not mind, or
/// else whether it is for those who have logged in.
pub(crate) fn takes_no_query(path: &str, method: &Method) -> Option<bool> {
    CONTRACT.without_query.get(&(path.to_owned(), method.as_str().to_owned())).copied()
}

/// Whether an operation refuses unknown parameters. Links that people are sent do not: mail programs and search engines
/// add parameters of their own. Nor does OAuth (RFC 6749, 3.1 and 3.2), nor what is asked to see whether the server lives.
fn refuses_queries(path: &str, operation: &Value) -> bool {
    let link = ["tracking", "partners", "sheets"].iter().any(|tag| operation["tags"][0] == *tag);
    path.starts_with("/v1/") && (needs_login(operation) || !link)
}

fn needs_login(operation: &Value) -> bool {
    let token = |needed: &Value| needed.get("bearer").is_some() || needed.get("oauth2").is_some();
    operation["security"].as_array().is_some_and(|all| all.iter().any(token))
}

/// Whether it leads people, who have not logged in, to a page; partners' forms come back to theirs.
fn is_page(operation: &Value) -> bool {
    let mut responses = operation["responses"].as_object().into_iter().flatten();
    let form = operation["tags"][0] == "partners";
    !needs_login(operation) && (form || responses.any(|(_, response)| response["content"].get("text/html").is_some()))
}

fn has_parameter(operation: &Value, place: &str, name: Option<&str>) -> bool {
    let mut parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.any(|p| p["in"] == place && name.is_none_or(|name| p["name"] == name))
}

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The methods that the document has at a path.
pub(crate) fn methods_at(path: &str) -> Vec<String> {
    if let Some(methods) = CONTRACT.methods.get(path) {
        return methods.clone();
    }
    let segments: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let parts: Vec<&str> = template.split('/').collect();
        parts.len() == segments.len()
            && parts.iter().zip(&segments).all(|(p, s)| (p.starts_with('{') && !s.is_empty()) || p == s)
    };
    CONTRACT.methods.iter().filter(|(template, _)| fits(template)).flat_map(|(_, methods)| methods.clone()).collect()
}

/// Whether the document has that very path.
pub(crate) fn has_path(path: &str) -> bool {
    CONTRACT.methods.contains_key(path)
}

/// Whether the document has that very path, but not under this method: `/v1/sessions/refresh` is not a session's.
pub(crate) fn is_of_another_method(path: &str, method: &Method) -> bool {
    CONTRACT.methods.get(path).is_some_and(|methods| methods.iter().all(|other| other != method.as_str()))
}

/// The OpenAPI 3.1 document, inferred anew from the routes.
///
/// # Panics
/// When it is no JSON.
#[must_use]
pub fn document() -> Value {
    let (_, inferred): (_, OpenApi) = App::new().into_utoipa_app().configure(|config| routes(config)).split_for_parts();
    let inferred = serde_json::to_string(&inferred).expect("an OpenAPI document is made of maps with string keys");
    // A generic type's name has a `_` before that of its parameter.
    let mut document: Value = serde_json::from_str(&inferred.replace("Bulk_", "Bulk")).expect("it was JSON before");
    document["openapi"] = json!("3.1.0");
    document["info"] = prose::info();
    document["servers"] = json!([{ "url": "/", "description": "The server that answers with this document" }]);
    document["tags"] = prose::tags();
    document["components"]["securitySchemes"] = json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The `access_token` of `POST /v1/sessions`: a JWT signed with Ed25519, lived for 15 minutes."
        },
        "oauth2": {
            "type": "oauth2",
            "description": "For programs: an access token of `POST /oauth/token`, presented in the same way.",
            "flows": { "clientCredentials": { "tokenUrl": "/oauth/token", "scopes": callers::scopes() } }
        },
        "client_basic": {
            "type": "http",
            "scheme": "basic",
            "description": "The program's id and secret (`client_secret_basic`, RFC 6749, 2.3.1)."
        }
    });
    let problem = <crate::problem::ProblemBody as utoipa::PartialSchema>::schema();
    let mut schemas = vec![("Problem".to_owned(), problem)];
    <crate::problem::ProblemBody as utoipa::ToSchema>::schemas(&mut schemas);
    let ping = <domain::webhook::Ping as utoipa::PartialSchema>::schema();
    schemas.push(("WebhookPing".to_owned(), ping));
    for (name, schema) in schemas {
        document["components"]["schemas"][name] = serde_json::to_value(schema).unwrap_or_default();
    }
    name_conditions(&mut document["components"]["schemas"]);
    lift_examples(&mut document["components"]["schemas"]);
    describe_kinds(&mut document["components"]["schemas"]);
    values::add(&mut document["components"]["schemas"]);
    document["webhooks"] = webhooks::document();
    let mut shared = Map::new();
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, item) in paths {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if METHODS.contains(&method.as_str()) {
                callers::add(operation);
                parameters::complete(operation);
                problems::add(path, operation, &mut shared);
                examples::add(operation);
            }
        }
    }
    document["components"]["responses"] = Value::Object(shared);
    document["components"]["examples"] = problems::examples();
    name_optional_bodies(&mut document);
    codes::add(&mut document);
    links::add(&mut document);
    document
}

/// A body of which each field may be left out may be left out itself: it is read as `{}`. A replay needs a range, of one
/// kind or the other.
fn name_optional_bodies(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let items = document["paths"].as_object_mut().into_iter().flatten().filter_map(|(_, item)| item.as_object_mut());
    for (_, operation) in items.flatten() {
        let content = operation.pointer("/requestBody/content/application~1json/schema/$ref").and_then(Value::as_str);
        let Some(name) = content.and_then(|path| path.rsplit('/').next()) else { continue };
        let schema = &schemas[name];
        if operation["operationId"] != "webhook_replay"
            && schema["type"] == "object"
            && schema.get("required").is_none()
        {
            operation["requestBody"]["required"] = json!(false);
        }
    }
}

/// Makes each kind of `RoutingCondition` a schema of its own, told by its `type`, so that generators of clients make one
/// type of each; and closed, so that a typo is told.
pub(crate) fn name_conditions(schemas: &mut Value) {
    let kinds = schemas.pointer_mut("/RoutingCondition/oneOf").and_then(Value::as_array_mut);
    let Some(kinds) = kinds.map(std::mem::take) else { return };
    let mut mapping = Map::new();
    for mut kind in kinds {
        let Some(code) = kind["properties"]["type"]["enum"][0].as_str().map(str::to_owned) else { continue };
        let name = format!("{}Condition", pascal_case(&code));
        kind["additionalProperties"] = json!(false);
        mapping.insert(code, json!(format!("#/components/schemas/{name}")));
        schemas[name] = kind;
    }
    let condition = &mut schemas["RoutingCondition"];
    condition["oneOf"] = mapping.values().map(|path| json!({ "$ref": path })).collect();
    condition["discriminator"] = json!({ "propertyName": "type", "mapping": mapping });
}

/// Says of the field that tells one kind of thing from the others what it is.
fn describe_kinds(value: &mut Value) {
    let tag = value.pointer_mut("/properties/type").and_then(Value::as_object_mut);
    if let Some(tag) = tag.filter(|tag| !tag.contains_key("description"))
        && let Some([Value::String(kind)]) = tag.get("enum").and_then(Value::as_array).map(Vec::as_slice)
    {
        let description = format!("Which kind it is: `{kind}`.");
        tag.insert("description".to_owned(), json!(description));
    }
    match value {
        Value::Object(fields) => fields.values_mut().for_each(describe_kinds),
        Value::Array(all) => all.iter_mut().for_each(describe_kinds),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// utoipa gives the example of a map or a list to its keys, values and items, whose example it is not: moves it back.
fn lift_examples(value: &mut Value) {
    match value {
        Value::Object(schema) => {
            let mut lifted = None;
            for inner in ["propertyNames", "additionalProperties", "items"] {
                let Some(inner) = schema.get_mut(inner).and_then(Value::as_object_mut) else { continue };
                let whole = |example: &Value| example.is_object() || example.is_array();
                let of_another = inner.get("examples").is_some_and(|all| whole(&all[0]));
                if of_another && inner.get("type").is_some_and(|kind| kind != "object" && kind != "array") {
                    lifted = inner.remove("examples");
                }
                if let Some(items) = inner.get_mut("items").and_then(Value::as_object_mut) {
                    items.retain(|key, value| key != "examples" || lifted.as_ref() != Some(value));
                }
            }
            if let Some(examples) = lifted {
                schema.insert("examples".to_owned(), examples);
            }
            schema.values_mut().for_each(lift_examples);
        }
        Value::Array(all) => all.iter_mut().for_each(lift_examples),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `road_owner`: `RoadOwner`.
fn pascal_case(code: &str) -> String {
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    code.split('_').map(capital).collect()
}

/// The table of problems, for the page that explains them.
pub(crate) fn problems() -> Vec<Value> {
    let row = |code: &Code| {
        let (fr, en) = code.title();
        json!({ "code": code.name(), "status": code.status(), "fr": fr, "en": en })
    };
    Code::ALL.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_served_is_what_is_inferred() {
        let inferred = serde_json::to_string_pretty(&document()).unwrap() + "\n";
        assert!(TEXT == inferred, "openapi/openapi.json is not what the routes say: run `continuum openapi`");
    }
}
