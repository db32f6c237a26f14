//! Letters in the city's own words.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::{cities, lines};
use crate::city::{check, export, read};

const SOUND: &str = "{% extends layout %}
{% set subject = \"Votre demande \" ~ reference %}
{% set title = \"Votre demande\" %}
{% set paragraphs = [\"Bonjour,\"] %}
{% set facts = [[\"Objet\", category]] %}
{% set action = \"Suivre\" %}
{% set closing = [] %}
{% set why = \"Parce que.\" %}
";

/// Amiens, with these letters.
fn with(letters: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-r").arg(cities().join("amiens/.")).arg(folder.path()).status();
    assert!(copied.unwrap().success());
    fs::create_dir_all(folder.path().join("letters")).unwrap();
    for (name, source) in letters {
        fs::write(folder.path().join("letters").join(name), source).unwrap();
    }
    folder
}

fn faults(folder: &Path) -> Vec<String> {
    lines(&check(folder).faults)
}

#[test]
fn they_are_read_and_exported_as_they_are() {
    let folder = with(&[("outcome.resident.fr.jinja", SOUND), (".outcome.resident.fr.jinja.swp", "x")]);
    assert_eq!(faults(folder.path()), Vec::<String>::new());
    let city = read(folder.path()).unwrap();
    assert_eq!(city.letters.len(), 1);
    let elsewhere = tempfile::tempdir().unwrap();
    export(&city, elsewhere.path()).unwrap();
    let there = fs::read_to_string(elsewhere.path().join("letters/outcome.resident.fr.jinja")).unwrap();
    assert_eq!(there, SOUND);
    assert_eq!(read(elsewhere.path()).unwrap().letters, city.letters);
}

#[test]
fn what_is_wrong_is_told_with_file_and_line() {
    let typo = SOUND.replace("category", "categroy");
    let folder = with(&[
        ("outcome.resident.fr.jinja", &typo),
        ("outcome.resident.xx.jinja", SOUND),
        ("refused.service.fr.txt", SOUND),
    ]);
    let told = faults(folder.path());
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(
        told[0].starts_with("letters/outcome.resident.fr.jinja:5") && told[0].contains("« categroy »"),
        "{}",
        told[0]
    );
    assert!(
        told[1].starts_with("letters/outcome.resident.xx.jinja") && told[1].contains("no such letter"),
        "{}",
        told[1]
    );
    assert!(told[2].starts_with("letters/refused.service.fr.txt") && told[2].contains(".jinja"), "{}", told[2]);
    assert!(read(folder.path()).is_err(), "such a city is not loaded");
}
