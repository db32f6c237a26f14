//! The files of a small city in which nothing is wrong: tests plant faults in it, and zonings that are found are added to it.

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
/// Its territory: two triangles, one above the other.
pub(crate) const SECTEURS: &str = r#"{
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

/// Its files.
pub(crate) const SOUND: [(&str, &str); 8] = [
    ("city.yaml", CITY),
    ("organisations.yaml", ORGANISATIONS),
    ("calendars.yaml", CALENDARS),
    ("services.yaml", SERVICES),
    ("catalogue.yaml", CATALOGUE),
    ("zonings/secteurs.geojson", SECTEURS),
    ("routing.yaml", ROUTING),
    ("demo.yaml", DEMO),
];
