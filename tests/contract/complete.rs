//! Nothing of the document is left to guess: every operation, parameter, body, answer, error and field is described, has
//! an example where one helps, and says what it takes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document;

crate::tests![
    every_operation_is_explained,
    every_answer_has_an_example,
    every_list_says_where_it_goes_on,
    every_error_has_its_codes,
    every_schema_and_every_field_is_described,
    every_value_of_an_enumeration_is_explained,
    no_schema_has_a_name_that_could_be_anythings,
    what_is_sent_has_limits,
    every_operation_says_who_may_call_it,
    every_tag_and_every_event_is_described,
    what_is_missing_is_found,
];

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// What is missing, each with its place.
#[derive(Default)]
struct Missing(Vec<String>);

impl Missing {
    fn unless(&mut self, is: bool, what: impl FnOnce() -> String) {
        if !is {
            self.0.push(what());
        }
    }

    #[track_caller]
    fn nothing(self) {
        assert!(self.0.is_empty(), "{} things are missing in the document:\n{}", self.0.len(), self.0.join("\n"));
    }
}

fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter().filter(|(method, _)| METHODS.contains(&method.as_str()));
        methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    })
}

fn parameters(operation: &Value) -> impl Iterator<Item = &Value> {
    operation["parameters"].as_array().into_iter().flatten()
}

/// What a reference leads to, or the value itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    value["$ref"].as_str().map_or(value, |path| document.pointer(path.strip_prefix('#').unwrap()).unwrap())
}

/// Some words.
fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().len() >= 3)
}

async fn every_operation_is_explained() {
    explained(&document()).nothing();
}

fn explained(document: &Value) -> Missing {
    let mut missing = Missing::default();
    for (at, operation) in operations(document) {
        for part in ["summary", "description", "operationId"] {
            missing.unless(is_text(&operation[part]), || format!("{at}: {part}"));
        }
        missing.unless(operation["tags"][0].is_string(), || format!("{at}: tag"));
        for parameter in parameters(operation) {
            let name = &parameter["name"];
            missing.unless(is_text(&parameter["description"]), || format!("{at}: description of {name}"));
            let needed = parameter["required"] == true;
            missing.unless(!needed || !parameter["example"].is_null(), || format!("{at}: example of {name}"));
        }
        let contents = operation["requestBody"]["content"].as_object();
        for (kind, content) in contents.into_iter().flatten() {
            missing.unless(!content["example"].is_null(), || format!("{at}: example of what is sent as {kind}"));
        }
    }
    missing
}

async fn every_answer_has_an_example() {
    answered(&document()).nothing();
}

fn answered(document: &Value) -> Missing {
    let mut missing = Missing::default();
    for (at, operation) in operations(document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let response = resolved(document, response);
            missing.unless(is_text(&response["description"]), || format!("{at}: description of {status}"));
            for (name, header) in response["headers"].as_object().into_iter().flatten() {
                missing.unless(is_text(&header["description"]), || format!("{at}: description of {name} of {status}"));
            }
            for (kind, content) in response["content"].as_object().into_iter().flatten() {
                // Pages and pictures are best looked at.
                let looked_at = kind == "text/html" || kind.starts_with("image/") || kind == "application/pdf";
                let has = ["example", "examples"].iter().any(|key| content.get(*key).is_some());
                missing.unless(has || looked_at, || format!("{at}: example of {status} as {kind}"));
            }
        }
    }
    missing
}

/// What has `items` that are no list: the best matches, and figures.
const NO_LISTS: [&str; 4] = ["place_search", "place_reverse", "ticket_counts", "routing_quality"];

async fn every_list_says_where_it_goes_on() {
    let document = document();
    let mut missing = Missing::default();
    for (at, operation) in operations(&document).filter(|(at, _)| at.starts_with("GET ")) {
        let content = &operation["responses"]["200"]["content"]["application/json"];
        let schema = resolved(&document, &content["schema"]);
        if schema["properties"].get("items").is_none() || NO_LISTS.contains(&operation["operationId"].as_str().unwrap())
        {
            continue;
        }
        let required = schema["required"].as_array().unwrap().iter().any(|name| name == "next_cursor");
        missing.unless(required, || format!("{at}: next_cursor"));
        // Whole lists say so; the others can be asked to go on.
        let pages = parameters(operation).any(|parameter| parameter["name"] == "cursor");
        let next = content["example"].get("next_cursor");
        missing.unless(pages || next == Some(&Value::Null), || format!("{at}: null where there is no page after"));
    }
    missing.nothing();
}

async fn every_error_has_its_codes() {
    coded(&document()).nothing();
}

fn coded(document: &Value) -> Missing {
    let mut missing = Missing::default();
    for (at, operation) in operations(document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let response = resolved(document, response);
            for (kind, content) in response["content"].as_object().into_iter().flatten() {
                if kind != "application/problem+json" {
                    continue;
                }
                let examples = content["examples"].as_object();
                missing.unless(examples.is_some_and(|all| !all.is_empty()), || format!("{at}: codes of {status}"));
                for (code, example) in examples.into_iter().flatten() {
                    let problem = &resolved(document, example)["value"];
                    let same = problem["code"] == code.as_str() && problem["status"].as_u64() == status.parse().ok();
                    missing.unless(same, || format!("{at}: {code} of {status} has another example: {problem}"));
                }
            }
        }
    }
    missing
}

async fn every_schema_and_every_field_is_described() {
    described(&document()).nothing();
}

async fn every_value_of_an_enumeration_is_explained() {
    let document = document();
    let mut missing = Missing::default();
    let mut seen = 0;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        for value in schema["enum"].as_array().into_iter().flatten() {
            let line = format!("\n- `{}`: ", value.as_str().unwrap());
            missing.unless(schema["description"].as_str().unwrap().contains(&line), || format!("{name}: {value}"));
            seen += 1;
        }
    }
    missing.nothing();
    assert!(seen > 200, "{seen}");
}

/// Generators of clients make a type of each, beside the caller's own.
async fn no_schema_has_a_name_that_could_be_anythings() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let vague = [
        "Became", "Better", "Closed", "How", "Item", "Kind", "List", "Method", "Move", "Nothing", "Page", "Part",
        "Reason", "Result", "State", "Status", "Type", "Value", "Writer", "YesNo",
    ];
    let found: Vec<&str> = vague.into_iter().filter(|name| schemas.contains_key(*name)).collect();
    assert_eq!(found, Vec::<&str>::new());
}

fn described(document: &Value) -> Missing {
    let mut missing = Missing::default();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        missing.unless(is_text(&schema["description"]), || format!("{name}: description"));
        fields(document, name, schema, &mut missing);
    }
    missing
}

/// Looks at the fields of a schema, and of those that stand inside.
fn fields(document: &Value, at: &str, schema: &Value, missing: &mut Missing) {
    if !schema.is_object() {
        return;
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let at = format!("{at}.{name}");
        missing.unless(is_described(document, field), || format!("{at}: description"));
        fields(document, &at, field, missing);
    }
    for part in ["items", "additionalProperties"] {
        fields(document, at, &schema[part], missing);
    }
    for part in ["oneOf", "anyOf", "allOf"] {
        for one in schema[part].as_array().into_iter().flatten() {
            fields(document, at, one, missing);
        }
    }
}

/// By itself, or by what it refers to.
fn is_described(document: &Value, schema: &Value) -> bool {
    is_text(&schema["description"])
        || is_text(&resolved(document, schema)["description"])
        || ["oneOf", "anyOf", "allOf"].iter().any(|part| {
            let mut all = schema[*part].as_array().into_iter().flatten();
            all.any(|one| one["type"] != "null" && is_described(document, one))
        })
}

async fn what_is_sent_has_limits() {
    limited(&document()).nothing();
}

fn limited(document: &Value) -> Missing {
    let (mut missing, mut seen) = (Missing::default(), BTreeSet::new());
    for (at, operation) in operations(document) {
        for parameter in parameters(operation) {
            let at = format!("{at} {}", parameter["name"]);
            limits(document, &at, &parameter["schema"], &mut seen, &mut missing);
        }
        let contents = operation["requestBody"]["content"].as_object();
        for (kind, content) in contents.into_iter().flatten().filter(|(kind, _)| *kind != "message/rfc822") {
            limits(document, &format!("{at} {kind}"), &content["schema"], &mut seen, &mut missing);
        }
    }
    missing
}

/// Every text, number and list says how long or how great it may be. What a catalogue's question may be answered is told by
/// the question; what a list is narrowed by, by the parameters of the list.
fn limits(document: &Value, at: &str, schema: &Value, seen: &mut BTreeSet<String>, missing: &mut Missing) {
    if !schema.is_object() {
        return;
    }
    if let Some(path) = schema["$ref"].as_str() {
        let told_elsewhere = path.ends_with("/QuestionAnswer");
        if seen.insert(path.to_owned()) && !told_elsewhere {
            limits(document, path.rsplit('/').next().unwrap(), resolved(document, schema), seen, missing);
        }
        return;
    }
    let is = |kind: &str| {
        let kinds = &schema["type"];
        kinds == kind || kinds.as_array().is_some_and(|kinds| kinds.iter().any(|one| one == kind))
    };
    let any = |keys: &[&str]| keys.iter().any(|key| schema.get(*key).is_some());
    let text = any(&["maxLength", "pattern", "format", "enum", "const", "contentMediaType"]);
    missing.unless(!is("string") || text, || format!("{at}: how long the text may be"));
    let whole = matches!(schema["format"].as_str(), Some("int32" | "int64"));
    let number = whole || any(&["enum", "const"]) || (any(&["minimum"]) && any(&["maximum"]));
    missing.unless(!(is("integer") || is("number")) || number, || format!("{at}: how great the number may be"));
    missing.unless(!is("array") || any(&["maxItems"]), || format!("{at}: how many items there may be"));
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        if name != "parameters" {
            limits(document, &format!("{at}.{name}"), field, seen, missing);
        }
    }
    for part in ["items", "additionalProperties"] {
        limits(document, &format!("{at}/{part}"), &schema[part], seen, missing);
    }
    for part in ["oneOf", "anyOf", "allOf"] {
        for one in schema[part].as_array().into_iter().flatten() {
            limits(document, at, one, seen, missing);
        }
    }
}

async fn every_operation_says_who_may_call_it() {
    let document = document();
    let flows = &document["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"];
    let scopes = flows["scopes"].as_object().unwrap();
    let mut missing = Missing::default();
    missing.unless(scopes.values().all(is_text), || "descriptions of scopes".to_owned());
    for (at, operation) in operations(&document) {
        // None means everybody: that it is so is said too.
        let security = operation["security"].as_array();
        missing.unless(security.is_some(), || format!("{at}: security"));
        let asked = security.into_iter().flatten().filter_map(|one| one["oauth2"].as_array()).flatten();
        for scope in asked {
            missing.unless(scopes.contains_key(scope.as_str().unwrap()), || format!("{at}: there is no scope {scope}"));
        }
    }
    missing.nothing();
}

async fn every_tag_and_every_event_is_described() {
    let document = document();
    let mut missing = Missing::default();
    let tags = document["tags"].as_array().unwrap();
    for tag in tags {
        let text = tag["description"].as_str().unwrap_or_default();
        missing.unless(text.len() >= 80 && text.ends_with('.'), || format!("{}: prose", tag["name"]));
    }
    for (at, operation) in operations(&document) {
        let known = tags.iter().any(|tag| tag["name"] == operation["tags"][0]);
        missing.unless(known, || format!("{at}: there is no tag {}", operation["tags"][0]));
    }
    for (event, item) in document["webhooks"].as_object().unwrap() {
        let content = &item["post"]["requestBody"]["content"]["application/cloudevents+json"];
        missing.unless(content["example"]["type"] == event.as_str(), || format!("{event}: example"));
        missing.unless(is_text(&item["post"]["summary"]), || format!("{event}: summary"));
    }
    let events = domain::feed::EventType::ALL.len() + 1;
    missing.unless(document["webhooks"].as_object().unwrap().len() == events, || "an event".to_owned());
    missing.nothing();
}

/// Takes something away from the document.
fn without(pointer: &str) -> Value {
    let mut document = document();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer}"));
    assert!(parent.as_object_mut().unwrap().remove(key).is_some(), "{pointer}");
    document
}

type Check = fn(&Value) -> Missing;

async fn what_is_missing_is_found() {
    let plan = "/paths/~1v1~1cafes/post";
    let cases: [(String, Check); 8] = [
        (format!("{plan}/summary"), explained),
        (format!("{plan}/requestBody/content/application~1json/example"), explained),
        ("/paths/~1v1~1cafes~1{cafe}/get/parameters/0/example".to_owned(), explained),
        (format!("{plan}/responses/201/content/application~1json/example"), answered),
        ("/components/responses/Unauthenticated/content/application~1problem+json/examples".to_owned(), coded),
        ("/components/schemas/Cafe/properties/title/description".to_owned(), described),
        ("/components/schemas/PlanCafe/properties/title/maxLength".to_owned(), limited),
        ("/paths/~1v1~1tickets/get/parameters/1/schema/maxItems".to_owned(), limited),
    ];
    for (pointer, check) in cases {
        assert!(!check(&without(&pointer)).0.is_empty(), "{pointer} may be missing");
    }
}
