//! From single files to the city as a whole, and the faults that only the whole shows.
//!
//! A file with faults hides nothing of the others: its sound entries take part, and what would only be wrong because
//! an unsound entry is missing is not reported.

use domain::city::check::Fault;
use domain::city::{City, Settings};
use domain::routing::RuleSet;
use serde_json::{Value, json};

use super::document::{Document, Located};
use super::zoning;

/// The files of a city.
pub(super) struct Files {
    pub(super) city: Document,
    pub(super) organisations: Document,
    pub(super) calendars: Document,
    pub(super) services: Document,
    pub(super) catalogue: Document,
    pub(super) zonings: Vec<Document>,
    pub(super) routing: Document,
}

impl Files {
    /// The city that the sound entries make. What is wrong is noted in the files.
    pub(super) fn assemble(&mut self) -> City {
        let (in_organisations, organisations) = self.organisations.entries().into_iter().unzip();
        let (in_calendars, calendars) = self.calendars.entries().into_iter().unzip();
        let (in_services, services) = self.services.entries().into_iter().unzip();
        let (in_catalogue, catalogue) = self.catalogue.entries().into_iter().unzip();
        let (in_routing, rules) = self.routing.entries().into_iter().unzip();
        let mut in_zonings = Vec::new();
        let mut zonings = Vec::new();
        for document in &mut self.zonings {
            if let Some((numbers, zoning)) = zoning::zoning(document) {
                in_zonings.push((document.name.clone(), numbers));
                zonings.push(zoning);
            }
        }
        let settings = settings(&self.city);
        let city = City {
            settings,
            organisations,
            calendars,
            services,
            catalogue,
            zonings,
            rules: RuleSet::draft(rules),
            letters: Vec::new(),
        };

        let numbers: [(&Document, Vec<usize>); 5] = [
            (&self.organisations, in_organisations),
            (&self.calendars, in_calendars),
            (&self.services, in_services),
            (&self.catalogue, in_catalogue),
            (&self.routing, in_routing),
        ];
        let (mut faults, mut warnings) = (city.check(), city.warnings());
        for fault in faults.iter_mut().chain(&mut warnings) {
            if let Some((_, numbers)) = numbers.iter().find(|(document, _)| document.name == fault.file) {
                fault.pointer = in_file(&fault.pointer, numbers);
            } else if let Some((_, numbers)) = in_zonings.iter().find(|(name, _)| *name == fault.file)
                && let Some(pointer) = fault.pointer.strip_prefix("/features")
            {
                fault.pointer = format!("/features{}", in_file(pointer, numbers));
            }
        }
        faults.retain(|fault| self.is_certain(fault));
        warnings.retain(|warning| self.is_certain(warning));
        for Fault { file, pointer, message, .. } in faults {
            if let Some(document) = self.iter_mut().find(|document| document.name == file) {
                document.add(&pointer, message);
            }
        }
        for Fault { file, pointer, message, .. } in warnings {
            if let Some(document) = self.iter_mut().find(|document| document.name == file) {
                document.warn(&pointer, message);
            }
        }
        city
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut Document> {
        let Self { city, organisations, calendars, services, catalogue, zonings, routing } = self;
        [city, organisations, calendars, services, catalogue].into_iter().chain(zonings).chain([routing])
    }

    /// All that is wrong, file by file.
    pub(super) fn faults(&mut self) -> Vec<Located> {
        self.iter_mut().flat_map(Document::faults).collect()
    }

    /// All that is worth a look without being wrong, file by file.
    pub(super) fn warnings(&mut self) -> Vec<Located> {
        self.iter_mut().flat_map(Document::warnings).collect()
    }

    /// Whether the fault would stand if all other faults were mended: false for a reference to an entry that is in the
    /// files but unsound.
    fn is_certain(&self, fault: &Fault) -> bool {
        if fault.needs_the_whole && !self.all_sound() {
            return false;
        }
        let from = match fault.file.as_str() {
            "city.yaml" => &self.city,
            "services.yaml" => &self.services,
            "catalogue.yaml" => &self.catalogue,
            "routing.yaml" => &self.routing,
            other => match self.zonings.iter().find(|zoning| zoning.name == other) {
                Some(zoning) => zoning,
                None => return true,
            },
        };
        let Fault { pointer, .. } = fault;
        if pointer.is_empty() {
            return from.is_sound("");
        }
        let Some(name) = pointer.rsplit('/').find(|part| part.parse::<usize>().is_err()) else { return true };
        let list = match name {
            "organisation" | "road_owner" | "land_owner" => &self.organisations,
            "calendar" => &self.calendars,
            "category" | "parent" => &self.catalogue,
            "dispatcher_desk" | "send_to" | "watchers" => &self.services,
            "any_of" if matches!(condition_type(from, pointer), Some("road_owner" | "land_owner")) => {
                &self.organisations
            }
            "any_of" if condition_type(from, pointer) == Some("category") => &self.catalogue,
            "any_of" if condition_type(from, pointer) == Some("area") => {
                let zoning = pointer.rsplit_once("/any_of").and_then(|(at, _)| from.text_at(&format!("{at}/zoning")));
                return zoning.is_some_and(|code| self.knows_all_areas(code));
            }
            "territory" | "zoning" => return from.text_at(pointer).is_some_and(|code| self.lacks_zoning(code)),
            _ => return true,
        };
        from.text_at(pointer).is_some_and(|code| !may_hold_unsound(list, code))
    }

    /// Whether every entry of every file took part.
    fn all_sound(&self) -> bool {
        let Self { city, organisations, calendars, services, catalogue, zonings, routing } = self;
        let files = [city, organisations, calendars, services, catalogue, routing].into_iter().chain(zonings);
        !zonings.is_empty() && files.into_iter().all(|document| document.is_sound(""))
    }

    /// Whether the file of that zoning is sound, so that it has no other areas.
    fn knows_all_areas(&self, code: &str) -> bool {
        let file = format!("zonings/{code}.geojson");
        self.zonings.iter().any(|document| document.name == file && document.is_sound(""))
    }

    fn lacks_zoning(&self, code: &str) -> bool {
        let file = format!("zonings/{code}.geojson");
        !self.zonings.is_empty() && self.zonings.iter().all(|document| document.name != file)
    }
}

/// The `type` of the condition that a pointer into its `any_of` stands in.
fn condition_type<'a>(routing: &'a Document, pointer: &str) -> Option<&'a str> {
    let (condition, _) = pointer.rsplit_once("/any_of")?;
    routing.text_at(&format!("{condition}/type"))
}

/// Whether the list has an entry of that code which is unsound, as far as its codes can be known.
fn may_hold_unsound(list: &Document, code: &str) -> bool {
    list.codes().is_none_or(|codes| {
        codes.iter().position(|known| *known == code).is_some_and(|at| !list.is_sound(&format!("/{at}")))
    })
}

/// The pointer with the entry's number in the file, from one with its number among the sound entries.
fn in_file(pointer: &str, numbers: &[usize]) -> String {
    let mut parts: Vec<String> = pointer.split('/').map(str::to_owned).collect();
    if let Some(part) = parts.get_mut(1)
        && let Some(number) = part.parse().ok().and_then(|at: usize| numbers.get(at))
    {
        *part = number.to_string();
    }
    parts.join("/")
}

/// The sound settings; stand-ins, which no message shows, take the place of the others.
fn settings(document: &Document) -> Settings {
    let mut settings = json!({
        "name": "-", "insee": "00000", "reference_prefix": "XX", "territory": "x", "dispatcher_desk": "x",
        "sender": { "name": "-", "email": "-", "address": "-", "phone": "-" },
    });
    if let (Value::Object(fields), Some(Value::Object(written))) = (&mut settings, document.at("")) {
        for (name, value) in written {
            if document.is_sound(&format!("/{name}")) {
                fields.insert(name.clone(), value.clone());
            }
        }
    }
    serde_json::from_value(settings).expect("the stand-ins fit, and what is sound has passed the schema")
}
