//! A city's files: Amiens is clean and makes sense, and every planted fault is found where it is.

mod amiens;
mod calendars;
mod export;
mod faults;
mod files;
mod letters;
mod questions;
mod zonings;

use std::fs;
use std::path::{Path, PathBuf};

use super::{Located, schemas};

/// The cities that come with the program.
fn cities() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities")
}

fn lines(faults: &[Located]) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn the_schemas_that_editors_use_are_those_of_the_types() {
    let folder = cities().join("schema");
    for (name, schema) in schemas() {
        let path = folder.join(name);
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            fs::write(&path, format!("{schema:#}\n")).unwrap();
        }
        let kept: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert!(kept == schema, "{name} is not up to date: run UPDATE_SCHEMAS=1 cargo test -p continuum schemas");
    }
    assert_eq!(fs::read_dir(folder).unwrap().count(), schemas().len(), "schemas that no file uses");
}

#[test]
fn every_setting_of_the_city_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let copied = std::process::Command::new("cp").arg("-r").arg(cities().join("amiens/.")).arg(folder.path()).status();
    assert!(copied.unwrap().success());
    let file = folder.path().join("city.yaml");
    let more = "\nsecond_factor_required_for: [dispatcher]\nreminders: [{ to: dispatcher, at: 200 }]\n";
    fs::write(&file, fs::read_to_string(&file).unwrap() + more).unwrap();
    let settings = super::read(folder.path()).unwrap().settings;
    assert_eq!(settings.second_factor_required_for, [domain::person::Role::Dispatcher]);
    assert_eq!(settings.reminders.len(), 1);
    assert_eq!(settings.reminders[0].at, 200);
}
