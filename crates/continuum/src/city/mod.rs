//! A city's files: from a folder of YAML and GeoJSON that a town clerk can edit to a [`City`], or to the list of all that
//! is wrong in it, each with file, line and field.
//!
//! Deliberately absent: every rule on what a city must be. Those are types and checks of `domain`; what is here finds
//! the line that broke them.

mod demo;
mod document;
mod export;
mod file;
mod letters;
mod plain;
mod schema;
mod syntax;
#[cfg(any(fuzzing, test))]
pub(crate) mod village;
mod whole;
mod wording;
mod zoning;

#[cfg(test)]
mod tests;

use std::path::Path;

use domain::city::City;
use domain::city::catalogue::Category;
use domain::city::organisation::{Organisation, Service};
use domain::routing::Rule;
use domain::time::Calendar;

pub use demo::DemoPerson;
use document::Document;
pub use document::Located;
pub use export::{ExportError, export};
use schema::Schema;
pub use schema::schemas;
use whole::Files;
use zoning::ZoningFile;

/// Reads the city of a folder. Its rules have version 0.
///
/// # Errors
///
/// Everything that is wrong, in all of its files.
pub fn read(folder: &Path) -> Result<City, Vec<Located>> {
    let (mut files, mut faults) = files(folder)?;
    let city = City { letters: letters::read(folder, &mut faults), ..files.assemble() };
    faults.extend(files.faults());
    if faults.is_empty() { Ok(city) } else { Err(faults) }
}

/// Reads the people of a folder's demonstration (`demo.yaml`).
///
/// # Errors
///
/// Everything that is wrong in that file; a missing file too.
pub fn read_demo(folder: &Path) -> Result<Vec<DemoPerson>, Vec<Located>> {
    let mut services = Document::read(folder, "services.yaml", &Schema::of::<Vec<Service>>("services.yaml"));
    let mut document = Document::read(folder, "demo.yaml", &Schema::of::<Vec<DemoPerson>>("demo.yaml"));
    let people = demo::people(&mut document, &mut services);
    let faults = document.faults();
    if faults.is_empty() { Ok(people) } else { Err(faults) }
}

/// What a look at a city's folder finds.
#[derive(Debug, Default)]
pub struct Checked {
    /// What is wrong: the city cannot be loaded.
    pub faults: Vec<Located>,
    /// What is worth a look without being wrong.
    pub warnings: Vec<Located>,
}

/// Looks through a city's folder, its demonstration included when it has one.
pub fn check(folder: &Path) -> Checked {
    let (mut faults, warnings) = match files(folder) {
        Ok((mut files, mut faults)) => {
            files.assemble();
            letters::read(folder, &mut faults);
            faults.extend(files.faults());
            (faults, files.warnings())
        }
        Err(faults) => (faults, Vec::new()),
    };
    if folder.join("demo.yaml").exists() {
        faults.extend(read_demo(folder).err().unwrap_or_default());
    }
    Checked { faults, warnings }
}

/// Reads the files one by one. What is wrong with the folder itself comes second, or alone when there is none.
fn files(folder: &Path) -> Result<(Files, Vec<Located>), Vec<Located>> {
    if !folder.is_dir() {
        return Err(vec![of_folder(&folder.display().to_string(), "there is no such folder")]);
    }
    let (zonings, faults) = match zoning_files(folder) {
        Ok(names) if names.is_empty() => (names, vec![of_folder("zonings", "holds no .geojson file")]),
        Ok(names) => (names, Vec::new()),
        Err(error) => (Vec::new(), vec![of_folder("zonings", &format!("cannot be read: {error}"))]),
    };
    let zoning = Schema::of::<ZoningFile>("zonings/*.geojson");
    let files = Files {
        city: Document::read(folder, "city.yaml", &Schema::of::<domain::city::Settings>("city.yaml")),
        organisations: list::<Organisation>(folder, "organisations.yaml"),
        calendars: list::<Calendar>(folder, "calendars.yaml"),
        services: list::<Service>(folder, "services.yaml"),
        catalogue: list::<Category>(folder, "catalogue.yaml"),
        zonings: zonings.iter().map(|name| Document::read(folder, name, &zoning)).collect(),
        routing: list::<Rule>(folder, "routing.yaml"),
    };
    Ok((files, faults))
}

fn list<T: schemars::JsonSchema>(folder: &Path, name: &str) -> Document {
    Document::read(folder, name, &Schema::of::<Vec<T>>(name))
}

fn zoning_files(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder.join("zonings"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "geojson") {
            names.extend(path.file_name().map(|name| format!("zonings/{}", name.to_string_lossy())));
        }
    }
    names.sort();
    Ok(names)
}

fn of_folder(folder: &str, message: &str) -> Located {
    Located { file: folder.to_owned(), line: None, column: None, field: String::new(), message: message.to_owned() }
}
