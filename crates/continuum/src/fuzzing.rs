//! What the fuzz targets reach of a city's files (`crates/fuzz`); what they once found is read again by the tests below.

use std::fs;
use std::path::{Path, PathBuf};

use domain::city::City;
use domain::city::zoning::Zoning;
use domain::routing::{Rule, RuleSet};
use geo::Validation as _;

use crate::city;
use crate::city::village::SOUND;

/// The city of the demonstration.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cities/amiens")
}

/// Looks through rules, which say the same when they are written and read again. Whether they are rules.
///
/// # Panics
/// When that does not hold.
pub fn rules(json: &[u8], city: &City) -> bool {
    let Ok(rules) = serde_json::from_slice::<Vec<Rule>>(json) else { return false };
    let written = serde_json::to_vec(&rules).expect("rules are kept as JSON");
    assert_eq!(serde_json::from_slice::<Vec<Rule>>(&written).expect("what is kept is read"), rules);
    let rules = RuleSet { version: 0, rules };
    for fault in rules.check(city, None) {
        assert!(!fault.kind.message(domain::language::Language::default()).is_empty(), "{fault:?}");
    }
    true
}

/// The file of the zoning that is looked through.
const FOUND: &str = "zonings/found.geojson";

/// Writes the files of a small city in which nothing is wrong.
///
/// # Panics
/// When there is no room for it.
pub fn village(folder: &Path) {
    fs::create_dir_all(folder.join("zonings")).expect("there is room for it");
    for (name, text) in SOUND {
        fs::write(folder.join(name), text).expect("there is room for it");
    }
}

/// Looks through a zoning that is added to [`village`]. Either the city is read with it, and each piece of each area is a
/// polygon; or what is wrong with it is told, and nothing else is.
///
/// # Panics
/// When that does not hold.
pub fn zoning(json: &[u8], village: &Path) {
    fs::write(village.join(FOUND), json).expect("there is room for it");
    match city::read(village) {
        Ok(city) => hold(city.zonings.iter().find(|zoning| zoning.code.as_str() == "found").expect("it was read")),
        Err(faults) => assert!(faults.iter().all(|fault| fault.file == FOUND), "{faults:?}"),
    }
}

/// What is promised of a zoning that is accepted, looked at with the eyes of others (OGC Simple Features, as `geo` has it).
fn hold(zoning: &Zoning) {
    assert!(!zoning.areas().is_empty(), "a zoning has areas");
    for area in zoning.areas() {
        assert!(!area.shape().0.is_empty(), "{} has a shape", area.code);
        for piece in area.shape() {
            let faults = piece.validation_errors();
            assert!(faults.is_empty(), "{}: {faults:?} in {piece:?}", area.code);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::city::zoning::Area;
    use geo::wkt;
    use tempfile::TempDir;

    use super::*;

    fn a_village() -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        village(folder.path());
        folder
    }

    #[test]
    fn rules_and_zonings_that_were_found() {
        let (city, village) = (city::read(&folder()).unwrap(), a_village());
        let found = fs::read_dir("../fuzz/corpus/rules").unwrap().map(|found| found.unwrap().path());
        let accepted = found.filter(|found| rules(&fs::read(found).unwrap(), &city)).count();
        assert!(accepted >= 2, "the fuzzer begins with rules");
        for found in fs::read_dir("../fuzz/corpus/zoning").unwrap() {
            zoning(&fs::read(found.unwrap().path()).unwrap(), village.path());
        }
    }

    #[test]
    fn a_zoning_is_accepted_or_told_of() {
        let (village, sound) = (a_village(), fs::read("../fuzz/corpus/zoning/two.geojson").unwrap());
        zoning(&sound, village.path());
        assert_eq!(city::read(village.path()).unwrap().zonings.len(), 2, "the fuzzer begins with one that is accepted");
        zoning(b"{", village.path());
        assert_eq!(city::read(village.path()).unwrap_err()[0].file, FOUND);
    }

    #[test]
    #[should_panic(expected = "catalogue.yaml")]
    fn a_fault_that_is_told_of_another_file_is_noticed() {
        let village = a_village();
        fs::remove_file(village.path().join("catalogue.yaml")).unwrap();
        zoning(b"{", village.path());
    }

    #[test]
    #[should_panic(expected = "SelfIntersection")]
    fn an_area_that_should_not_have_been_accepted_is_noticed() {
        let bow_tie = wkt!(MULTIPOLYGON(((2. 48., 3. 49., 3. 48., 2. 49., 2. 48.))));
        let area = Area::new("nord".to_owned().try_into().unwrap(), "Nord".to_owned(), bow_tie);
        hold(&Zoning::new("found".to_owned().try_into().unwrap(), "Secteurs".to_owned(), vec![area]));
    }
}
