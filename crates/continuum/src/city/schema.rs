//! The JSON schemas of a city's files: derived from the types of `domain`, so that an editor and `continuum city check`
//! say the same.

use domain::city::Settings;
use domain::city::catalogue::Category;
use domain::city::organisation::{Organisation, Service};
use domain::routing::Rule;
use domain::time::Calendar;
use jsonschema::Validator;
use schemars::JsonSchema;
use serde_json::{Map, Value, json};

use super::demo::DemoPerson;
use super::wording;
use super::zoning::ZoningFile;

/// The schema of one kind of file.
pub(super) struct Schema {
    value: Value,
    validator: Validator,
}

impl Schema {
    /// The schema of files that hold a `T`; `title` names them.
    pub(super) fn of<T: JsonSchema>(title: &str) -> Self {
        let value = value_of::<T>(title);
        let mut options = jsonschema::options().should_validate_formats(true);
        for kind in wording::FORMATS {
            options = options.with_format(kind, move |text| wording::format_fault(kind, text).is_none());
        }
        let validator = options.build(&value).expect("every schema is built by a test, and does not depend on input");
        Self { value, validator }
    }

    /// All that is wrong with a value: JSON pointers and messages.
    pub(super) fn faults(&self, value: &Value) -> Vec<(String, String)> {
        self.validator.iter_errors(value).flat_map(|error| wording::describe(&error, &self.value)).collect()
    }
}

/// The schemas of all files of a city, for editors: file name and schema. They are kept in `cities/schema/`.
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("city.schema.json", value_of::<Settings>("city.yaml")),
        ("organisations.schema.json", value_of::<Vec<Organisation>>("organisations.yaml")),
        ("calendars.schema.json", value_of::<Vec<Calendar>>("calendars.yaml")),
        ("services.schema.json", value_of::<Vec<Service>>("services.yaml")),
        ("catalogue.schema.json", value_of::<Vec<Category>>("catalogue.yaml")),
        ("routing.schema.json", value_of::<Vec<Rule>>("routing.yaml")),
        ("zoning.schema.json", value_of::<ZoningFile>("zonings/*.geojson")),
        ("demo.schema.json", value_of::<Vec<DemoPerson>>("demo.yaml")),
    ]
}

fn value_of<T: JsonSchema>(title: &str) -> Value {
    let mut value = schemars::schema_for!(T).to_value();
    simplify(&mut value);
    value["title"] = json!(title);
    if let Some(definitions) = value.get_mut("$defs").and_then(Value::as_object_mut) {
        for kind in wording::FORMATS {
            if let Some(definition) = definitions.get_mut(kind) {
                definition["format"] = json!(kind);
            }
        }
    }
    value
}

/// Rewrites each `oneOf`, of which a checker can only say that nothing fits, so that the fault itself is found: choices
/// of words become `enum`, choices by `type` become conditions on the type, and « X or null » becomes X (leaving a
/// field empty is a slip of the pen).
fn simplify(schema: &mut Value) {
    match schema {
        Value::Array(parts) => parts.iter_mut().for_each(simplify),
        Value::Object(fields) => {
            fields.values_mut().for_each(simplify);
            if let Some(choices) = take_list(fields, "oneOf") {
                fields.extend(words(&choices).or_else(|| by_type(&choices)).unwrap_or_default());
            }
            if let Some(mut choices) = take_list(fields, "anyOf") {
                choices.retain(|choice| choice["type"] != "null");
                if let [Value::Object(only)] = choices.as_mut_slice() {
                    only.append(fields);
                    *fields = std::mem::take(only);
                }
            }
            if fields.get("format").is_some_and(|format| format == "int64") {
                fields.entry("minimum").or_insert_with(|| json!(i64::MIN));
                fields.entry("maximum").or_insert_with(|| json!(i64::MAX));
            }
            if let Some(Value::Array(types)) = fields.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    fields.insert("type".to_owned(), only);
                }
            }
        }
        _ => {}
    }
}

fn take_list(fields: &mut Map<String, Value>, name: &str) -> Option<Vec<Value>> {
    match fields.remove(name)? {
        Value::Array(list) => Some(list),
        _ => None,
    }
}

fn words(choices: &[Value]) -> Option<Map<String, Value>> {
    let words: Option<Vec<&Value>> = choices.iter().map(|choice| choice.get("const")).collect();
    let meanings: Vec<&Value> = choices.iter().map(|choice| &choice["description"]).collect();
    let fields = json!({ "enum": words?, "markdownEnumDescriptions": meanings });
    fields.as_object().cloned()
}

fn by_type(choices: &[Value]) -> Option<Map<String, Value>> {
    let types: Option<Vec<&Value>> = choices.iter().map(|choice| choice.pointer("/properties/type/const")).collect();
    let types = types?;
    let meanings: Vec<&Value> = choices.iter().map(|choice| &choice["description"]).collect();
    let branches: Vec<Value> = types
        .iter()
        .zip(choices)
        .map(|(kind, choice)| {
            json!({
                "if": { "required": ["type"], "properties": { "type": { "const": kind } } },
                "then": choice,
            })
        })
        .collect();
    let fields = json!({
        "type": "object",
        "required": ["type"],
        "properties": { "type": { "enum": types, "markdownEnumDescriptions": meanings } },
        "allOf": branches,
    });
    fields.as_object().cloned()
}
