//! Planted faults: each is found, in the right file, on the right line, and no other is reported.

use std::fs;

use tempfile::TempDir;

use super::lines;
use crate::city::village::SOUND;
use crate::city::{check, read, read_demo};

/// The sound city, in which each edit replaces one text of one file.
pub(super) fn city(edits: &[(&str, &str, &str)]) -> TempDir {
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
fn a_rhythm_of_cafes_is_of_a_zoning_and_of_a_sensible_length() {
    let rhythm = |text: &str| {
        let more = format!("dispatcher_desk: regulation\ncafes: {text}\n");
        found(&[("city.yaml", "dispatcher_desk: regulation\n", &more)])
    };
    assert_eq!(rhythm("{zoning: secteurs, every: 12 months}"), Vec::<String>::new());
    assert_eq!(rhythm("{zoning: secteurs, every: 14 days}"), Vec::<String>::new());
    assert_eq!(
        rhythm("{zoning: quartiers, every: 1 month}"),
        ["city.yaml:6: cafes.zoning: there is no zoning « quartiers »"]
    );
    for every in ["0 months", "121 months", "1000 days", "2 weeks", "12", "{months: 1}"] {
        assert_eq!(rhythm(&format!("{{zoning: secteurs, every: {every}}}")).len(), 1, "{every}");
    }
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
            "city.yaml:9: sender.fax: is not known here; known are: address, email, name, phone, returns_to",
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
            "zonings/secteurs.geojson:6: feature 1 (nord).geometry.type: « Point » is not one of: Polygon, MultiPolygon",
            "zonings/secteurs.geojson:7: feature 2 (sud).properties.name: is missing",
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
            "routing.yaml:3: [voirie].when.any_of[1]: there is no category « rods »",
            "routing.yaml:7: [reste].when: this rule matches always, so that no rule after it is ever reached",
            "routing.yaml:11: [vide].when.any_of[0]: the zoning « secteurs » has no area « est »",
            "routing.yaml:12: [vide].send_to[0]: there is no service « desk »",
            "demo.yaml:4: [anne.petit@bourg.example].services[2]: there is no service « port »",
        ]
    );
}

#[test]
fn only_partners_are_sent_links_and_for_a_purpose() {
    let access = "  access: {purpose: {fr: la convention, en: the agreement}}";
    let own = format!("mailbox: voirie@bourg.example\n{access}");
    assert_eq!(
        found(&[("services.yaml", "mailbox: voirie@bourg.example", &own)]),
        ["services.yaml:12: [voirie].access: only a partner is sent links; members of the town hall have accounts"]
    );
    let desk = format!("mailbox: regulation@bourg.example\n{access}");
    assert_eq!(
        found(&[
            ("services.yaml", "mailbox: regulation@bourg.example", &desk),
            (
                "services.yaml",
                "- code: regulation\n  organisation: ville\n  kind: municipal",
                "- code: regulation\n  organisation: ville\n  kind: partner"
            ),
        ]),
        [
            "services.yaml:6: [regulation].access: the dispatcher’s desk is nobody’s partner: what others leave unanswered \
             returns to it"
        ]
    );
    let without = "mailbox: voirie@bourg.example\n  access: {may_see: [photos]}";
    let faults = found(&[("services.yaml", "mailbox: voirie@bourg.example", without)]);
    assert_eq!(faults, ["services.yaml:12: [voirie].access.purpose: is missing"]);
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
fn texts_that_nobody_sees_and_numbers_that_nothing_holds_are_named() {
    let number = |most: &str| {
        let of = format!(
            "parent: roads\n  questions:\n    - code: depth\n      type: number\n      label: {{fr: Fond, en: Depth}}\n      max: {most}\n"
        );
        found(&[("catalogue.yaml", "parent: roads\n", &of)])
    };
    assert_eq!(
        number("99999999999999999999"),
        ["catalogue.yaml:12: [pothole].questions[depth].max: is greater than 9223372036854775807"]
    );
    assert_eq!(
        number("5.0"),
        ["catalogue.yaml:6: [pothole]: holds a number that is not taken here: write a smaller whole number, without \
          point or exponent"]
    );
    assert_eq!(
        found(&[
            ("city.yaml", "name: Bourg\n", "name: \" \"\n"),
            ("organisations.yaml", "name: Ville de Bourg", "name: \"Ville\\0\""),
            ("services.yaml", "fr: Voirie", "fr: \"\\t\""),
            ("zonings/secteurs.geojson", "\"name\": \"Sud\"", "\"name\": \" \\u0000\""),
            ("routing.yaml", "{type: category, any_of: [roads]}", "{type: keywords, any_of: [nid, \"…\"]}"),
            ("demo.yaml", "Anne Petit", "\"  \""),
        ]),
        [
            "city.yaml:1: name: the text is empty",
            "organisations.yaml:3: [ville].name: the text contains a control character",
            "services.yaml:10: [voirie].name.fr: the text is empty",
            "zonings/secteurs.geojson:7: feature 2 (sud).properties.name: the text contains a control character",
            "routing.yaml:3: [voirie].when.any_of[1]: « … » is not a keyword: write one word, or up to five that follow \
             one another, 60 characters at most",
            "demo.yaml:1: [anne.petit@bourg.example].name: the text is empty",
        ]
    );
}

#[test]
fn a_category_without_a_rule_of_its_own_is_worth_a_look() {
    let folder = city(&[("routing.yaml", "any_of: [roads]", "any_of: [pothole]")]);
    let checked = check(folder.path());
    assert_eq!(lines(&checked.faults), Vec::<String>::new());
    assert_eq!(
        lines(&checked.warnings),
        [
            "routing.yaml:5: [reste]: concerns about these only ever reach this rule, which catches all: « Roads » (roads)"
        ]
    );
}

#[test]
fn no_time_at_all_and_two_targets_for_one_category_are_told() {
    let targets = "  calendar: bureau
  targets:
  - {category: pothole, acknowledge_within: 0h, resolve_within: 2d}
  - {category: pothole, acknowledge_within: 0d, resolve_within: 2d}
";
    let of = format!("  mailbox: voirie@bourg.example\n{targets}");
    let faults = found(&[
        ("services.yaml", "  mailbox: voirie@bourg.example\n  calendar: bureau\n", &of),
        ("catalogue.yaml", "resolve_within: 10d", "resolve_within: 0h"),
    ]);
    let none = "no time at all: the ticket would be late at once. Write 1h or more, or 0d for the end of the same day";
    assert_eq!(
        faults,
        [
            format!("services.yaml:14: [voirie].targets[0].acknowledge_within: {none}"),
            "services.yaml:15: [voirie].targets[1].category: the category « pothole » stands here a second time".into(),
            format!("catalogue.yaml:5: [roads].resolve_within: {none}"),
        ]
    );
}

#[test]
fn targets_and_words_of_rules_are_looked_at() {
    let when = "when: {type: any, of: [{type: category, any_of: [roads]}, {type: keywords, any_of: [de la, trou]}]}";
    let rule = |acknowledge: &str| format!("{when}\n  acknowledge_within: {acknowledge}\n  resolve_within: 4h");
    let checked = |acknowledge: &str| {
        let folder = city(&[("routing.yaml", "when: {type: category, any_of: [roads]}", &rule(acknowledge))]);
        let checked = check(folder.path());
        (lines(&checked.faults), lines(&checked.warnings))
    };
    let common = "routing.yaml:3: [voirie].when.of[1].any_of[0]: « de la » stands in nearly every description: the rule would \
                  take nearly everything. Write a word that says more";
    let none = "routing.yaml:4: [voirie].acknowledge_within: no time at all: the ticket would be late at once. Write 1h or \
                more, or 0d for the end of the same day";
    assert_eq!(checked("0h"), (vec![none.to_owned()], vec![common.to_owned()]));
    let late = "routing.yaml:4: [voirie].acknowledge_within: a ticket would have to be settled before it must be taken in hand \
                (`resolve_within` is shorter)";
    assert_eq!(checked("5h"), (vec![], vec![common.to_owned(), late.to_owned()]));
    assert_eq!(checked("4h"), (vec![], vec![common.to_owned()]));
}
