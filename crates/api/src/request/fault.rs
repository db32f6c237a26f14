//! What is wrong with a body that does not fit its schema, for people and for programs.

use domain::text::{TextError, VISIBLE};
use domain::time::Target;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use super::body::escape;
use super::refused::refused;
use crate::problem::{At, FieldError, Text};

/// What a schema's error means, field by field of the body.
pub(super) fn field_errors(body: &Value, error: &ValidationError<'_>) -> Vec<FieldError> {
    let at = error.instance_path().as_str();
    let one = |code, fr: String, en: String| vec![FieldError::new(At::Body(at.to_owned()), code, (fr, en))];
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let name = escape(property.as_str().unwrap_or_default());
            let texts = ("Ce champ est obligatoire.", "This field is required.");
            vec![FieldError::in_body(&format!("{at}/{name}"), "required", texts)]
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            unexpected.iter().map(|name| unknown_field(at, name)).collect()
        }
        // Where there are no fields at all, the error names none of those that there are.
        ValidationErrorKind::FalseSchema => {
            let fields = body.pointer(at).and_then(Value::as_object).into_iter().flat_map(|object| object.keys());
            let fields: Vec<FieldError> = fields.map(|name| unknown_field(at, name)).collect();
            if fields.is_empty() {
                one("invalid", "Valeur refusée.".to_owned(), "Value refused.".to_owned())
            } else {
                fields
            }
        }
        ValidationErrorKind::Type { kind } => {
            let mut kinds: Vec<JsonType> = match kind {
                TypeKind::Single(kind) => vec![*kind],
                TypeKind::Multiple(kinds) => kinds.iter().collect(),
            };
            kinds.sort_by_key(|kind| *kind == JsonType::Null);
            let (fr, en): (Vec<_>, Vec<_>) = kinds.into_iter().map(type_name).unzip();
            one("wrong_type", format!("Attendu : {}.", fr.join(" ou ")), format!("Expected: {}.", en.join(" or ")))
        }
        ValidationErrorKind::Enum { options } => {
            let options = options.as_array().map(|all| all.iter().filter_map(Value::as_str).collect::<Vec<_>>());
            let options = options.unwrap_or_default().join(", ");
            one("unknown_value", format!("Valeurs possibles : {options}."), format!("Possible values: {options}."))
        }
        ValidationErrorKind::MaxLength { limit } => one(
            "too_long",
            format!("Au plus {limit} caractère{}.", plural(*limit)),
            format!("At most {limit} character{}.", plural(*limit)),
        ),
        ValidationErrorKind::MinLength { limit } => one(
            "too_short",
            format!("Au moins {limit} caractère{}.", plural(*limit)),
            format!("At least {limit} character{}.", plural(*limit)),
        ),
        ValidationErrorKind::MaxItems { limit } => one(
            "too_many",
            format!("Au plus {limit} élément{}.", plural(*limit)),
            format!("At most {limit} item{}.", plural(*limit)),
        ),
        ValidationErrorKind::MinItems { limit } => one(
            "too_few",
            format!("Au moins {limit} élément{}.", plural(*limit)),
            format!("At least {limit} item{}.", plural(*limit)),
        ),
        ValidationErrorKind::Maximum { limit } => {
            one("out_of_range", format!("Au plus {limit}."), format!("At most {limit}."))
        }
        ValidationErrorKind::Minimum { limit } => {
            one("out_of_range", format!("Au moins {limit}."), format!("At least {limit}."))
        }
        ValidationErrorKind::Format { format } => {
            let (fr, en) = format_name(format);
            one("bad_format", format!("Attendu : {fr}."), format!("Expected: {en}."))
        }
        ValidationErrorKind::Pattern { pattern } if pattern == VISIBLE => {
            let has_nul = error.instance().as_str().is_some_and(|text| text.contains('\0'));
            let why = if has_nul { TextError::ControlCharacter } else { TextError::Empty };
            let (fr, en) = refused(&why.to_string());
            one("invalid", fr, en)
        }
        ValidationErrorKind::Pattern { pattern } => match pattern_name(pattern) {
            Some((fr, en)) => one("bad_format", format!("Attendu : {fr}."), format!("Expected: {en}.")),
            None => one("bad_format", "Forme refusée.".to_owned(), "Form refused.".to_owned()),
        },
        ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
            branch_errors(body, at, context)
        }
        _ => one("invalid", "Valeur refusée.".to_owned(), "Value refused.".to_owned()),
    }
}

/// What keeps a value from being any of several things. An optional object is "null or this"; a value with a `type` is the
/// thing of that type; what is wrong is what keeps it from being that.
fn branch_errors(body: &Value, at: &str, branches: &[Vec<ValidationError<'_>>]) -> Vec<FieldError> {
    let tag = format!("{at}/type");
    let of_tag = |error: &&ValidationError<'_>| error.instance_path().as_str() == tag;
    let meant = |errors: &&Vec<ValidationError<'_>>| !errors.iter().any(|error| wants_null(error) || of_tag(&error));
    if let Some(this) = branches.iter().find(meant) {
        let untyped = this
            .iter()
            .find(|error| matches!(error.kind(), ValidationErrorKind::Required { property } if property == "type"));
        let all = || this.iter().flat_map(|error| field_errors(body, error)).collect();
        return untyped.map_or_else(all, |error| field_errors(body, error));
    }
    let types = branches.iter().flatten().filter(of_tag).filter_map(|error| match error.kind() {
        ValidationErrorKind::Enum { options } => options.as_array()?.first()?.as_str(),
        ValidationErrorKind::Constant { expected_value } => expected_value.as_str(),
        _ => None,
    });
    let types = types.collect::<Vec<_>>().join(", ");
    let texts = (format!("Valeurs possibles : {types}."), format!("Possible values: {types}."));
    vec![FieldError::new(At::Body(tag), "unknown_value", texts)]
}

fn unknown_field(at: &str, name: &str) -> FieldError {
    let texts = ("Ce champ n’existe pas ici.", "There is no such field here.");
    FieldError::in_body(&format!("{at}/{}", escape(name)), "unknown_field", texts)
}

fn wants_null(error: &ValidationError<'_>) -> bool {
    matches!(error.kind(), ValidationErrorKind::Type { kind: TypeKind::Single(JsonType::Null) })
}

const fn type_name(kind: JsonType) -> Text {
    match kind {
        JsonType::Array => ("une liste", "a list"),
        JsonType::Boolean => ("true ou false", "true or false"),
        JsonType::Integer => ("un nombre entier", "a whole number"),
        JsonType::Null => ("null", "null"),
        JsonType::Number => ("un nombre", "a number"),
        JsonType::Object => ("un objet", "an object"),
        JsonType::String => ("un texte", "a text"),
    }
}

/// What a format of the schemas asks for.
fn format_name(format: &str) -> (&str, &str) {
    match format {
        "date" => ("une date, comme 2026-03-12", "a date, such as 2026-03-12"),
        "date-time" => (
            "une date et une heure (RFC 3339), comme 2026-03-12T14:30:00+01:00",
            "a date and a time (RFC 3339), such as 2026-03-12T14:30:00+01:00",
        ),
        "email" => ("une adresse e-mail", "an e-mail address"),
        "uri" => {
            ("une adresse complète, comme https://ville.example/", "a whole address, such as https://city.example/")
        }
        "uuid" => ("un identifiant (UUID)", "an identifier (UUID)"),
        other => (other, other),
    }
}

/// What a pattern of the schemas asks for; none for one that no body has.
fn pattern_name(pattern: &str) -> Option<Text> {
    Some(match pattern {
        "^[a-z][a-z0-9_-]{0,59}$" => (
            "un code, de minuscules, de chiffres, de « - » et de « _ », comme « voirie »",
            "a code of small letters, digits, “-” and “_”, such as “voirie”",
        ),
        "^[a-z][a-z0-9_-]{0,59}:[a-z][a-z0-9_-]{0,59}$" => {
            ("un découpage et un secteur, comme « secteurs:nord »", "a zoning and an area, such as “secteurs:nord”")
        }
        "^[A-Za-z0-9-]{1,60}$" => (
            "la référence ou l’identifiant d’une saisine, comme « AMI-26-000123 »",
            "the reference or the id of a ticket, such as “AMI-26-000123”",
        ),
        r"^\+[1-9][0-9]{6,14}$" => (
            "un numéro de téléphone international, comme +33612345678",
            "an international phone number, such as +33612345678",
        ),
        "^[A-Za-z0-9._~-]+$" => {
            ("des lettres sans accent, des chiffres et « . _ ~ - »", "letters without accents, digits and . _ ~ -")
        }
        r"^[^\x00-\x20@]+@[^\x00-\x20@]+$" => ("une adresse e-mail", "an e-mail address"),
        "^(00)?[0-9]{1,18}$" => ("la « sequence » d’un événement", "the “sequence” of an event"),
        Target::PATTERN => (
            "un délai en heures ou en jours, comme « 4h » ou « 2d », 365 au plus",
            "a time in hours or in days, such as “4h” or “2d”, 365 at most",
        ),
        _ => return None,
    })
}

const fn plural(count: u64) -> &'static str {
    if count > 1 { "s" } else { "" }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::text::VISIBLE;
    use domain::time::Target;
    use serde_json::Value;

    use super::pattern_name;
    use crate::openapi::document;

    /// The patterns of a schema, and of those that it names.
    fn patterns<'a>(
        document: &'a Value,
        schema: &'a Value,
        seen: &mut BTreeSet<&'a str>,
        found: &mut BTreeSet<&'a str>,
    ) {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str)
            && seen.insert(name)
        {
            patterns(document, document.pointer(name.trim_start_matches('#')).unwrap(), seen, found);
        }
        found.extend(schema.get("pattern").and_then(Value::as_str));
        let parts = match schema {
            Value::Object(members) => members.values().collect(),
            Value::Array(items) => items.iter().collect(),
            _ => Vec::new(),
        };
        for part in parts {
            patterns(document, part, seen, found);
        }
    }

    #[test]
    fn every_pattern_of_a_body_has_words() {
        let (mut seen, mut found) = (BTreeSet::new(), BTreeSet::new());
        let document = document();
        let operations = document["paths"].as_object().unwrap().values().filter_map(Value::as_object);
        // OAuth, whose forms are no JSON, has words of its own.
        let bodies = operations.flat_map(|methods| {
            methods.values().filter_map(|operation| operation.pointer("/requestBody/content/application~1json"))
        });
        for body in bodies {
            patterns(&document, body, &mut seen, &mut found);
        }
        assert!(found.remove(VISIBLE) && found.len() > 3, "{found:?}");
        let unnamed: Vec<&&str> = found.iter().filter(|pattern| pattern_name(pattern).is_none()).collect();
        assert!(unnamed.is_empty(), "{unnamed:?}");
    }

    #[test]
    fn the_pattern_of_targets_fits_those_that_are_taken() {
        let schema = jsonschema::validator_for(&serde_json::json!({ "pattern": Target::PATTERN })).unwrap();
        let counts = (0..1100).flat_map(|count| [format!("{count}"), format!("{count:03}"), format!("+{count}")]);
        for text in counts.flat_map(|count| ["h", "d", ""].map(|unit| format!("{count}{unit}"))) {
            assert_eq!(schema.is_valid(&text.as_str().into()), text.parse::<Target>().is_ok(), "{text}");
        }
    }
}
