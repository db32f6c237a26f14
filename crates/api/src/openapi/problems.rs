//! The problems of an operation: those that follow from its parts, and those that its description names. Each is told by
//! its code, with an example.

use domain::language::Language;
use domain::rights::Right;
use serde_json::{Map, Value, json};

use super::{has_parameter, is_page, needs_login, refuses_queries};
use crate::problem::{At, Code, FieldError, Problem};

/// What an operation is made of, as far as it decides what may go wrong.
#[expect(clippy::struct_excessive_bools, reason = "each is a question by itself")]
struct Parts {
    tag: String,
    needs_login: bool,
    in_path: bool,
    if_match: bool,
    key: bool,
    header: bool,
    query: bool,
    body: Option<&'static str>,
    /// People see it in their browser.
    page: bool,
    /// Also OAuth's: whatever is sent, it is not compressed.
    sends: bool,
}

impl Parts {
    fn of(path: &str, operation: &Value) -> Self {
        let tag = operation["tags"][0].as_str().unwrap_or_default().to_owned();
        let contents = operation["requestBody"]["content"].as_object();
        // OAuth tells its errors in its own words.
        let body = contents.filter(|_| tag != "oauth").map(|contents| {
            let kinds = ["application/json", "multipart/form-data", "message/rfc822"];
            kinds.into_iter().find(|kind| contents.contains_key(*kind)).unwrap_or("application/x-www-form-urlencoded")
        });
        Self {
            tag,
            needs_login: needs_login(operation),
            in_path: has_parameter(operation, "path", None),
            if_match: has_parameter(operation, "header", Some("If-Match")),
            key: has_parameter(operation, "header", Some("Idempotency-Key")),
            header: has_parameter(operation, "header", None),
            query: refuses_queries(path, operation) || has_parameter(operation, "query", None),
            body,
            page: is_page(operation),
            sends: contents.is_some(),
        }
    }

    /// Some of those who may see it may do it.
    fn of_some(&self) -> bool {
        self.tag == "filters" || (self.in_path && ["tickets", "concerns"].contains(&self.tag.as_str()))
    }

    /// One's own account and sessions need nothing but being logged in, be it that a second factor is due.
    fn own(&self) -> bool {
        ["me", "sessions"].contains(&self.tag.as_str())
    }

    /// The codes of a status that follow from the parts; none when it cannot be answered.
    fn codes(&self, status: u16) -> Vec<Code> {
        let json = self.body == Some("application/json");
        let some = |all: &[(bool, Code)]| all.iter().filter(|(is, _)| *is).map(|(_, code)| *code).collect();
        match status {
            400 => some(&[
                (self.query, Code::InvalidParameter),
                (self.header, Code::InvalidHeader),
                (json, Code::InvalidJson),
                (json, Code::InvalidUtf8),
                (self.body.is_some(), Code::InvalidRequest),
            ]),
            401 => some(&[
                (self.needs_login, Code::Unauthenticated),
                (self.needs_login, Code::InvalidToken),
                (self.needs_login, Code::TokenExpired),
            ]),
            403 => some(&[
                (self.needs_login, Code::MissingRight),
                (self.needs_login && !self.own(), Code::SecondFactorRequired),
                (self.needs_login && self.of_some(), Code::ActionNotYours),
            ]),
            404 => some(&[(self.in_path, Code::NotFound)]),
            408 => some(&[(self.body.is_some(), Code::RequestTimeout)]),
            412 => some(&[(self.if_match, Code::StaleVersion)]),
            413 => some(&[(self.body.is_some(), Code::BodyTooLarge)]),
            415 => some(&[(self.sends, Code::UnsupportedMediaType)]),
            422 => some(&[
                (self.body.is_some() && (self.key || self.if_match), Code::InvalidContent),
                (self.key, Code::IdempotencyKeyReused),
            ]),
            428 => some(&[(self.if_match, Code::IfMatchNeeded)]),
            429 => vec![Code::RateLimited],
            431 => vec![Code::HeadersTooLarge],
            500 => some(&[(self.tag != "operation", Code::Internal)]),
            503 => some(&[(self.tag != "operation", Code::Unavailable), (self.tag != "operation", Code::NoCity)]),
            _ => Vec::new(),
        }
    }

    /// What of a request may be wrong, as a part of a name.
    fn what_is_read(&self) -> String {
        let body = if self.body == Some("application/json") { "Json" } else { "Body" };
        let all = [(self.query, "Query"), (self.header, "Header"), (self.body.is_some(), body)];
        all.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect()
    }

    /// The codes of a status that the operation describes itself: those that it names, and those that follow.
    fn described(&self, status: u16, description: &str) -> Vec<Code> {
        let mut codes = named(description, status);
        let mut inherent = self.codes(status);
        if status == 404 {
            inherent = vec![Code::NotFound];
        }
        if status == 422 && self.body.is_some() && codes.iter().all(|code| *code == Code::IdempotencyKeyReused) {
            inherent.push(Code::InvalidContent);
        }
        for code in inherent {
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        codes
    }

    /// The name under which operations share a response, and what it says.
    fn shared(&self, status: u16, codes: &[Code]) -> (String, &'static str) {
        let (name, told) = match status {
            400 => ("Invalid", "A parameter, a header or the body is not as described: `errors` names each fault"),
            401 => ("Unauthenticated", "Nobody is logged in, or not any more"),
            403 => ("Forbidden", "It is not for the caller: `right` says which right is missing"),
            404 => ("NotFound", "There is none, or none that the caller may know of"),
            408 => ("RequestTimeout", "The body took too long to arrive: more than 20 seconds"),
            412 => ("StaleVersion", "It has changed since it was read; the `ETag` header has its version now"),
            413 => ("BodyTooLarge", "The body is too large: JSON has 128 KiB at most"),
            415 => ("UnsupportedMediaType", "The body is of a type that is not taken here"),
            422 => ("Unfit", "Well formed, but the content does not fit, or the key was used for another request"),
            428 => ("IfMatchNeeded", "The header `If-Match` is missing"),
            429 => ("RateLimited", "Too many requests: `Retry-After` says when to try again"),
            431 => ("HeadersTooLarge", "More than 16 KiB of headers besides `Authorization`"),
            500 => ("Internal", "Our fault"),
            _ => ("Unavailable", "Not possible for the moment: try again later (`Retry-After`)"),
        };
        let mut name = name.to_owned();
        match status {
            400 => name += &self.what_is_read(),
            403 if self.own() => name += "ToPrograms",
            403 if self.of_some() => name += "Action",
            422 if !codes.contains(&Code::IdempotencyKeyReused) => name += "Content",
            422 if !codes.contains(&Code::InvalidContent) => "KeyReused".clone_into(&mut name),
            _ => {}
        }
        if self.page {
            name += "Page";
        }
        (name, told)
    }
}

/// The codes that a text names in backticks, of that status.
fn named(text: &str, status: u16) -> Vec<Code> {
    let quoted = || text.split('`').skip(1).step_by(2);
    Code::ALL.iter().copied().filter(|code| code.status() == status && quoted().any(|q| q == code.name())).collect()
}

const STATUSES: [u16; 15] = [400, 401, 403, 404, 408, 409, 410, 412, 413, 415, 422, 428, 429, 431, 500];

/// Completes the problems of an operation; those that many have in common go to `shared`.
pub(super) fn add(path: &str, operation: &mut Value, shared: &mut Map<String, Value>) {
    let parts = Parts::of(path, operation);
    for status in STATUSES.into_iter().chain([503]) {
        if path.starts_with("/health/") && status == 429 {
            continue;
        }
        let Some(responses) = operation["responses"].as_object_mut() else { continue };
        let Some(entry) = responses.get_mut(&status.to_string()) else {
            let codes = parts.codes(status);
            if !codes.is_empty() {
                let (name, told) = parts.shared(status, &codes);
                shared.entry(name.clone()).or_insert_with(|| response(&parts, json!({ "description": told }), &codes));
                responses.insert(status.to_string(), json!({ "$ref": format!("#/components/responses/{name}") }));
            }
            continue;
        };
        let codes = parts.described(status, entry["description"].as_str().unwrap_or_default());
        match entry.get_mut("content") {
            None => *entry = response(&parts, entry.take(), &codes),
            Some(content) => {
                if let Some(problem) = content.get_mut("application/problem+json") {
                    problem["examples"] = references(&codes);
                    if parts.page {
                        content["text/html"] = page();
                    }
                }
            }
        }
    }
    add_oauth(operation);
}

fn response(parts: &Parts, mut response: Value, codes: &[Code]) -> Value {
    response["content"] = json!({ "application/problem+json": {
        "schema": { "$ref": "#/components/schemas/Problem" }, "examples": references(codes)
    } });
    if parts.page {
        response["content"]["text/html"] = page();
    }
    response
}

/// What a browser shows of it.
fn page() -> Value {
    json!({ "schema": { "type": "string" } })
}

fn references(codes: &[Code]) -> Value {
    let reference = |code: &Code| json!({ "$ref": format!("#/components/examples/{}", code.name()) });
    codes.iter().map(|code| (code.name().to_owned(), reference(code))).collect()
}

/// The errors of OAuth: `error` is the code.
fn add_oauth(operation: &mut Value) {
    let responses = operation["responses"].as_object_mut().into_iter().flatten();
    for (_, response) in responses.filter(|(status, _)| status.starts_with('4')) {
        let told = response["description"].as_str().unwrap_or_default().to_owned();
        let Some(content) = response.pointer_mut("/content/application~1json") else { continue };
        let examples = told.split('`').skip(1).step_by(2).map(|error| {
            let value = crate::oauth::example(error);
            (error.to_owned(), json!({ "value": value }))
        });
        content["examples"] = examples.collect();
    }
}

/// One problem of each code, as it is answered.
pub(super) fn examples() -> Value {
    // Two are answered to what is no operation.
    let elsewhere = [Code::MethodNotAllowed, Code::UriTooLong];
    Code::ALL.iter().filter(|code| !elsewhere.contains(code)).map(|code| example(*code)).collect()
}

fn example(code: Code) -> (String, Value) {
    let problem = match code {
        Code::MissingRight => Problem::new(code).right(Right::ReadTickets),
        Code::InvalidParameter => Problem::new(code).errors(vec![FieldError::new(
            At::Query("limit".to_owned()),
            "bad_value",
            ("Attendu : 1…200.", "Expected: 1…200."),
        )]),
        Code::InvalidHeader => Problem::new(code).errors(vec![FieldError::new(
            At::Header("If-Match"),
            "bad_value",
            (
                "Attendu : l’ETag de la dernière lecture, guillemets compris ; « * » n’est pas admis.",
                "Expected: the ETag of the last read, quotes included; “*” is not accepted.",
            ),
        )]),
        Code::InvalidRequest => Problem::new(code).errors(vec![
            FieldError::in_body("/category", "required", ("Ce champ est obligatoire.", "This field is required.")),
            FieldError::in_body("/place/lat", "out_of_range", ("Au plus 90.", "At most 90.")),
        ]),
        Code::InvalidContent => Problem::new(code).errors(vec![FieldError::in_body(
            "/service",
            "unknown_service",
            ("Ce service n’existe pas ; voyez GET /v1/services.", "There is no such service; see GET /v1/services."),
        )]),
        Code::BulkRefused => {
            Problem::new(code).errors(vec![Problem::new(Code::StaleVersion).about_item("/tickets/0".to_owned())])
        }
        _ => Problem::new(code),
    };
    let summary = format!("{}: {}", code.name(), code.title().1);
    let body = problem.body("/v1/tickets/AMI-26-000001", Language::Fr);
    (code.name().to_owned(), json!({ "summary": summary, "value": body }))
}
