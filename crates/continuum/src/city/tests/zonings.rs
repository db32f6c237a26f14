//! Planted faults in the shapes of a city: each is found, in the right file, on the right line, and no other is reported.

use std::fs;

use super::faults::{city, found};
use super::lines;
use crate::city::check;
use crate::city::village::SECTEURS;

#[test]
fn shapes_that_are_none_are_found() {
    let file = "zonings/secteurs.geojson";
    let sud = "[[[2, 48], [3, 48], [3, 49], [2, 48]]]";
    let nord = (file, "[3, 50], [2, 49]", "[3, 50], [2, 50]");
    assert_eq!(
        found(&[nord, (file, sud, "[[[2, 48], [3, 48], [2, 48]],\n [[48, 2], [2], [2, 3, 4, 5], [48, 2]]]")]),
        [
            "zonings/secteurs.geojson:6: feature 1 (nord).geometry.coordinates[0]: is not closed: the last position must \
             equal the first",
            "zonings/secteurs.geojson:8: feature 2 (sud).geometry.coordinates[0]: needs at least 4 entries",
            "zonings/secteurs.geojson:9: feature 2 (sud).geometry.coordinates[1][1]: needs at least 2 entries",
            "zonings/secteurs.geojson:9: feature 2 (sud).geometry.coordinates[1][2]: has more than 3 entries",
        ]
    );
    assert_eq!(
        found(&[(file, sud, "[[[648000, 6977000], [3, 48], [3, 49], [648000, 6977000]]]")]),
        ["zonings/secteurs.geojson:8: feature 2 (sud).geometry.coordinates[0][0]: is no place in WGS 84: write the \
          longitude (-180 to 180), then the latitude (-90 to 90)"]
    );
    assert_eq!(
        found(&[(file, "\"code\": \"sud\"", "\"code\": \"nord\""), ("city.yaml", "secteurs", "quartiers")]),
        [
            "city.yaml:4: territory: there is no zoning « quartiers »",
            "zonings/secteurs.geojson:7: feature 2 (nord).properties.code: the area « nord » stands here a second time",
        ]
    );
}

#[test]
fn shapes_that_cross_or_overlap_are_found_and_gaps_are_worth_a_look() {
    let file = "zonings/secteurs.geojson";
    let sud = "[[[2, 48], [3, 48], [3, 49], [2, 48]]]";
    let shapes = |to: &str| found(&[(file, sud, to)]);
    assert_eq!(
        shapes("[[[2, 48], [3, 49], [3, 48], [2, 49], [2, 48]]]"),
        ["zonings/secteurs.geojson:8: feature 2 (sud).geometry: the border of « sud » crosses or touches itself near \
          2.50000, 48.50000"]
    );
    let holes = "[[2.6, 48.2], [2.8, 48.2], [2.8, 48.4], [2.6, 48.2]], [[2.7, 48.22], [2.75, 48.22], [2.75, 48.25], [2.7, 48.22]]";
    assert_eq!(
        shapes(&format!("[[[2, 48], [3, 48], [3, 49], [2, 48]], {holes}]")),
        [
            "zonings/secteurs.geojson:8: feature 2 (sud).geometry: two holes of « sud » are one in the other near 2.70000, \
          48.22000"
        ]
    );
    assert_eq!(
        shapes("[[[2, 48], [2, 48], [2, 48], [2, 48]]]"),
        ["zonings/secteurs.geojson:8: feature 2 (sud).geometry: a border needs at least three different corners"]
    );
    let overlapping = shapes("[[[2, 48], [3, 48], [3, 49.1], [2, 48]]]");
    let begin = "zonings/secteurs.geojson:8: feature 2 (sud).geometry: « sud » overlaps « nord » by ";
    assert!(matches!(overlapping.as_slice(), [only] if only.starts_with(begin)), "{overlapping:?}");
    assert_eq!(
        found(&[(file, "\"name\": \"Sud\"", "\"name\": \"Sud\", \"land_owner\": \"bailleur\"")]),
        ["zonings/secteurs.geojson:7: feature 2 (sud).properties.land_owner: there is no organisation « bailleur »"]
    );

    let warnings = |name: &str| {
        let folder = city(&[]);
        let ring = "[[[2, 48], [3, 48], [3, 49], [2.5, 48.5], [2, 48]]]";
        let text = SECTEURS.replace(sud, ring).replace("\"name\": \"Secteurs\",", name);
        fs::write(
            folder.path().join("zonings/quartiers.geojson"),
            text.replace("[3, 50], [2, 49]", "[2.9, 49.9], [2, 49]"),
        )
        .unwrap();
        let checked = check(folder.path());
        assert_eq!(lines(&checked.faults), Vec::<String>::new());
        lines(&checked.warnings)
    };
    let gap = warnings("\"name\": \"Quartiers\",");
    assert!(matches!(gap.as_slice(), [only] if only.contains("of the city lie in no area of this zoning")), "{gap:?}");
    assert_eq!(warnings("\"name\": \"Quartiers\", \"partial\": true,"), Vec::<String>::new());
}

#[test]
fn an_area_that_cannot_be_read_hides_nothing_of_the_others() {
    let file = "zonings/secteurs.geojson";
    let est = "{\"type\": \"Feature\", \"properties\": {\"code\": \"est\", \"name\": \"Est\"},
     \"geometry\": {\"type\": \"Point\", \"coordinates\": [2, 49]}},
    {\"type\": \"Feature\", \"properties\": {\"code\": \"nord\", \"name\": \"Nord\", \"road_owner\": \"reine\"},
     \"geometry\": {\"type\": \"Polygon\", \"coordinates\": [[[2.5, 49], [3, 49], [3, 50], [2.5, 49]]]}},
    {\"type\": \"Feature\", \"properties\": {\"code\": \"sud\", \"name\": \"Sud\"}";
    let sud = "{\"type\": \"Feature\", \"properties\": {\"code\": \"sud\", \"name\": \"Sud\"}";
    let rule =
        ("routing.yaml", "when: {type: category", "when: {type: area, zoning: secteurs, any_of: [est, ouest]}\n  #");
    let found = found(&[(file, sud, est), rule]);
    let told = [
        "geojson:8: feature 2 (est).geometry.type: « Point » is not one of",
        "geojson:9: feature 3 (nord).properties.code: the area « nord » stands here a second time",
        "geojson:9: feature 3 (nord).properties.road_owner: there is no organisation « reine »",
        "geojson:10: feature 3 (nord).geometry: « nord » overlaps « nord » by",
    ];
    assert_eq!(found.len(), told.len(), "{found:#?}");
    for (line, told) in found.iter().zip(told) {
        assert!(line.contains(told), "{told} in {found:#?}");
    }
}

#[test]
fn members_that_are_misspelt_are_worth_a_look() {
    let file = "zonings/secteurs.geojson";
    let members =
        "\"name\": \"Sud\", \"road_owners\": \"ville\", \"Land-Owner\": \"ville\", \"surface\": 12, \"nom\": \"Sud\"";
    let folder = city(&[
        (file, "\"name\": \"Sud\"", members),
        (file, "\"name\": \"Secteurs\",", "\"name\": \"Secteurs\", \"partiel\": true,"),
    ]);
    let checked = check(folder.path());
    assert_eq!(lines(&checked.faults), Vec::<String>::new());
    assert_eq!(
        lines(&checked.warnings),
        [
            "zonings/secteurs.geojson:3: partiel: is not read here: is `partial` meant?",
            "zonings/secteurs.geojson:7: feature 2 (sud).properties.road_owners: is not read here: is `road_owner` meant?",
            "zonings/secteurs.geojson:7: feature 2 (sud).properties.Land-Owner: is not read here: is `land_owner` meant?",
        ]
    );
}

#[test]
fn a_territory_that_lost_an_area_is_worth_a_look() {
    let sud = SECTEURS.lines().skip(6).take(2).collect::<Vec<_>>().join("\n");
    let folder = city(&[("zonings/secteurs.geojson", &format!(",\n{sud}"), "")]);
    fs::write(folder.path().join("zonings/quartiers.geojson"), SECTEURS).unwrap();
    let checked = check(folder.path());
    let told: Vec<String> = lines(&checked.warnings);
    let about = |line: &&String| line.contains("of this zoning lie outside the city’s territory (« secteurs »)");
    assert_eq!(told.iter().filter(about).count(), 1, "{told:?} {:?}", lines(&checked.faults));
}

/// What is found of the sound city with one more zoning.
fn with_estates(edits: &[(&str, &str, &str)], estates: &str) -> Vec<String> {
    let folder = city(edits);
    fs::write(folder.path().join("zonings/residences.geojson"), estates).unwrap();
    lines(&check(folder.path()).faults)
}

fn estates(ring: &str) -> String {
    format!(
        r#"{{"type": "FeatureCollection", "name": "Résidences", "partial": true, "features": [
  {{"type": "Feature", "properties": {{"code": "tours", "name": "Tours"}},
   "geometry": {{"type": "Polygon", "coordinates": [[[2, 48], [3, 48], [3, 49], [2, 48]]]}}}},
  {{"type": "Feature", "properties": {{"code": "lilas", "name": "Lilas"}},
   "geometry": {{"type": "Polygon", "coordinates": [{ring}]}}}}
]}}"#
    )
}

#[test]
fn areas_that_lie_elsewhere_are_found_and_swapped_numbers_are_named() {
    let swapped = "; with the two numbers of each position swapped it would not: longitude comes before latitude";
    let nowhere = "touches the city’s territory (« secteurs ») nowhere";
    let lilas = "zonings/residences.geojson:5: feature 2 (lilas).geometry: « lilas », near";
    let inside = "[[2.5, 49.1], [2.7, 49.1], [2.7, 49.2], [2.5, 49.1]]";
    assert_eq!(with_estates(&[], &estates(inside)), Vec::<String>::new());
    // A common corner is enough.
    assert_eq!(with_estates(&[], &estates("[[3, 50], [4, 50], [4, 51], [3, 50]]")), Vec::<String>::new());
    assert_eq!(
        with_estates(&[], &estates("[[49.1, 2.5], [49.1, 2.7], [49.2, 2.7], [49.1, 2.5]]")),
        [format!("{lilas} 49.10000, 2.50000, {nowhere}{swapped}")]
    );
    assert_eq!(
        with_estates(&[], &estates("[[4, 44], [5, 44], [5, 45], [4, 44]]")),
        [format!("{lilas} 4.00000, 44.00000, {nowhere}")]
    );
    let file = "zonings/secteurs.geojson";
    let territory = [
        (file, "[[[2, 49], [3, 49], [3, 50], [2, 49]]]", "[[[49, 2], [49, 3], [50, 3], [49, 2]]]"),
        (file, "[[[2, 48], [3, 48], [3, 49], [2, 48]]]", "[[[48, 2], [48, 3], [49, 3], [48, 2]]]"),
    ];
    let misplaced = "lies where no commune with INSEE code 80000 is";
    assert_eq!(
        with_estates(&territory, &estates(inside)),
        [
            format!("{file}:6: feature 1 (nord).geometry: « nord », near 49.00000, 2.00000, {misplaced}{swapped}"),
            format!("{file}:8: feature 2 (sud).geometry: « sud », near 48.00000, 2.00000, {misplaced}{swapped}"),
        ]
    );
    // Saint-Pierre-et-Miquelon: what lies where is not known.
    let [north, south] = territory;
    assert_eq!(found(&[("city.yaml", "80000", "97502"), north, south]), Vec::<String>::new());
}

#[test]
fn positions_in_another_system_than_wgs_84_are_refused() {
    let file = "zonings/secteurs.geojson";
    let named = |name: &str| {
        let crs = format!(
            "\"name\": \"Secteurs\", \"crs\": {{\"type\": \"name\", \"properties\": {{\"name\": \"{name}\"}}}},"
        );
        found(&[(file, "\"name\": \"Secteurs\",", &crs)])
    };
    for same in [
        "urn:ogc:def:crs:OGC:1.3:CRS84",
        "urn:ogc:def:crs:OGC::CRS84",
        "urn:ogc:def:crs:EPSG::4326",
        "EPSG:4326",
        "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
    ] {
        assert_eq!(named(same), Vec::<String>::new(), "{same}");
    }
    let why = "is not read here: positions must be in WGS 84, longitude before latitude (RFC 7946, 4); export the file \
               anew in EPSG:4326";
    for other in ["urn:ogc:def:crs:EPSG::2154", "EPSG:3857", "IGNF:4326", "urn:ogc:def:crs:OGC:1.3:CRS83"] {
        assert_eq!(named(other), [format!("{file}:3: crs: « {other} » {why}")]);
    }
    assert_eq!(
        found(&[(
            file,
            "\"Polygon\", \"coordinates\": [[[2, 48]",
            "\"Polygon\", \"crs\": null, \"coordinates\": [[[2, 48]"
        )]),
        [format!("{file}:8: feature 2 (sud).geometry.crs: « null » {why}")]
    );
}

#[test]
fn lines_are_found_in_any_json() {
    let text = SECTEURS.replace("\n    {", "\n\t{").replace("\n     ", "\r\n\t\t").replace("\"Sud\"", "\"\"");
    let folder = city(&[]);
    fs::write(folder.path().join("zonings/secteurs.geojson"), text).unwrap();
    assert_eq!(
        lines(&check(folder.path()).faults),
        ["zonings/secteurs.geojson:7: feature 2 (sud).properties.name: is empty"]
    );
}
