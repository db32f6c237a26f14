//! What was sent and answered, as the document shows it: ids are numbered in the order in which they come, what is secret
//! is replaced by what looks like nothing that opens anything, and of a list there are two items.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::support::caller::Reply;
use crate::support::contract::operations;
use crate::support::database::root;

/// What no example shows, by the name of its field, and what stands there instead.
const SECRETS: [(&str, &str); 12] = [
    ("access_token", "the-access-token"),
    ("refresh_token", "the-refresh-token"),
    ("next_cursor", "the-cursor-of-the-next-page"),
    ("x", "the-public-key"),
    ("kid", "the-id-of-the-key"),
    ("sha256", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    ("hash", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    ("request_sha256", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
    ("webhook-signature", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="),
    ("device_token", "the-token-of-the-device"),
    ("hint", "once"),
    ("logout_url", "https://fca.proconnect.example/api/v2/session/end"),
];

/// One operation, once played.
struct Played {
    id: String,
    parameters: Map<String, Value>,
    body: Map<String, Value>,
    status: u16,
    kind: String,
    answer: Option<Value>,
}

/// What was sent and answered.
#[derive(Default)]
pub struct Recorded {
    played: Vec<Played>,
    events: BTreeMap<String, Value>,
    /// What is random or secret, and what stands there instead.
    aliases: Vec<(String, String)>,
}

impl Recorded {
    /// Has a text stand where another does.
    pub fn alias(&mut self, found: &str, told: &str) {
        assert!(!found.is_empty());
        self.aliases.push((found.to_owned(), told.to_owned()));
    }

    pub fn tell(&mut self, id: &str, parameters: Map<String, Value>, body: Map<String, Value>, reply: &Reply) {
        let kind = reply.header("content-type").unwrap_or_default().split(';').next().unwrap().to_owned();
        let answer = match kind.as_str() {
            // What is described is a line.
            "application/x-ndjson" => reply.text.lines().last().map(|line| serde_json::from_str(line).unwrap()),
            "text/csv" | "text/calendar" => Some(json!(reply.text)),
            json if json.ends_with("json") => Some(reply.json()),
            _ => None,
        };
        self.answered(id, parameters, body, reply.status, kind, answer);
    }

    pub fn answered(
        &mut self,
        id: &str,
        parameters: Map<String, Value>,
        body: Map<String, Value>,
        status: u16,
        kind: String,
        answer: Option<Value>,
    ) {
        self.played.push(Played { id: id.to_owned(), parameters, body, status, kind, answer });
    }

    /// An event, as programs are sent it. The first one of its type is the example.
    pub fn event(&mut self, event: Value) {
        self.events.entry(event["type"].as_str().unwrap().to_owned()).or_insert(event);
    }

    pub fn event_types(&self) -> Vec<String> {
        self.events.keys().cloned().collect()
    }

    /// Everything, as `openapi/examples.json` has it.
    fn told(mut self) -> Value {
        // A part of a text never stands in for the whole.
        self.aliases.sort_by_key(|(found, _)| std::cmp::Reverse(found.len()));
        let mut names = Names { aliases: self.aliases, ids: BTreeMap::new(), sent: sent() };
        let mut told: BTreeMap<String, Value> = BTreeMap::new();
        for mut one in self.played {
            for value in one.parameters.values_mut().chain(one.body.values_mut()) {
                names.rename("", value);
            }
            if let Some(answer) = &mut one.answer {
                names.rename("", answer);
                shorten(answer, 0);
            }
            let entry = told.entry(one.id).or_insert_with(|| json!({ "parameters": one.parameters, "answers": {} }));
            if !one.body.is_empty() && entry.get("body").is_none() {
                entry["body"] = Value::Object(one.body);
            }
            // The first answer of its kind is the example.
            let answers = &mut entry["answers"][one.status.to_string()];
            if answers.is_null() {
                *answers = json!({});
            }
            if let Some(answer) = one.answer
                && answers.get(&one.kind).is_none()
            {
                answers[one.kind] = answer;
            }
        }
        let mut events = self.events;
        for event in events.values_mut() {
            names.rename("", event);
        }
        json!({ "operations": told, "events": events })
    }

    /// Holds it against the file, or writes the file.
    pub fn compare(self) {
        let file = root().join("openapi/examples.json");
        let told = self.told();
        for (path, method, operation) in operations() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(
                told["operations"].get(id).is_some(),
                "nothing in tests/contract/story plays {id} ({method} {path}): add it there, then run \
                 `CONTINUUM_EXAMPLES=write cargo test -p tests every_example`"
            );
        }
        if std::env::var("CONTINUUM_EXAMPLES").is_ok_and(|how| how == "write") {
            return std::fs::write(&file, serde_json::to_string_pretty(&told).unwrap() + "\n").unwrap();
        }
        let kept: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        for part in ["operations", "events"] {
            let names = |value: &Value| value[part].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
            for name in names(&told).union(&names(&kept)) {
                let (now, was) = (&told[part][name], &kept[part][name]);
                assert_eq!(
                    now, was,
                    "{name} is not as openapi/examples.json tells: if it is meant so, run \
                     `CONTINUUM_EXAMPLES=write cargo test -p tests every_example` and then `continuum openapi`"
                );
            }
        }
    }
}

/// What stands for what.
struct Names {
    aliases: Vec<(String, String)>,
    ids: BTreeMap<Uuid, usize>,
    /// The ids in the bodies that are sent.
    sent: BTreeSet<Uuid>,
}

/// The ids in the examples of bodies that our clients make.
fn sent() -> BTreeSet<Uuid> {
    fn look(value: &Value, found: &mut BTreeSet<Uuid>) {
        match value {
            Value::Object(fields) => fields.values().for_each(|value| look(value, found)),
            Value::Array(items) => items.iter().for_each(|item| look(item, found)),
            Value::String(text) => found.extend(Uuid::try_parse(text).ok().filter(|id| id.get_version_num() == 4)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut found = BTreeSet::new();
    for (.., operation) in operations() {
        let contents = operation["requestBody"]["content"].as_object();
        contents.into_iter().flat_map(|all| all.values()).for_each(|content| look(&content["example"], &mut found));
    }
    found
}

impl Names {
    fn rename(&mut self, key: &str, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    self.rename(key, value);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.rename(key, item)),
            Value::String(text) => {
                if let Some((_, told)) = SECRETS.iter().find(|(secret, _)| *secret == key) {
                    (*told).clone_into(text);
                    return;
                }
                for (found, told) in &self.aliases {
                    *text = text.replace(found, told);
                }
                *text = self.numbered(text);
            }
            // How long it took is never the same.
            Value::Number(_) if key == "duration_ms" => *value = json!(12),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The text with each id replaced by its number, but for those that the examples themselves make up.
    fn numbered(&mut self, text: &str) -> String {
        let (mut out, mut rest) = (String::new(), text);
        while let Some(first) = rest.chars().next() {
            let id = rest.get(..36).and_then(|part| Uuid::try_parse(part).ok()).filter(|id| !self.sent.contains(id));
            let taken = if let Some(id) = id {
                let next = self.ids.len() + 1;
                let number = self.ids.entry(id).or_insert(next);
                write!(out, "0197a0c4-0000-7000-8000-{number:012x}").unwrap();
                36
            } else {
                out.push(first);
                first.len_utf8()
            };
            rest = &rest[taken..];
        }
        out
    }
}

/// Of long lists, two items are enough: of those that are an answer's own, and of those inside that have more than six; of
/// a long text, its first lines.
fn shorten(value: &mut Value, depth: usize) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let own = depth == 0 && ["items", "features"].contains(&key.as_str());
                let most = if own { 2 } else { 6 };
                let items = value.as_array_mut().filter(|items| items.len() > most && !items[0].is_string());
                if let Some(items) = items {
                    items.truncate(2);
                }
                shorten(value, depth + 1);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| shorten(item, depth + 1)),
        Value::String(text) => {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            if lines.len() > 40 {
                *text = lines[..3].concat() + "…\n";
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
