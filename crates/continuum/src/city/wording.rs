//! What a checker of schemas finds, in words that a clerk understands.

use domain::email::EmailAddress;
use domain::id::CategoryCode;
use domain::routing::Keyword;
use domain::text::{TextError, VISIBLE};
use domain::time::{Span, Target, YearDay, Zone};
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use super::syntax::step;

/// The types written as a text that more than a pattern decides on: names of `$defs`, used as names of formats.
pub(super) const FORMATS: [&str; 6] = ["Keyword", "Target", "Span", "YearDay", "Zone", "email"];

/// Why a text is not of that format; none when it is.
pub(super) fn format_fault(format: &str, text: &str) -> Option<String> {
    let owned = text.to_owned();
    match format {
        "Keyword" => Keyword::try_from(owned).err().map(|error| error.to_string()),
        "Target" => text.parse::<Target>().err().map(|error| error.to_string()),
        "Span" => Span::try_from(owned).err().map(|error| error.to_string()),
        "YearDay" => YearDay::try_from(owned).err().map(|error| error.to_string()),
        "Zone" => Zone::try_from(owned).err().map(|error| error.to_string()),
        "email" => text.parse::<EmailAddress>().err().map(|error| error.to_string()),
        _ => None,
    }
}

/// The JSON pointers and messages of one finding.
pub(super) fn describe(error: &ValidationError<'_>, schema: &Value) -> Vec<(String, String)> {
    let at = error.instance_path().as_str();
    let found = error.instance();
    let keyword = error.schema_path().as_str();
    let message = match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            let message = format!("is not known here; known are: {}", known_fields(schema, keyword));
            return unexpected.iter().map(|name| (step(at, name), message.clone())).collect();
        }
        Kind::Required { property } => {
            return vec![(step(at, property.as_str().unwrap_or_default()), "is missing".to_owned())];
        }
        Kind::Type { .. } | Kind::Enum { .. } if found.is_null() => "is empty".to_owned(),
        Kind::Type { kind } => wrong_type(kind, found),
        Kind::Enum { options } => {
            let options: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            format!("{} is not one of: {}", quoted(found), options.join(", "))
        }
        Kind::Pattern { pattern } if pattern == VISIBLE => unseen(found).to_string(),
        Kind::Pattern { .. } | Kind::Format { .. } => malformed(found, schema, keyword),
        Kind::MinLength { .. } => "is empty".to_owned(),
        Kind::MaxLength { limit } => format!("is longer than {limit} characters"),
        Kind::Minimum { limit } => format!("is less than {limit}"),
        Kind::Maximum { limit } => format!("is greater than {limit}"),
        Kind::MinItems { limit } => format!("needs at least {}", entries(*limit)),
        Kind::MaxItems { limit } => format!("has more than {}", entries(*limit)),
        _ => error.to_string(),
    };
    vec![(at.to_owned(), message)]
}

/// What keeps a text from being seen.
fn unseen(found: &Value) -> TextError {
    if found.as_str().is_some_and(|text| text.contains('\0')) { TextError::ControlCharacter } else { TextError::Empty }
}

/// Why a type did not take what its schema let pass: a number that is written with a point, for the most part.
pub(super) fn refused(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let of_number = ["invalid type: floating point", "invalid value: floating point", "invalid value: integer"];
    if of_number.iter().any(|before| said.starts_with(before)) {
        return "holds a number that is not taken here: write a smaller whole number, without point or exponent"
            .to_owned();
    }
    said
}

fn entries(count: u64) -> String {
    if count == 1 { "one entry".to_owned() } else { format!("{count} entries") }
}

fn quoted(value: &Value) -> String {
    match value {
        Value::String(text) => format!("« {text} »"),
        other => format!("« {other} »"),
    }
}

fn wrong_type(kind: &TypeKind, found: &Value) -> String {
    let wanted = match kind {
        TypeKind::Single(JsonType::String) if found.is_number() || found.is_boolean() => {
            return format!("must be a text: write it between quotes, \"{found}\"");
        }
        TypeKind::Single(JsonType::String) => "a text",
        TypeKind::Single(JsonType::Array) => "a list",
        TypeKind::Single(JsonType::Object) => "a group of fields",
        TypeKind::Single(JsonType::Boolean) => "true or false",
        TypeKind::Single(JsonType::Number | JsonType::Integer) => "a number",
        TypeKind::Single(JsonType::Null) | TypeKind::Multiple(_) => "of another kind",
    };
    format!("must be {wanted}")
}

/// The fields that the part of the schema allows, whose `additionalProperties` found others.
fn known_fields(schema: &Value, keyword: &str) -> String {
    let part = keyword.rsplit_once('/').and_then(|(part, _)| schema.pointer(part));
    let fields = part.and_then(|part| part["properties"].as_object());
    let mut names: Vec<&str> = fields.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.join(", ")
}

/// Why a text does not have the form that its place asks for.
fn malformed(found: &Value, schema: &Value, keyword: &str) -> String {
    let text = found.as_str().unwrap_or_default();
    let part = keyword.rsplit_once('/').map_or("", |(part, _)| part);
    let definition = part.strip_prefix("/$defs/").unwrap_or_default();
    if let Some(message) = format_fault(definition, text) {
        return message;
    }
    // All codes are written alike.
    if let (true, Err(error)) = (definition.ends_with("Code"), CategoryCode::try_from(text.to_owned())) {
        return error.to_string();
    }
    match schema.pointer(keyword).and_then(Value::as_str) {
        Some("email") => return format!("{} is not an e-mail address", quoted(found)),
        Some("date") => return format!("{} is not a date: write 2026-08-31", quoted(found)),
        _ => {}
    }
    let meaning = schema.pointer(part).and_then(|part| part["description"].as_str()).unwrap_or_default();
    format!("{} does not fit: {meaning}", quoted(found))
}
