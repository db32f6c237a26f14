//! One file of a city: what it says, and what is wrong with it.

use std::fmt;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::file;
use super::schema::Schema;
use super::syntax::{self, Parsed, Place, SyntaxError};
use super::wording;

/// Something wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The file, as named in the city's folder.
    pub file: String,
    /// The line, from one; none when the fault has no place in the file.
    pub line: Option<usize>,
    /// The column, from one.
    pub column: Option<usize>,
    /// The field, such as `[illegal_dumping].label.fr`; empty for the file as a whole. An entry of a list goes by its
    /// code, or else by its number from zero; an area of a zoning by its number from one, and its code:
    /// `feature 2 (nord).geometry`.
    pub field: String,
    /// What is wrong, in words that a clerk understands.
    pub message: String,
}

impl fmt::Display for Located {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        f.write_str(": ")?;
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.message)
    }
}

/// How many bytes a file has at most.
const MOST: u64 = 64 * 1024 * 1024;

/// One file of a city.
pub(super) struct Document {
    pub(super) name: String,
    parsed: Parsed,
    found: Vec<Found>,
    warnings: Vec<Found>,
}

struct Found {
    pointer: String,
    place: Option<Place>,
    message: String,
}

impl Document {
    /// Reads a file of the folder, and finds all that is wrong with it when looked at alone.
    pub(super) fn read(folder: &Path, name: &str, schema: &Schema) -> Self {
        let mut document =
            Self { name: name.to_owned(), parsed: Parsed::default(), found: Vec::new(), warnings: Vec::new() };
        let as_json = Path::new(name).extension().is_some_and(|extension| extension == "geojson");
        let parsed =
            text_of(folder, name).and_then(|text| if as_json { syntax::json(&text) } else { syntax::yaml(&text) });
        match parsed {
            Err(SyntaxError { place, message }) => {
                document.found.push(Found { pointer: String::new(), place, message });
            }
            Ok(parsed) => {
                document.parsed = parsed;
                for (pointer, message) in std::mem::take(&mut document.parsed.faults) {
                    document.add(&pointer, message);
                }
                for (pointer, message) in schema.faults(&document.parsed.value) {
                    document.add(&pointer, message);
                }
            }
        }
        document
    }

    /// Notes a fault, unless the field already has one.
    pub(super) fn add(&mut self, pointer: &str, message: impl Into<String>) {
        if self.found.iter().any(|found| found.pointer == pointer) {
            return;
        }
        let place = self.place(pointer);
        self.found.push(Found { pointer: pointer.to_owned(), place, message: message.into() });
    }

    /// Notes what is worth a look without being wrong.
    pub(super) fn warn(&mut self, pointer: &str, message: impl Into<String>) {
        let place = self.place(pointer);
        self.warnings.push(Found { pointer: pointer.to_owned(), place, message: message.into() });
    }

    /// The value at a pointer.
    pub(super) fn at(&self, pointer: &str) -> Option<&Value> {
        self.parsed.value.pointer(pointer)
    }

    /// The text at a pointer.
    pub(super) fn text_at(&self, pointer: &str) -> Option<&str> {
        self.at(pointer)?.as_str()
    }

    /// Whether nothing is known to be wrong at the pointer, below it, or with what contains it.
    pub(super) fn is_sound(&self, pointer: &str) -> bool {
        self.found.iter().all(|found| !is_within(&found.pointer, pointer) && !is_within(pointer, &found.pointer))
    }

    /// The value at the pointer as a type, if it is sound. What the schema let pass and the type does not is a fault.
    pub(super) fn typed<T: DeserializeOwned>(&mut self, pointer: &str) -> Option<T> {
        if !self.is_sound(pointer) {
            return None;
        }
        T::deserialize(self.at(pointer)?).map_err(|error| self.add(pointer, wording::refused(&error))).ok()
    }

    /// The sound entries of a list, each with its number in the file.
    pub(super) fn entries<T: DeserializeOwned>(&mut self) -> Vec<(usize, T)> {
        let count = self.at("").and_then(Value::as_array).map_or(0, Vec::len);
        (0..count).filter_map(|at| Some((at, self.typed(&format!("/{at}"))?))).collect()
    }

    /// The codes of all entries of a list, sound or not; none when one of them cannot be known.
    pub(super) fn codes(&self) -> Option<Vec<&str>> {
        self.at("")?.as_array()?.iter().map(|entry| entry.get("code")?.as_str()).collect()
    }

    /// All that was found, in the order of the file.
    pub(super) fn faults(&mut self) -> Vec<Located> {
        let found = std::mem::take(&mut self.found);
        self.located(found)
    }

    /// All that is worth a look without being wrong, in the order of the file.
    pub(super) fn warnings(&mut self) -> Vec<Located> {
        let found = std::mem::take(&mut self.warnings);
        self.located(found)
    }

    fn located(&self, mut found: Vec<Found>) -> Vec<Located> {
        found.sort_by_key(|found| found.place);
        found
            .into_iter()
            .map(|Found { pointer, place, message }| Located {
                file: self.name.clone(),
                line: place.map(|place| place.line),
                column: place.map(|place| place.column),
                field: field(&self.parsed.value, &pointer),
                message,
            })
            .collect()
    }

    /// Where the field stands, or else the nearest thing that would contain it.
    fn place(&self, pointer: &str) -> Option<Place> {
        let mut pointer = pointer;
        loop {
            match (self.parsed.places.get(pointer), pointer.rsplit_once('/')) {
                (Some(place), _) => return Some(*place),
                (None, Some((outer, _))) => pointer = outer,
                (None, None) => return None,
            }
        }
    }
}

fn is_within(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn text_of(folder: &Path, name: &str) -> Result<String, SyntaxError> {
    let bytes = file::read(folder, name, MOST).map_err(|message| SyntaxError { place: None, message })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        let line = 1 + before.matches('\n').count();
        let column = 1 + before.rsplit('\n').next().map_or(0, |line| line.chars().count());
        SyntaxError { place: Some(Place { line, column }), message: "is not UTF-8: save the file as UTF-8".to_owned() }
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// The field as people name it: `[illegal_dumping].label.fr`.
fn field(root: &Value, pointer: &str) -> String {
    let mut name = String::new();
    let mut value = Some(root);
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        if let Some(Value::Array(entries)) = value {
            let at = part.parse().ok();
            value = at.and_then(|at: usize| entries.get(at));
            if let ("features", Some(at)) = (name.as_str(), at) {
                let code = value.and_then(own_name).map(|code| format!(" ({code})"));
                name = format!("feature {}{}", at + 1, code.unwrap_or_default());
                continue;
            }
            name.extend(["[", value.and_then(own_name).unwrap_or(&part), "]"]);
        } else {
            value = value.and_then(|value| value.get(&part));
            name.extend([if name.is_empty() { "" } else { "." }, &part]);
        }
    }
    name
}

/// What an entry of a list goes by.
fn own_name(entry: &Value) -> Option<&str> {
    let code = entry.get("code").or_else(|| entry.pointer("/properties/code")).or_else(|| entry.get("email"));
    code.and_then(Value::as_str).filter(|code| !code.is_empty())
}
