//! Inside `/v1` there are only additions: what a client was written against goes on working.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::document;
use crate::support::database::root;

crate::tests![
    nothing_that_was_released_is_broken,
    what_would_break_a_client_is_found,
    what_breaks_nobody_is_let_through,
];

async fn nothing_that_was_released_is_broken() {
    let released = std::fs::read(root().join("openapi/released.json")).unwrap();
    let broken = broken(&serde_json::from_slice(&released).unwrap(), &document());
    assert!(broken.is_empty(), "clients of the released API would break:\n{}", broken.join("\n"));
}

/// What would break a client of the former document.
fn broken(former: &Value, now: &Value) -> Vec<String> {
    let mut comparison = Comparison { former, now, seen: BTreeSet::new(), broken: Vec::new() };
    comparison.operations();
    comparison.broken
}

/// Who writes what a schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Writer {
    Client,
    Server,
}

struct Comparison<'a> {
    former: &'a Value,
    now: &'a Value,
    /// The pairs of schemas that were compared, or are being.
    seen: BTreeSet<(String, String, Writer)>,
    broken: Vec<String>,
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|path| document.pointer(path.strip_prefix('#')?));
    target.map_or(schema, |target| resolve(document, target))
}

fn texts(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Array(all) => all.iter().map(ToString::to_string).collect(),
        Value::Null => BTreeSet::new(),
        one => BTreeSet::from([one.to_string()]),
    }
}

impl<'a> Comparison<'a> {
    fn operations(&mut self) {
        for (path, item) in self.former["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let at = format!("{} {path}", method.to_uppercase());
                match self.now["paths"][path].get(method) {
                    Some(now) => self.operation(&at, operation, now),
                    None => self.broken.push(format!("{at}: there is none any more")),
                }
            }
        }
        for name in self.former["webhooks"].as_object().into_iter().flat_map(|events| events.keys()) {
            let sent = |document: &'a Value| &document["webhooks"][name]["post"]["requestBody"];
            match sent(self.now) {
                Value::Null => self.broken.push(format!("{name}: never sent any more")),
                now => self.contents(name, sent(self.former), now, Writer::Server),
            }
        }
    }

    /// Who might call it still may.
    fn security(&mut self, at: &str, former: &Value, now: &Value) {
        let (was, is) = (texts(&former["security"]), texts(&now["security"]));
        let gone: Vec<_> = was.difference(&is).cloned().collect();
        if !is.is_empty() && (was.is_empty() || !gone.is_empty()) {
            self.broken.push(format!("{at}: not for all who might call it ({})", gone.join(", ")));
        }
    }

    fn operation(&mut self, at: &str, former: &'a Value, now: &'a Value) {
        if former["operationId"] != now["operationId"] {
            self.broken.push(format!("{at}: another operationId"));
        }
        self.security(at, former, now);
        self.parameters(at, &former["parameters"], &now["parameters"]);
        if now["requestBody"]["required"] == true && former["requestBody"]["required"] != true {
            self.broken.push(format!("{at}: a body is required"));
        }
        self.contents(&format!("{at} request"), &former["requestBody"], &now["requestBody"], Writer::Client);
        for (status, response) in former["responses"].as_object().unwrap() {
            let at = format!("{at} {status}");
            match now["responses"].get(status) {
                Some(now) => {
                    let (response, now) = (resolve(self.former, response), resolve(self.now, now));
                    self.contents(&at, response, now, Writer::Server);
                    for (header, _) in response["headers"].as_object().into_iter().flatten() {
                        if now["headers"].get(header).is_none() {
                            self.broken.push(format!("{at}: without {header}"));
                        }
                    }
                }
                None if status.starts_with('2') => self.broken.push(format!("{at}: never answered any more")),
                None => {}
            }
        }
    }

    fn parameters(&mut self, at: &str, former: &'a Value, now: &'a Value) {
        let of = |all: &'a Value| all.as_array().into_iter().flatten();
        let find = |all: &'a Value, one: &Value| of(all).find(|p| p["name"] == one["name"] && p["in"] == one["in"]);
        for parameter in of(former) {
            let at = format!("{at} {}", parameter["name"]);
            match find(now, parameter) {
                Some(now) => self.schema(&at, &parameter["schema"], &now["schema"], Writer::Client),
                None => self.broken.push(format!("{at}: not taken any more")),
            }
        }
        for parameter in of(now).filter(|parameter| parameter["required"] == true) {
            if find(former, parameter).is_none_or(|former| former["required"] != true) {
                self.broken.push(format!("{at} {}: required", parameter["name"]));
            }
        }
    }

    fn contents(&mut self, at: &str, former: &'a Value, now: &'a Value, writer: Writer) {
        for (kind, content) in former["content"].as_object().into_iter().flatten() {
            match now["content"].get(kind) {
                Some(now) => self.schema(at, &content["schema"], &now["schema"], writer),
                None => self.broken.push(format!("{at}: not as {kind} any more")),
            }
        }
    }

    fn schema(&mut self, at: &str, former: &'a Value, now: &'a Value, writer: Writer) {
        if let (Some(one), Some(other)) = (former["$ref"].as_str(), now["$ref"].as_str())
            && !self.seen.insert((one.to_owned(), other.to_owned(), writer))
        {
            return;
        }
        let (former, now) = (resolve(self.former, former), resolve(self.now, now));
        let (was, is) = (texts(&former["type"]), texts(&now["type"]));
        // What a client wrote is still taken; what it reads is of no other kind. Without a type, it may be anything.
        let fits = match writer {
            Writer::Client => is.is_empty() || (was.is_subset(&is) && !was.is_empty()),
            Writer::Server => was.is_empty() || (is.is_subset(&was) && !is.is_empty()),
        };
        if !fits {
            self.broken.push(format!("{at}: {} was {}", now["type"], former["type"]));
        }
        // A format is told to whoever reads, and asked of whoever writes.
        let promised = if writer == Writer::Server { former } else { now };
        if promised.get("format").is_some() && former["format"] != now["format"] {
            self.broken.push(format!("{at}: the format is {}, was {}", now["format"], former["format"]));
        }
        if writer == Writer::Client {
            self.limits(at, former, now);
        }
        self.properties(at, former, now, writer);
        for part in ["items", "additionalProperties"] {
            if former[part].is_object() && now[part].is_object() {
                self.schema(&format!("{at}/{part}"), &former[part], &now[part], writer);
            }
        }
        for part in ["oneOf", "anyOf", "allOf"] {
            let of = |schema: &'a Value| schema[part].as_array().map(Vec::as_slice).unwrap_or_default();
            if of(former).len() > of(now).len() {
                self.broken.push(format!("{at}: fewer kinds"));
            }
            for (number, (former, now)) in of(former).iter().zip(of(now)).enumerate() {
                self.schema(&format!("{at}/{part}/{number}"), former, now, writer);
            }
        }
    }

    /// What a client may write: as many values as before.
    fn limits(&mut self, at: &str, former: &Value, now: &Value) {
        let gone: Vec<String> = texts(&former["enum"]).difference(&texts(&now["enum"])).cloned().collect();
        if now.get("enum").is_some() && (former.get("enum").is_none() || !gone.is_empty()) {
            self.broken.push(format!("{at}: fewer values ({})", gone.join(", ")));
        }
        for (limit, stricter) in [
            ("maxLength", -1.0),
            ("maximum", -1.0),
            ("maxItems", -1.0),
            ("minLength", 1.0),
            ("minimum", 1.0),
            ("minItems", 1.0),
        ] {
            let tighter = match (former[limit].as_f64(), now[limit].as_f64()) {
                (Some(former), Some(now)) => (now - former) * stricter > 0.0,
                (None, Some(_)) => true,
                (_, None) => false,
            };
            if tighter {
                self.broken.push(format!("{at}: {limit} is {}", now[limit]));
            }
        }
        if now.get("pattern").is_some() && now["pattern"] != former["pattern"] {
            self.broken.push(format!("{at}: another pattern"));
        }
    }

    fn properties(&mut self, at: &str, former: &'a Value, now: &'a Value, writer: Writer) {
        let (was, is) = (texts(&former["required"]), texts(&now["required"]));
        let (gone, come): (Vec<_>, Vec<_>) = (was.difference(&is).collect(), is.difference(&was).collect());
        match writer {
            Writer::Client if !come.is_empty() => self.broken.push(format!("{at}: {come:?} required")),
            Writer::Server if !gone.is_empty() => self.broken.push(format!("{at}: {gone:?} may be absent")),
            Writer::Client | Writer::Server => {}
        }
        for (name, property) in former["properties"].as_object().into_iter().flatten() {
            let at = format!("{at}/{name}");
            match now["properties"].get(name) {
                Some(now) => self.schema(&at, property, now, writer),
                None => self.broken.push(format!("{at}: there is none any more")),
            }
        }
    }
}

/// The document of an API with one operation.
fn api(request: &Value, response: &Value, parameter: &Value) -> Value {
    json!({
        "paths": { "/v1/things": { "post": {
            "operationId": "thing_make",
            "security": [{ "bearer": [] }, { "oauth2": ["things"] }],
            "parameters": [parameter],
            "requestBody": { "required": true, "content": { "application/json": { "schema": request } } },
            "responses": { "201": { "headers": { "Location": {} }, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } } }
        } } },
        "webhooks": { "thing.made": { "post": {
            "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } }
        } } },
        "components": { "schemas": { "Thing": response } }
    })
}

fn small() -> [Value; 3] {
    [
        json!({ "type": "object", "required": ["name"], "properties": {
            "name": { "type": "string", "maxLength": 80 }, "kind": { "type": "string", "enum": ["a", "b"] }
        } }),
        json!({ "type": "object", "required": ["id"], "properties": {
            "id": { "type": "string", "format": "uuid" }, "parts": { "type": "array", "items": { "$ref": "#/components/schemas/Thing" } }
        } }),
        json!({ "name": "dry", "in": "query", "schema": { "type": "boolean" } }),
    ]
}

/// The small API with something changed, by a pointer into its three parts.
fn changed(part: usize, pointer: &str, value: &Value) -> Value {
    let mut parts = small();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = parts[part].pointer_mut(parent).unwrap();
    if value.is_null() {
        parent.as_object_mut().unwrap().remove(key);
    } else {
        parent[key] = value.clone();
    }
    api(&parts[0], &parts[1], &parts[2])
}

async fn what_would_break_a_client_is_found() {
    let [request, response, parameter] = small();
    let former = api(&request, &response, &parameter);
    assert_eq!(broken(&former, &former), Vec::<String>::new());
    for (part, pointer, value) in [
        (0, "/required", json!(["name", "kind"])),
        (0, "/properties/kind", json!(null)),
        (0, "/properties/kind/enum", json!(["a"])),
        (0, "/properties/name/maxLength", json!(79)),
        (0, "/properties/name/pattern", json!("^[a-z]+$")),
        (0, "/properties/name/type", json!("integer")),
        (1, "/properties/id", json!(null)),
        (1, "/required", json!([])),
        (0, "/properties/name/format", json!("uuid")),
        (1, "/properties/id/type", json!(["string", "null"])),
        (1, "/properties/id/format", json!(null)),
        (1, "/properties/parts/items", json!({ "type": "string" })),
        (2, "/required", json!(true)),
        (2, "/name", json!("wet")),
        (2, "/schema/type", json!("string")),
    ] {
        let now = changed(part, pointer, &value);
        assert_eq!(broken(&former, &now).len().min(1), 1, "{pointer} {value} breaks clients");
    }
    for (pointer, value) in [
        ("/paths/~1v1~1things/post/security", json!([{ "bearer": [] }])),
        ("/paths/~1v1~1things/post/responses/201/headers", json!({})),
        ("/webhooks", json!({})),
    ] {
        let mut now = former.clone();
        *now.pointer_mut(pointer).unwrap() = value;
        assert_eq!(broken(&former, &now).len(), 1, "{pointer} breaks clients");
    }
    let mut open = former.clone();
    open["paths"]["/v1/things"]["post"]["security"] = json!([]);
    assert_eq!(broken(&former, &open), Vec::<String>::new(), "what everybody may call, those may");
    assert_eq!(broken(&open, &former).len(), 1, "what everybody might call, not everybody may");
    let mut gone = former.clone();
    gone["paths"]["/v1/things"] = json!({});
    assert_eq!(broken(&former, &gone), ["POST /v1/things: there is none any more"]);
}

async fn what_breaks_nobody_is_let_through() {
    let [request, response, parameter] = small();
    let former = api(&request, &response, &parameter);
    for (part, pointer, value) in [
        (0, "/properties/colour", json!({ "type": "string" })),
        (0, "/properties/kind/enum", json!(["a", "b", "c"])),
        (0, "/properties/name/maxLength", json!(200)),
        (0, "/required", json!([])),
        (1, "/properties/colour", json!({ "type": "string" })),
        (1, "/required", json!(["id", "parts"])),
        (2, "/description", json!("Only tries.")),
    ] {
        let now = changed(part, pointer, &value);
        assert_eq!(broken(&former, &now), Vec::<String>::new(), "{pointer} {value}");
    }
}
