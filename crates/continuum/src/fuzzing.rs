//! What the fuzz targets reach of a city's files (`crates/fuzz`); what they once found is read again by the tests below.

use std::fs;
use std::path::{Path, PathBuf};

use domain::city::City;
use domain::routing::{Rule, RuleSet};

use crate::city;

/// The city of the demonstration.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/amiens")
}

/// Looks through rules, which say the same when they are written and read again.
///
/// # Panics
/// When that does not hold.
pub fn rules(json: &[u8], city: &City) {
    let Ok(rules) = serde_json::from_slice::<Vec<Rule>>(json) else { return };
    let written = serde_json::to_vec(&rules).expect("rules are kept as JSON");
    assert_eq!(serde_json::from_slice::<Vec<Rule>>(&written).expect("what is kept is read"), rules);
    let rules = RuleSet { version: 0, rules };
    for fault in rules.check(city, None) {
        assert!(!fault.kind.message(domain::language::Language::default()).is_empty(), "{fault:?}");
    }
}

/// Looks through a zoning, the only one of an otherwise empty folder.
///
/// # Panics
/// When that does not hold.
pub fn zoning(json: &[u8], folder: &Path) {
    let zonings = folder.join("zonings");
    fs::create_dir_all(&zonings)
        .and_then(|()| fs::write(zonings.join("found.geojson"), json))
        .expect("there is room for it");
    let checked = city::check(folder);
    assert!(!checked.faults.is_empty(), "the other files are missing");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_and_zonings_that_were_found() {
        let city = city::read(&folder()).unwrap();
        let empty = tempfile::tempdir().unwrap();
        for found in fs::read_dir("../fuzz/corpus/rules").unwrap() {
            rules(&fs::read(found.unwrap().path()).unwrap(), &city);
        }
        for found in fs::read_dir("../fuzz/corpus/zoning").unwrap() {
            zoning(&fs::read(found.unwrap().path()).unwrap(), empty.path());
        }
    }
}
