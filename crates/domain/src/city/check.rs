//! Looking through a city as a whole: every fault at once, each with the file and the place in it.

mod question;

use std::collections::{BTreeMap, BTreeSet};

use super::City;
use super::catalogue::Sensitivity;
use super::routing::Condition;
use crate::id::{AreaCode, ZoningCode};

/// Something wrong in a city's files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file, as named in the city's folder.
    pub file: String,
    /// The JSON pointer (RFC 6901) of the field inside the file; empty for the whole file.
    pub pointer: String,
    /// What is wrong, in words that a clerk understands.
    pub message: String,
}

#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, file: &str, pointer: impl Into<String>, message: impl Into<String>) {
        self.0.push(Fault { file: file.to_owned(), pointer: pointer.into(), message: message.into() });
    }

    fn unique<'a>(&mut self, file: &str, what: &str, codes: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let mut seen = BTreeSet::new();
        for (at, code) in codes.enumerate() {
            if !seen.insert(code) {
                self.add(file, format!("/{at}/code"), format!("the {what} « {code} » stands here a second time"));
            }
        }
        seen
    }
}

impl City {
    /// Everything that is wrong with the city as a whole; empty when it can be loaded.
    #[must_use]
    pub fn check(&self) -> Vec<Fault> {
        let mut faults = Faults::default();
        let organisations = faults.unique(
            "organisations.yaml",
            "organisation",
            self.organisations.iter().map(|organisation| organisation.code.as_str()),
        );
        let calendars =
            faults.unique("calendars.yaml", "calendar", self.calendars.iter().map(|calendar| calendar.code.as_str()));
        let services =
            faults.unique("services.yaml", "service", self.services.iter().map(|service| service.code.as_str()));
        let categories =
            faults.unique("catalogue.yaml", "category", self.catalogue.iter().map(|category| category.code.as_str()));
        faults.unique("routing.yaml", "rule", self.rules.iter().map(|rule| rule.code.as_str()));
        self.check_settings(&services, &mut faults);
        self.check_calendars(&mut faults);
        self.check_services(&organisations, &calendars, &categories, &mut faults);
        self.check_catalogue(&mut faults);
        self.check_zonings(&mut faults);
        self.check_routing(&services, &categories, &mut faults);
        faults.0
    }

    fn check_settings(&self, services: &BTreeSet<&str>, faults: &mut Faults) {
        let Self { settings, zonings, .. } = self;
        if !zonings.iter().any(|zoning| zoning.code == settings.territory) {
            faults.add("city.yaml", "/territory", format!("there is no zoning « {} »", settings.territory));
        }
        if !services.contains(settings.dispatcher_desk.as_str()) {
            faults.add(
                "city.yaml",
                "/dispatcher_desk",
                format!("there is no service « {} »", settings.dispatcher_desk),
            );
        }
        for (at, rungs) in settings.reminders.windows(2).enumerate() {
            if rungs[1].at < rungs[0].at {
                let message = "a rung comes after those that are climbed earlier";
                faults.add("city.yaml", format!("/reminders/{}/at", at + 1), message);
            }
        }
    }

    fn check_calendars(&self, faults: &mut Faults) {
        for (at, calendar) in self.calendars.iter().enumerate() {
            for (pointer, message) in calendar.faults() {
                faults.add("calendars.yaml", format!("/{at}{pointer}"), message);
            }
        }
    }

    fn check_services(
        &self,
        organisations: &BTreeSet<&str>,
        calendars: &BTreeSet<&str>,
        categories: &BTreeSet<&str>,
        faults: &mut Faults,
    ) {
        let file = "services.yaml";
        for (at, service) in self.services.iter().enumerate() {
            if !organisations.contains(service.organisation.as_str()) {
                let message = format!("there is no organisation « {} »", service.organisation);
                faults.add(file, format!("/{at}/organisation"), message);
            }
            if !calendars.contains(service.calendar.as_str()) {
                faults.add(file, format!("/{at}/calendar"), format!("there is no calendar « {} »", service.calendar));
            }
            for (target, own) in service.targets.iter().enumerate() {
                if !categories.contains(own.category.as_str()) {
                    let pointer = format!("/{at}/targets/{target}/category");
                    faults.add(file, pointer, format!("there is no category « {} »", own.category));
                }
            }
        }
    }

    fn check_catalogue(&self, faults: &mut Faults) {
        let file = "catalogue.yaml";
        for (at, category) in self.catalogue.iter().enumerate() {
            if let Some(code) = &category.parent {
                match self.category(code) {
                    None => faults.add(file, format!("/{at}/parent"), format!("there is no category « {code} »")),
                    Some(parent) if parent.parent.is_some() => {
                        faults.add(file, format!("/{at}/parent"), "the catalogue has two levels at most");
                    }
                    Some(_) => {}
                }
            }
            if category.sensitivity == Sensitivity::SignpostOnly && category.emergency.is_none() {
                faults.add(file, format!("/{at}"), "a signpost_only category needs `emergency`: whom to call");
            }
            if category.hidden_from_referrer && category.sensitivity != Sensitivity::Restricted {
                let message = "only a restricted category can be hidden from the referrer";
                faults.add(file, format!("/{at}/hidden_from_referrer"), message);
            }
            question::check_questions(category, &format!("/{at}"), faults);
        }
    }

    fn check_zonings(&self, faults: &mut Faults) {
        for zoning in &self.zonings {
            let file = format!("zonings/{}.geojson", zoning.code);
            if zoning.areas.is_empty() {
                faults.add(&file, "/features", "the zoning has no area");
            }
            let mut seen = BTreeSet::new();
            for (at, area) in zoning.areas.iter().enumerate() {
                if !seen.insert(&area.code) {
                    let message = format!("the area « {} » stands here a second time", area.code);
                    faults.add(&file, format!("/features/{at}/properties/code"), message);
                }
                if area.shape().0.iter().any(|polygon| polygon.exterior().0.len() < 4) {
                    let pointer = format!("/features/{at}/geometry");
                    faults.add(&file, pointer, "a polygon needs at least four positions, the last equal to the first");
                }
            }
        }
    }

    fn check_routing(&self, services: &BTreeSet<&str>, categories: &BTreeSet<&str>, faults: &mut Faults) {
        let file = "routing.yaml";
        let areas: BTreeMap<&ZoningCode, BTreeSet<&AreaCode>> =
            self.zonings.iter().map(|z| (&z.code, z.areas.iter().map(|area| &area.code).collect())).collect();
        for (at, rule) in self.rules.iter().enumerate() {
            for (to, service) in rule.send_to.iter().enumerate() {
                if !services.contains(service.as_str()) {
                    faults.add(file, format!("/{at}/send_to/{to}"), format!("there is no service « {service} »"));
                }
                if rule.send_to[..to].contains(service) {
                    let message = format!("the rule sends to « {service} » twice");
                    faults.add(file, format!("/{at}/send_to/{to}"), message);
                }
            }
            self.check_condition(&rule.when, &format!("/{at}/when"), categories, &areas, faults);
            let is_last = at + 1 == self.rules.len();
            if rule.when == Condition::Always && !is_last {
                let message = "this rule matches always, so that no rule after it is ever reached";
                faults.add(file, format!("/{at}/when"), message);
            }
        }
        if self.rules.last().is_none_or(|rule| rule.when != Condition::Always) {
            faults.add(
                file,
                "",
                "the last rule must match always (`when: {type: always}`), so that no concern is lost",
            );
        }
    }

    fn check_condition(
        &self,
        condition: &Condition,
        pointer: &str,
        categories: &BTreeSet<&str>,
        areas: &BTreeMap<&ZoningCode, BTreeSet<&AreaCode>>,
        faults: &mut Faults,
    ) {
        let file = "routing.yaml";
        match condition {
            Condition::Always | Condition::Origin { .. } => {}
            Condition::Category { any_of } => {
                for (at, category) in any_of.iter().enumerate() {
                    if !categories.contains(category.as_str()) {
                        let message = format!("there is no category « {category} »");
                        faults.add(file, format!("{pointer}/any_of/{at}"), message);
                    }
                }
            }
            Condition::Area { zoning, any_of } => {
                let Some(known) = areas.get(zoning) else {
                    faults.add(file, format!("{pointer}/zoning"), format!("there is no zoning « {zoning} »"));
                    return;
                };
                for (at, area) in any_of.iter().enumerate() {
                    if !known.contains(area) {
                        let message = format!("the zoning « {zoning} » has no area « {area} »");
                        faults.add(file, format!("{pointer}/any_of/{at}"), message);
                    }
                }
            }
            Condition::Answer { category, question, any_of, at_least, at_most } => {
                let bounded = at_least.is_some() || at_most.is_some();
                self.check_answer((category, question), any_of, bounded, pointer, faults);
            }
            Condition::All { of } | Condition::Any { of } => {
                for (at, part) in of.iter().enumerate() {
                    self.check_condition(part, &format!("{pointer}/of/{at}"), categories, areas, faults);
                }
            }
            Condition::Not { of } => self.check_condition(of, &format!("{pointer}/of"), categories, areas, faults),
        }
    }
}
