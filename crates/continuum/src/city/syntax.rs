//! From the text of a YAML or JSON file to a value in which each field knows its line. JSON is read as the YAML that
//! it is.
//!
//! Deliberately absent: anchors, aliases and tags, which a clerk does not need and which make a file say what is not
//! written in it.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle};
use serde_json::{Map, Number, Value};

/// Where something stands in a text: both count from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl From<Marker> for Place {
    fn from(marker: Marker) -> Self {
        Self { line: marker.line(), column: marker.col() + 1 }
    }
}

/// Where and why a text cannot be read at all.
pub(super) struct SyntaxError {
    pub(super) place: Option<Place>,
    pub(super) message: String,
}

/// What a text says.
#[derive(Default)]
pub(super) struct Parsed {
    pub(super) value: Value,
    /// Where each field stands, by JSON pointer (RFC 6901): a field of a group stands at its name.
    pub(super) places: HashMap<String, Place>,
    /// What is wrong without making the text unreadable: JSON pointer and message.
    pub(super) faults: Vec<(String, String)>,
}

/// Groups and lists inside one another: no file of a city comes near it.
const DEEPEST: usize = 60;

/// Reads a YAML text.
pub(super) fn yaml(text: &str) -> Result<Parsed, SyntaxError> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| SyntaxError {
            place: Some((*error.marker()).into()),
            message: format!("cannot be read as YAML ({}): look at the indentation and the quotes", error.info()),
        })?;
        builder.take(event, span.start.into());
        if builder.open.len() > DEEPEST {
            let message = "groups and lists stand too deep inside one another".to_owned();
            return Err(SyntaxError { place: Some(span.start.into()), message });
        }
    }
    Ok(builder.parsed)
}

/// Reads a JSON text. The places are missing in the rare JSON that is no YAML.
pub(super) fn json(text: &str) -> Result<Parsed, SyntaxError> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let full = error.to_string();
        let reason = full.split(" at line ").next().unwrap_or_default();
        SyntaxError {
            place: Some(Place { line: error.line(), column: error.column() }),
            message: format!("cannot be read as JSON ({reason})"),
        }
    })?;
    let parsed = yaml(text).unwrap_or_default();
    Ok(Parsed { value, ..parsed })
}

/// A group or a list that has begun and not yet ended.
enum Open {
    List { pointer: String, items: Vec<Value> },
    Group { pointer: String, fields: Map<String, Value>, name: Option<String> },
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    documents: usize,
    parsed: Parsed,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, place: Place) {
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents == 2 {
                    self.fault(String::new(), "holds several documents (`---`): write one only");
                }
            }
            Event::Alias(_) => {
                let pointer = self.begin(place);
                self.fault(pointer, "aliases (`*name`) are not read here: write the value itself");
                self.put(Value::Null, place);
            }
            Event::Scalar(text, style, anchor, tag) => {
                let pointer = self.begin(place);
                self.refuse_marks(&pointer, anchor, tag.is_some());
                if self.awaits_name() {
                    self.put(Value::String(text.into_owned()), place);
                } else {
                    self.put(scalar(&text, style), place);
                }
            }
            Event::SequenceStart(anchor, tag) => {
                let pointer = self.begin(place);
                self.refuse_marks(&pointer, anchor, tag.is_some());
                self.open.push(Open::List { pointer, items: Vec::new() });
            }
            Event::MappingStart(anchor, tag) => {
                let pointer = self.begin(place);
                self.refuse_marks(&pointer, anchor, tag.is_some());
                self.open.push(Open::Group { pointer, fields: Map::new(), name: None });
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List { items, .. }) => self.put(Value::Array(items), place),
                Some(Open::Group { fields, .. }) => self.put(Value::Object(fields), place),
                None => {}
            },
        }
    }

    fn fault(&mut self, pointer: String, message: &str) {
        self.parsed.faults.push((pointer, message.to_owned()));
    }

    fn refuse_marks(&mut self, pointer: &str, anchor: usize, tagged: bool) {
        if anchor != 0 {
            self.fault(pointer.to_owned(), "anchors (`&name`) are not read here: write the value itself");
        }
        if tagged {
            self.fault(pointer.to_owned(), "tags (`!name`) are not read here");
        }
    }

    fn awaits_name(&self) -> bool {
        matches!(self.open.last(), Some(Open::Group { name: None, .. }))
    }

    /// The pointer of the value that begins here; its place is remembered.
    fn begin(&mut self, place: Place) -> String {
        let pointer = match self.open.last() {
            None => String::new(),
            Some(Open::List { pointer, items }) => format!("{pointer}/{}", items.len()),
            // The name of a field begins, or a value whose place is that of its name.
            Some(Open::Group { pointer, name: None, .. }) => return pointer.clone(),
            Some(Open::Group { pointer, name: Some(name), .. }) => return step(pointer, name),
        };
        self.parsed.places.insert(pointer.clone(), place);
        pointer
    }

    /// The value that has just ended goes where it belongs.
    fn put(&mut self, value: Value, place: Place) {
        let repeated = match self.open.last_mut() {
            None if self.documents > 1 => return,
            None => {
                self.parsed.value = value;
                return;
            }
            Some(Open::List { items, .. }) => {
                items.push(value);
                return;
            }
            Some(Open::Group { fields, name: name @ Some(_), .. }) => {
                fields.extend(name.take().map(|name| (name, value)));
                return;
            }
            Some(Open::Group { pointer, fields, name: name @ None }) => {
                let text = if let Value::String(text) = value { text } else { "?".to_owned() };
                let pointer = step(pointer, &text);
                let repeated = fields.contains_key(&text);
                *name = Some(text);
                self.parsed.places.insert(pointer.clone(), place);
                repeated.then_some(pointer)
            }
        };
        if let Some(pointer) = repeated {
            self.fault(pointer, "stands here a second time");
        }
    }
}

/// The pointer of a field of a group.
pub(super) fn step(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// What an unquoted or quoted text is: the core schema of YAML 1.2, in which `no` and `08:30` are texts.
fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::String(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).unwrap_or_else(|| Value::String(text.to_owned())),
    }
}

fn number(text: &str) -> Option<Value> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        return None;
    }
    let whole = text.parse::<i64>().ok().map(Number::from);
    whole.or_else(|| text.parse::<f64>().ok().and_then(Number::from_f64)).map(Value::Number)
}
