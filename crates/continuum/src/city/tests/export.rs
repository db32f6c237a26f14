//! What is exported reads back as it was.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use domain::city::City;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{cities, lines};
use crate::city::plain::list;
use crate::city::{ExportError, check, export, read, syntax};

/// Texts that YAML would take for something else, or that break what surrounds them when they are not written with care.
const NASTY: [&str; 44] = [
    "yes",
    "no",
    "on",
    "Y",
    "true",
    "False",
    "null",
    "~",
    "",
    " ",
    "1e3",
    "80021",
    "017",
    "0x1F",
    "0o17",
    "1_000",
    ".5",
    "+3",
    "-",
    "- a",
    "-a",
    "? a",
    ": a",
    "a: b",
    "a:",
    "a #b",
    "#a",
    "08:30",
    "2026-01-01",
    "<<",
    "=",
    "---",
    "--- a",
    "...",
    "\"quoted\"",
    "'quoted'",
    "« L’été, déjà : où ? »",
    "🚓 🇫🇷",
    "a\nb",
    "a\n",
    "\na\n\n",
    "  a\n b\n",
    "a\tb\r\n",
    "{a: [b, c]}, &d *e !f %g @h `i | j >",
];

fn amiens() -> City {
    read(&cities().join("amiens")).map_err(|faults| lines(&faults)).unwrap()
}

/// All of a city that can be compared.
fn whole(city: &City) -> Value {
    let zonings: Vec<_> =
        city.zonings.iter().map(|z| json!([z.code, z.name, z.partial, format!("{:?}", z.areas())])).collect();
    json!([city.settings, city.organisations, city.calendars, city.services, city.catalogue, city.rules.rules, zonings])
}

fn reads_back(texts: &[&str]) -> Result<(), TestCaseError> {
    let entries: Vec<Value> =
        texts.iter().map(|text| json!({ "a": text, "b": [text, [text]], "c": { "d": text } })).collect();
    let written = list(&entries).unwrap();
    let parsed =
        syntax::yaml(&written).map_err(|error| TestCaseError::fail(format!("{}\n{written}", error.message)))?;
    prop_assert!(parsed.faults.is_empty(), "{:?}\n{written}", parsed.faults);
    prop_assert_eq!(parsed.value, json!(entries), "{}", written);
    Ok(())
}

#[test]
fn amiens_survives_the_journey() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("amiens");
    export(&amiens(), &dir).unwrap();
    let checked = check(&dir);
    assert_eq!(lines(&checked.faults), Vec::<String>::new());
    assert_eq!(lines(&checked.warnings), Vec::<String>::new());
    assert_eq!(whole(&read(&dir).unwrap()), whole(&amiens()));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    let mut names: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    let expected = [
        "calendars.yaml",
        "catalogue.yaml",
        "city.yaml",
        "organisations.yaml",
        "routing.yaml",
        "services.yaml",
        "zonings",
    ];
    assert_eq!(names, expected);
}

#[test]
fn it_reads_as_people_write_it() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("amiens");
    export(&amiens(), &dir).unwrap();
    let read = |name: &str| fs::read_to_string(dir.join(name)).unwrap();
    let city = "# yaml-language-server: $schema=../schema/city.schema.json
#
# La ville : ce qui vaut pour elle tout entière.

name: Amiens
insee: \"80021\"
reference_prefix: AMI
";
    assert!(read("city.yaml").starts_with(city), "{}", read("city.yaml"));
    let rules = "
- code: objets-dangereux
  name:
    fr: Seringues et objets dangereux
    en: Syringes and dangerous objects
  when:
    type: category
    any_of: [syringes]
  send_to: [proprete]
  priority: urgent

- code: peril
";
    assert!(read("routing.yaml").contains(rules), "{}", read("routing.yaml"));
    let guidance =
        "  guidance:\n    fr: |-\n      Demander où exactement, depuis quand, quels déchets et quel volume. ";
    assert!(read("catalogue.yaml").contains(guidance), "{}", read("catalogue.yaml"));
    let hours = "    monday: [08:30-12:00, 13:30-17:30]\n    tuesday:";
    assert!(read("calendars.yaml").contains(hours), "{}", read("calendars.yaml"));
    assert!(!read("calendars.yaml").contains("[]"), "days that are closed are not named");
    let area = "    {\"type\":\"Feature\",\"properties\":{\"code\":\"centre\",\"name\":\"Centre\"},\"geometry\":{";
    assert!(read("zonings/quartiers.geojson").contains(area));
}

#[test]
fn what_is_there_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("amiens");
    fs::create_dir(&dir).unwrap();
    export(&amiens(), &dir).unwrap();
    assert!(matches!(export(&amiens(), &dir), Err(ExportError::NotEmpty(_))));
    let file = dir.join("city.yaml");
    assert!(matches!(export(&amiens(), &file), Err(ExportError::Disk(..))));
    assert!(matches!(export(&amiens(), &folder.path().join("a/b")), Err(ExportError::Disk(..))));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn a_folder_that_is_there_stays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("amiens");
    fs::create_dir(&dir).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o750)).unwrap();
    let same = || fs::metadata(&dir).map(|found| (found.dev(), found.ino(), found.mode())).unwrap();
    let before = same();
    export(&amiens(), &dir).unwrap();
    assert_eq!(same(), before);
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 7, "nothing is left in it but the files");
    assert_eq!(whole(&read(&dir).unwrap()), whole(&amiens()));
}

#[test]
fn a_city_of_nasty_texts_survives() {
    let mut city = amiens();
    let nasty: Vec<&str> = NASTY.into_iter().filter(|text| !text.trim().is_empty()).collect();
    for (at, text) in nasty.iter().enumerate() {
        let label = &mut city.catalogue[at].label;
        (label.fr, label.en) = ((*text).to_owned(), (*text).to_owned());
    }
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("nasty");
    export(&city, &dir).unwrap();
    assert_eq!(whole(&read(&dir).map_err(|faults| lines(&faults)).unwrap()), whole(&city));
}

#[test]
fn nasty_texts_read_back() {
    for text in NASTY {
        reads_back(&[text, text]).unwrap();
    }
    reads_back(&NASTY).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_text_reads_back(texts in prop::collection::vec(text(), 1..4)) {
        reads_back(&texts.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
}

/// Any characters, those that mean something to YAML most often, or a long text of such words.
fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[ \n\t:#'\"\\\\{}\\[\\],&*!|>%@`?~=<.é🚓0-9a-z-]{0,12}",
        "\\PC{0,12}",
        any::<String>(),
        prop::sample::select(NASTY.to_vec()).prop_map(str::to_owned),
    ];
    prop_oneof![word.clone(), prop::collection::vec(word, 1..40).prop_map(|words| words.join(" "))]
}
