//! Planted faults: each is found, in the right file, on the right line, and no other is reported.

use std::fs;

use tempfile::TempDir;

use super::lines;
use crate::city::{check, read, read_demo};

const CITY: &str = "name: Bourg
insee: \"80000\"
reference_prefix: BRG
territory: secteurs
dispatcher_desk: regulation
sender:
  name: Ville de Bourg
  email: mairie@bourg.example
  address: 1, place de la Mairie
  phone: 03 00 00 00 00
";
const ORGANISATIONS: &str = "- code: ville
  kind: city
  name: Ville de Bourg
";
const CALENDARS: &str = "- code: bureau
  name: {fr: Bureau, en: Office}
  hours:
    monday: [\"08:00-12:00\"]
  holidays: metropolitan
";
const SERVICES: &str = "- code: regulation
  organisation: ville
  kind: municipal
  name: {fr: Régulation, en: Desk}
  mailbox: regulation@bourg.example
  calendar: bureau
- code: voirie
  organisation: ville
  kind: municipal
  name: {fr: Voirie, en: Roads}
  mailbox: voirie@bourg.example
  calendar: bureau
";
const CATALOGUE: &str = "- code: roads
  label: {fr: Voirie, en: Roads}
  sensitivity: standard
  acknowledge_within: 2d
  resolve_within: 10d
- code: pothole
  parent: roads
  label:
    fr: Nid-de-poule
    en: Pothole
  sensitivity: standard
  acknowledge_within: 2d
  resolve_within: 10d
";
const ROUTING: &str = "- code: voirie
  name: {fr: Voirie, en: Roads}
  when: {type: category, any_of: [roads]}
  send_to: [voirie]
- code: reste
  name: {fr: Reste, en: Rest}
  when: {type: always}
  send_to: [regulation]
";
const SECTEURS: &str = r#"{
  "type": "FeatureCollection",
  "name": "Secteurs",
  "features": [
    {"type": "Feature", "properties": {"code": "nord", "name": "Nord"},
     "geometry": {"type": "Polygon", "coordinates": [[[2, 49], [3, 49], [3, 50], [2, 49]]]}},
    {"type": "Feature", "properties": {"code": "sud", "name": "Sud"},
     "geometry": {"type": "Polygon", "coordinates": [[[2, 48], [3, 48], [3, 49], [2, 48]]]}}
  ]
}
"#;
const DEMO: &str = "- name: Anne Petit
  email: anne.petit@bourg.example
  roles: [service_member]
  services: [voirie, regulation]
";

const SOUND: [(&str, &str); 8] = [
    ("city.yaml", CITY),
    ("organisations.yaml", ORGANISATIONS),
    ("calendars.yaml", CALENDARS),
    ("services.yaml", SERVICES),
    ("catalogue.yaml", CATALOGUE),
    ("zonings/secteurs.geojson", SECTEURS),
    ("routing.yaml", ROUTING),
    ("demo.yaml", DEMO),
];

/// The sound city, in which each edit replaces one text of one file.
fn city(edits: &[(&str, &str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("zonings")).unwrap();
    for (name, text) in SOUND {
        let mut text = text.to_owned();
        for (_, from, to) in edits.iter().filter(|(file, ..)| *file == name) {
            assert!(text.contains(from), "{name} has no {from}");
            text = text.replacen(from, to, 1);
        }
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// All that `continuum city check` would print for the sound city with these edits.
pub(super) fn found(edits: &[(&str, &str, &str)]) -> Vec<String> {
    lines(&check(city(edits).path()).faults)
}

#[test]
fn the_city_of_these_tests_is_sound() {
    let folder = city(&[]);
    assert_eq!(lines(&check(folder.path()).faults), Vec::<String>::new());
    let read = read(folder.path()).unwrap();
    assert_eq!((read.rules.version, read.rules.rules.len(), read.zonings[0].areas().len()), (0, 2, 2));
    assert_eq!(read_demo(folder.path()).unwrap().len(), 1);
}

#[test]
fn many_faults_in_many_files_are_all_found_in_one_run() {
    let faults = found(&[
        ("city.yaml", "\"80000\"", "80000"),
        ("city.yaml", "BRG", "brg"),
        ("city.yaml", "  email: mairie@bourg.example\n", "  email: mairie\n  fax: none\n"),
        ("organisations.yaml", "kind: city", "kind: town"),
        ("calendars.yaml", "\"08:00-12:00\"", "\"08:00-12:00\", \"14:00-13:00\""),
        ("services.yaml", "  mailbox: regulation@bourg.example\n", ""),
        ("services.yaml", "calendar: bureau\n- code: voirie", "calendar: bureau\n- code: Voirie"),
        ("catalogue.yaml", "    en: Pothole\n", ""),
        ("catalogue.yaml", "resolve_within: 10d", "resolve_within: 48 h"),
        ("zonings/secteurs.geojson", "\"name\": \"Sud\"", "\"nom\": \"Sud\""),
        (
            "zonings/secteurs.geojson",
            "\"Polygon\", \"coordinates\": [[[2, 49]",
            "\"Point\", \"coordinates\": [[[2, 49]",
        ),
        ("routing.yaml", "any_of: [roads]", "any_of: []"),
        ("demo.yaml", "[service_member]", "[boss]"),
    ]);
    assert_eq!(
        faults,
        [
            "city.yaml:2: insee: must be a text: write it between quotes, \"80000\"",
            "city.yaml:3: reference_prefix: « brg » does not fit: Begins every ticket's reference: two to five capital \
             letters.",
            "city.yaml:8: sender.email: « mairie » is not an e-mail address",
            "city.yaml:9: sender.fax: is not known here; known are: address, email, name, phone",
            "organisations.yaml:2: [ville].kind: « town » is not one of: city, epci, department, state, landlord, \
             association",
            "calendars.yaml:4: [bureau].hours.monday[1]: « 14:00-13:00 » is not a span of opening: write 08:30-12:00, \
             the end after the beginning, 24:00 at the latest",
            "services.yaml:1: [regulation].mailbox: is missing",
            "services.yaml:6: [Voirie].code: « Voirie » is not a code: 1 to 60 of a-z, 0-9, _ and -, beginning with a \
             letter",
            "catalogue.yaml:5: [roads].resolve_within: « 48 h » is not a target: write 4h for four open hours, 2d for \
             two open days, at most 365",
            "catalogue.yaml:8: [pothole].label.en: is missing",
            "zonings/secteurs.geojson:6: features[nord].geometry.type: « Point » is not one of: Polygon, MultiPolygon",
            "zonings/secteurs.geojson:7: features[sud].properties.name: is missing",
            "routing.yaml:3: [voirie].when.any_of: needs at least one entry",
            "demo.yaml:3: [anne.petit@bourg.example].roles[0]: « boss » is not one of: agent, service_member, \
             service_manager, dispatcher, auditor, admin",
        ]
    );
}

#[test]
fn files_that_cannot_be_read_hide_nothing_of_the_others() {
    let folder = city(&[
        ("city.yaml", "dispatcher_desk: regulation", "dispatcher_desk: accueil"),
        ("services.yaml", "organisation: ville", "organisation: vile"),
        ("catalogue.yaml", "  label: {fr: Voirie", "  label: {fr: \"Voirie"),
        ("zonings/secteurs.geojson", "\"name\": \"Secteurs\",", "\"name\": \"Secteurs\""),
        ("routing.yaml", "send_to: [voirie]", "send_to: [voiries]"),
    ]);
    fs::remove_file(folder.path().join("organisations.yaml")).unwrap();
    fs::write(folder.path().join("calendars.yaml"), b"- code: bureau\n  name: {fr: f\xe9ri\xe9}\n").unwrap();
    fs::write(folder.path().join("demo.yaml"), "# nobody yet\n").unwrap();
    assert_eq!(
        lines(&check(folder.path()).faults),
        [
            "city.yaml:5: dispatcher_desk: there is no service « accueil »",
            "organisations.yaml: there is no such file",
            "calendars.yaml:2: is not UTF-8: save the file as UTF-8",
            "catalogue.yaml:2: cannot be read as YAML (invalid indentation in quoted scalar): look at the indentation and \
             the quotes",
            "zonings/secteurs.geojson:4: cannot be read as JSON (expected `,` or `}`)",
            "routing.yaml:4: [voirie].send_to[0]: there is no service « voiries »",
            "demo.yaml: is empty",
        ]
    );
}

const ONE_RULE_MORE: &str = "send_to: [regulation]
- code: vide
  name: {fr: Vide, en: Empty}
  when: {type: area, zoning: secteurs, any_of: [est]}
  send_to: [desk]
";

#[test]
fn references_between_files_are_checked_and_not_against_what_is_unsound() {
    let faults = found(&[
        ("city.yaml", "territory: secteurs", "territory: quartiers"),
        ("services.yaml", "calendar: bureau", "calendar: matin"),
        // Unsound, but there: the rules and the demo that name it are not to blame.
        ("services.yaml", "mailbox: voirie@bourg.example", "mailbox: voirie"),
        ("catalogue.yaml", "parent: roads", "parent: road"),
        ("routing.yaml", "any_of: [roads]", "any_of: [pothole, rods]"),
        ("routing.yaml", "send_to: [regulation]\n", ONE_RULE_MORE),
        ("demo.yaml", "[voirie, regulation]", "[voirie, regulation, port]"),
    ]);
    assert_eq!(
        faults,
        [
            "city.yaml:4: territory: there is no zoning « quartiers »",
            "services.yaml:6: [regulation].calendar: there is no calendar « matin »",
            "services.yaml:11: [voirie].mailbox: « voirie » is not an e-mail address",
            "catalogue.yaml:7: [pothole].parent: there is no category « road »",
            "routing.yaml:1: the last rule must match always (`when: {type: always}`), so that no concern is lost",
            "routing.yaml:3: [voirie].when.any_of[1]: there is no category « rods »",
            "routing.yaml:7: [reste].when: this rule matches always, so that no rule after it is ever reached",
            "routing.yaml:11: [vide].when.any_of[0]: the zoning « secteurs » has no area « est »",
            "routing.yaml:12: [vide].send_to[0]: there is no service « desk »",
            "demo.yaml:4: [anne.petit@bourg.example].services[2]: there is no service « port »",
        ]
    );
}

#[test]
fn a_condition_is_explained_by_its_type() {
    let rule = |condition: &str| {
        let when = format!("when: {condition}");
        found(&[("routing.yaml", "when: {type: category, any_of: [roads]}", &when)])
    };
    assert_eq!(
        rule("{type: any, of: [{type: zone, any_of: [a]}, {type: area, any_of: [nord], in: secteurs}, {of: []}, 5]}"),
        [
            "routing.yaml:3: [voirie].when.of[0].type: « zone » is not one of: always, category, area, origin, priority, sensitivity, answer, keywords, weekday, hour, road_owner, land_owner, \
             all, any, not",
            "routing.yaml:3: [voirie].when.of[1].zoning: is missing",
            "routing.yaml:3: [voirie].when.of[1].in: is not known here; known are: any_of, type, zoning",
            "routing.yaml:3: [voirie].when.of[2].type: is missing",
            "routing.yaml:3: [voirie].when.of[3]: must be a group of fields",
        ]
    );
    assert_eq!(rule(""), ["routing.yaml:3: [voirie].when: is empty"]);
    assert_eq!(
        rule("{type: not, of: {type: origin, any_of: [café]}}"),
        ["routing.yaml:3: [voirie].when.of.any_of[0]: « café » is not one of: cafe, patrol, town_hall_desk, phone, \
          email, partner, open311"]
    );
}

#[test]
fn what_yaml_allows_and_a_city_does_not_is_named() {
    let faults = found(&[
        ("city.yaml", "name: Bourg\n", "name: Bourg\nname: Ville\n"),
        ("organisations.yaml", "name: Ville de Bourg", "name: &nom Ville de Bourg"),
        ("calendars.yaml", "holidays: metropolitan", "holidays: !jours metropolitan"),
        ("services.yaml", "mailbox: regulation@bourg.example", "mailbox: &boite regulation@bourg.example"),
        ("services.yaml", "mailbox: voirie@bourg.example", "mailbox: *boite"),
        ("catalogue.yaml", "- code: pothole", "---\n- code: pothole"),
        ("demo.yaml", "Anne Petit", "Anne: Petit"),
    ]);
    assert_eq!(
        faults,
        [
            "city.yaml:2: name: stands here a second time",
            "organisations.yaml:3: [ville].name: anchors (`&name`) are not read here: write the value itself",
            "calendars.yaml:5: [bureau].holidays: tags (`!name`) are not read here",
            "services.yaml:5: [regulation].mailbox: anchors (`&name`) are not read here: write the value itself",
            "services.yaml:11: [voirie].mailbox: aliases (`*name`) are not read here: write the value itself",
            "catalogue.yaml:7: holds several documents (`---`): write one only",
            "demo.yaml:1: cannot be read as YAML (mapping values are not allowed in this context): look at the \
             indentation and the quotes",
        ]
    );
}

#[test]
fn shapes_that_are_none_are_found() {
    let file = "zonings/secteurs.geojson";
    let sud = "[[[2, 48], [3, 48], [3, 49], [2, 48]]]";
    let nord = (file, "[3, 50], [2, 49]", "[3, 50], [2, 50]");
    assert_eq!(
        found(&[nord, (file, sud, "[[[2, 48], [3, 48], [2, 48]],\n [[48, 2], [2], [2, 3, 4, 5], [48, 2]]]")]),
        [
            "zonings/secteurs.geojson:6: features[nord].geometry.coordinates[0]: is not closed: the last position must \
             equal the first",
            "zonings/secteurs.geojson:8: features[sud].geometry.coordinates[0]: needs at least 4 entries",
            "zonings/secteurs.geojson:9: features[sud].geometry.coordinates[1][1]: needs at least 2 entries",
            "zonings/secteurs.geojson:9: features[sud].geometry.coordinates[1][2]: has more than 3 entries",
        ]
    );
    assert_eq!(
        found(&[(file, sud, "[[[648000, 6977000], [3, 48], [3, 49], [648000, 6977000]]]")]),
        ["zonings/secteurs.geojson:8: features[sud].geometry.coordinates[0][0]: is no place in WGS 84: write the \
          longitude (-180 to 180), then the latitude (-90 to 90)"]
    );
    assert_eq!(
        found(&[(file, "\"code\": \"sud\"", "\"code\": \"nord\""), ("city.yaml", "secteurs", "quartiers")]),
        [
            "city.yaml:4: territory: there is no zoning « quartiers »",
            "zonings/secteurs.geojson:7: features[nord].properties.code: the area « nord » stands here a second time",
        ]
    );
}

#[test]
fn a_folder_that_is_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nulle-part");
    assert_eq!(lines(&check(&nowhere).faults), [format!("{}: there is no such folder", nowhere.display())]);
    let faults = lines(&check(folder.path()).faults);
    assert_eq!(faults.len(), 7, "{faults:?}");
    assert!(faults[0].starts_with("zonings: cannot be read"), "{faults:?}");
    assert!(faults[1..].iter().all(|fault| fault.ends_with(".yaml: there is no such file")), "{faults:?}");
}

#[test]
fn shapes_that_cross_or_overlap_are_found_and_gaps_are_worth_a_look() {
    let file = "zonings/secteurs.geojson";
    let sud = "[[[2, 48], [3, 48], [3, 49], [2, 48]]]";
    let shapes = |to: &str| found(&[(file, sud, to)]);
    assert_eq!(
        shapes("[[[2, 48], [3, 49], [3, 48], [2, 49], [2, 48]]]"),
        ["zonings/secteurs.geojson:8: features[sud].geometry: the border of « sud » crosses or touches itself near \
          48.50000, 2.50000"]
    );
    let overlapping = shapes("[[[2, 48], [3, 48], [3, 49.1], [2, 48]]]");
    let begin = "zonings/secteurs.geojson:8: features[sud].geometry: « sud » overlaps « nord » by ";
    assert!(matches!(overlapping.as_slice(), [only] if only.starts_with(begin)), "{overlapping:?}");
    assert_eq!(
        found(&[(file, "\"name\": \"Sud\"", "\"name\": \"Sud\", \"land_owner\": \"bailleur\"")]),
        ["zonings/secteurs.geojson:7: features[sud].properties.land_owner: there is no organisation « bailleur »"]
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
fn a_category_without_a_rule_of_its_own_is_worth_a_look() {
    let folder = city(&[("routing.yaml", "any_of: [roads]", "any_of: [pothole]")]);
    let checked = check(folder.path());
    assert_eq!(lines(&checked.faults), Vec::<String>::new());
    assert_eq!(
        lines(&checked.warnings),
        [
            "routing.yaml:5: [reste]: concerns about « roads » only ever reach this rule, which catches all: they have no \
          other"
        ]
    );
}
