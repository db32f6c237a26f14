//! Every operation of the document, played in an order that makes sense: what is sent is the document's own example, with
//! the ids, versions and tokens of what was answered before. What the server answers is written to
//! `openapi/examples.json`, from which the document has its examples: so they are what is really sent and answered, and
//! tell one story.
//!
//! `CONTINUUM_EXAMPLES=write` has the file written; without it, the test fails where the file says anything else.

#![expect(clippy::cloned_ref_to_slice_refs, reason = "what is given is a list, be it of one")]

mod cafes;
mod figures;
mod links;
mod people;
mod programs;
mod recorded;
mod rules;
mod tickets;

use std::collections::BTreeMap;

use chrono::Duration;
use reqwest::Method;
use serde_json::{Map, Value, json};

use self::recorded::Recorded;
use crate::support::caller::{Caller, Reply};
use crate::support::city::City;
use crate::support::contract::operations;
use crate::support::files::{BOUNDARY, form, photograph};
use crate::support::geocoder::{Day, Geocoder};

/// When the story begins: a Monday, nine o'clock in Amiens.
const BEGIN: &str = "2026-11-30T08:00:00Z";

crate::tests![every_example_is_what_is_sent_and_answered];

async fn every_example_is_what_is_sent_and_answered() {
    let geocoder = Geocoder::start(Day::Good);
    let city = City::with(|config| {
        config.geocoder = Some(geocoder.url.clone());
        config.private_targets = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    city.take_mail_back().await;
    city.clock.set(BEGIN);
    let mut story = Story { city, recorded: Recorded::default(), keys: BTreeMap::new() };
    story.recorded.alias("127.0.0.1", "192.0.2.7");
    programs::play(&mut story).await;
    tickets::play(&mut story).await;
    let unused = links::play(&mut story).await;
    rules::play(&mut story).await;
    people::play(&mut story).await;
    cafes::play(&mut story).await;
    programs::follow(&mut story).await;
    links::renew(&mut story, &unused).await;
    figures::count(&mut story).await;
    let Story { city, mut recorded, .. } = story;
    city.stop().await;
    people::sign_in(&mut recorded).await;
    figures::play(&mut recorded).await;
    recorded.compare();
}

/// The story so far.
pub struct Story {
    pub city: City,
    pub recorded: Recorded,
    keys: BTreeMap<String, u32>,
}

/// An operation of the document.
struct Operation {
    path: &'static str,
    method: Method,
    parts: &'static Value,
}

impl Operation {
    #[track_caller]
    fn of(id: &str) -> Self {
        let found = operations().find(|(.., parts)| parts["operationId"] == id);
        let (path, method, parts) = found.unwrap_or_else(|| panic!("the document has no operation {id}"));
        Self { path, method: method.to_ascii_uppercase().parse().unwrap(), parts }
    }

    fn parameters(&self) -> impl Iterator<Item = &'static Value> {
        self.parts["parameters"].as_array().into_iter().flatten()
    }
}

/// A text as it is; anything else as JSON has it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

impl Story {
    /// Plays an operation, with the document's example. What is given replaces a parameter or, by a JSON pointer, a part
    /// of the body, and is recorded; a parameter that need not be given is left out if it is not. The headers `Accept` and
    /// `Authorization` are given likewise.
    #[track_caller]
    pub fn play<'a>(
        &'a mut self,
        who: &'a Caller,
        id: &'a str,
        given: &'a [(&'a str, Value)],
    ) -> impl Future<Output = Reply> + 'a {
        let operation = Operation::of(id);
        async move {
            // No two things happen at once, and each can be told from what went before by its time.
            self.city.clock.forward(Duration::seconds(1));
            let count = self.keys.entry(id.to_owned()).or_default();
            *count += 1;
            let key = format!("{}-{count}", id.replace('_', "-"));
            let reply = send(&mut self.recorded, who, &operation, given, &key).await;
            try_parameters(who, &operation, given).await;
            reply
        }
    }

    /// The body of what is answered.
    pub async fn done(&mut self, who: &Caller, id: &str, given: &[(&str, Value)]) -> Value {
        let reply = self.play(who, id, given).await;
        let answer = serde_json::from_str(&reply.text);
        answer.unwrap_or_else(|_| panic!("{id} is answered with {} and no JSON: {}", reply.status, reply.text))
    }

    /// Does an action on a ticket as it was seen; the ticket as it is then.
    pub async fn act(&mut self, who: &Caller, action: &str, ticket: &Value, given: &[(&str, Value)]) -> Value {
        let on = [("ticket", ticket["reference"].clone()), ("If-Match", ticket["version"].clone())];
        self.done(who, &format!("ticket_{action}"), &[&on, given].concat()).await
    }
}

/// Sends an operation's example, and records what is answered.
pub async fn send_as(recorded: &mut Recorded, who: &Caller, id: &str, given: &[(&str, Value)]) -> Reply {
    send(recorded, who, &Operation::of(id), given, &format!("{}-1", id.replace('_', "-"))).await
}

async fn send(
    recorded: &mut Recorded,
    who: &Caller,
    operation: &Operation,
    given: &[(&str, Value)],
    key: &str,
) -> Reply {
    let id = operation.parts["operationId"].as_str().unwrap();
    let given: BTreeMap<&str, Value> = given.iter().cloned().collect();
    let mut parameters = Map::new();
    for parameter in operation.parameters() {
        let name = parameter["name"].as_str().unwrap();
        let value = match given.get(name) {
            Some(value) => value.clone(),
            None if name == "Idempotency-Key" => json!(key),
            None if parameter["required"] == true => parameter["example"].clone(),
            None => continue,
        };
        assert!(!value.is_null(), "{id} needs {name}");
        let value = if name == "If-Match" && value.is_number() { json!(format!("\"{value}\"")) } else { value };
        parameters.insert(name.to_owned(), value);
    }
    let mut request = who.request(operation.method.clone(), &target(operation, &parameters));
    for parameter in operation.parameters().filter(|parameter| parameter["in"] == "header") {
        let name = parameter["name"].as_str().unwrap();
        if let Some(value) = parameters.get(name) {
            request = request.header(name, text(value));
        }
    }
    for name in ["Accept", "Authorization"] {
        if let Some(value) = given.get(name) {
            request = request.header(name, text(value));
        }
    }
    let mut replaced = Map::new();
    if let Some(contents) = operation.parts["requestBody"]["content"].as_object() {
        let json = "application/json";
        let kind = if contents.contains_key(json) { json } else { contents.keys().next().unwrap() };
        let mut body = contents[kind]["example"].clone();
        assert!(!body.is_null(), "{id} has no example of what is sent as {kind}");
        for (pointer, value) in given.iter().filter(|(name, _)| name.starts_with('/')) {
            let part = body.pointer_mut(pointer).unwrap_or_else(|| panic!("{id}: its example has no {pointer}"));
            *part = value.clone();
            replaced.insert((*pointer).to_owned(), value.clone());
        }
        let (kind, bytes) = encoded(kind, &body);
        request = request.header("Content-Type", kind).body(bytes);
    }
    let reply = who.send(request).await;
    assert!((200..400).contains(&reply.status), "{id} is answered with {}: {}", reply.status, reply.text);
    recorded.tell(id, parameters, replaced, &reply);
    reply
}

/// The path and the query.
fn target(operation: &Operation, parameters: &Map<String, Value>) -> String {
    let mut path = operation.path.to_owned();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for parameter in operation.parameters() {
        let name = parameter["name"].as_str().unwrap();
        let Some(value) = parameters.get(name) else { continue };
        match (parameter["in"].as_str().unwrap(), value) {
            ("path", value) => path = path.replace(&format!("{{{name}}}"), &text(value)),
            ("query", Value::Array(values)) => drop(query.extend_pairs(values.iter().map(|value| (name, text(value))))),
            ("query", value) => drop(query.append_pair(name, &text(value))),
            _ => {}
        }
    }
    let query = query.finish();
    if query.is_empty() { path } else { format!("{path}?{query}") }
}

/// A body as it is sent.
fn encoded(kind: &str, body: &Value) -> (String, Vec<u8>) {
    let fields = || body.as_object().unwrap().iter();
    match kind {
        "application/json" => (kind.to_owned(), body.to_string().into()),
        "application/x-www-form-urlencoded" => {
            let pairs = fields().map(|(name, value)| (name, text(value)));
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            (kind.to_owned(), body.into())
        }
        "multipart/form-data" => {
            // The example says what stands there instead of the bytes.
            let (field, _) = fields().next().unwrap();
            let bytes = photograph(600, 300, image::ImageFormat::Jpeg);
            (format!("{kind}; boundary={BOUNDARY}"), form(field, "rue-du-pigeonnier.jpg", &bytes))
        }
        _ => (kind.to_owned(), text(body).into()),
    }
}

/// Asks with each parameter that need not be given and has an example, one at a time.
async fn try_parameters(who: &Caller, operation: &Operation, given: &[(&str, Value)]) {
    let value = |name: &str| given.iter().find(|(given, _)| *given == name).map(|(_, value)| value.clone());
    if operation.method != Method::GET || operation.parts["operationId"] == "event_stream" {
        return;
    }
    let mut needed = Map::new();
    for parameter in operation.parameters().filter(|parameter| parameter["required"] == true) {
        let name = parameter["name"].as_str().unwrap();
        needed.insert(name.to_owned(), value(name).unwrap_or_else(|| parameter["example"].clone()));
    }
    for parameter in operation.parameters().filter(|parameter| parameter["in"] == "query") {
        let name = parameter["name"].as_str().unwrap();
        // Where one goes on from is told by the page before.
        if parameter["example"].is_null() || value(name).is_some() || ["cursor", "after"].contains(&name) {
            continue;
        }
        let mut parameters = needed.clone();
        parameters.insert(name.to_owned(), parameter["example"].clone());
        let request = who.request(Method::GET, &target(operation, &parameters));
        let reply = who.send(request).await;
        assert_eq!(reply.status, 200, "{}?{name}: {}", operation.path, reply.text);
    }
}
