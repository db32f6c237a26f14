//! Looking through a city as a whole: every fault at once, each with the file and the place in it.

mod question;
mod zoning;

use std::collections::BTreeSet;

use super::City;
use super::catalogue::Sensitivity;
use super::organisation::ServiceKind;
use crate::language::Language;
use crate::routing;
use crate::time::Target;

/// Something wrong in a city's files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file, as named in the city's folder.
    pub file: String,
    /// The JSON pointer (RFC 6901) of the field inside the file; empty for the whole file.
    pub pointer: String,
    /// What is wrong, in words that a clerk understands.
    pub message: String,
    /// Whether it may only seem so because something else is wrong: it follows from the city as a whole.
    pub needs_the_whole: bool,
}

/// What is wrong with the rules, as a fault of their file.
fn of_rules(fault: routing::check::Fault) -> Fault {
    let routing::check::Fault { pointer, kind, .. } = fault;
    let message = kind.message(Language::En);
    Fault { file: "routing.yaml".to_owned(), pointer, message, needs_the_whole: kind.needs_the_whole() }
}

#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, file: &str, pointer: impl Into<String>, message: impl Into<String>) {
        self.0.push(Fault {
            file: file.to_owned(),
            pointer: pointer.into(),
            message: message.into(),
            needs_the_whole: false,
        });
    }

    /// Targets that leave no time at all, among those that stand there.
    fn check_targets(&mut self, file: &str, pointer: &str, acknowledge: Target, resolve: Target) {
        for (field, target) in [("acknowledge_within", acknowledge), ("resolve_within", resolve)] {
            if target == Target::Hours(0) {
                self.add(file, format!("{pointer}/{field}"), routing::check::Kind::NoTime.message(Language::En));
            }
        }
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
        self.check_settings(&services, &mut faults);
        self.check_calendars(&mut faults);
        self.check_services(&organisations, &calendars, &categories, &mut faults);
        self.check_catalogue(&mut faults);
        self.check_zonings(&organisations, &mut faults);
        // What a service lacks is told of the service.
        let rules = self.rules.check(self, None).into_iter().filter(|fault| !fault.kind.is_of_service());
        faults.0.extend(rules.map(of_rules));
        faults.0
    }

    /// What is worth a look without being wrong.
    #[must_use]
    pub fn warnings(&self) -> Vec<Fault> {
        let rules = self.rules.warnings(self).into_iter().map(of_rules);
        self.uncovered().into_iter().chain(rules).collect()
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
        let of_cafes = settings.cafes.as_ref().map(|cadence| &cadence.zoning);
        if let Some(zoning) = of_cafes.filter(|code| !zonings.iter().any(|zoning| zoning.code == **code)) {
            faults.add("city.yaml", "/cafes/zoning", format!("there is no zoning « {zoning} »"));
        }
        let of_open_data = settings.open_data.as_ref().map(|open_data| &open_data.zoning);
        if let Some(zoning) = of_open_data.filter(|code| !zonings.iter().any(|zoning| zoning.code == **code)) {
            faults.add("city.yaml", "/open_data/zoning", format!("there is no zoning « {zoning} »"));
        }
        if let Some(step) = settings.retention.out_of_order() {
            faults.add("city.yaml", format!("/retention/{step}"), "shorter than what goes before it");
        }
        if !(1..=100_000).contains(&settings.retention.at_most) {
            faults.add("city.yaml", "/retention/at_most", "expected 1 to 100 000");
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
            if service.access.is_some() && service.kind != ServiceKind::Partner {
                faults.add(
                    file,
                    format!("/{at}/access"),
                    "only a partner is sent links; members of the town hall have accounts",
                );
            }
            if service.access.is_some() && service.code == self.settings.dispatcher_desk {
                faults.add(
                    file,
                    format!("/{at}/access"),
                    "the dispatcher’s desk is nobody’s partner: what others leave unanswered returns to it",
                );
            }
            for (target, own) in service.targets.iter().enumerate() {
                let pointer = format!("/{at}/targets/{target}");
                if !categories.contains(own.category.as_str()) {
                    let message = format!("there is no category « {} »", own.category);
                    faults.add(file, format!("{pointer}/category"), message);
                }
                if service.targets[..target].iter().any(|earlier| earlier.category == own.category) {
                    let message = format!("the category « {} » stands here a second time", own.category);
                    faults.add(file, format!("{pointer}/category"), message);
                }
                faults.check_targets(file, &pointer, own.acknowledge_within, own.resolve_within);
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
            faults.check_targets(file, &format!("/{at}"), category.acknowledge_within, category.resolve_within);
            question::check_questions(category, &format!("/{at}"), faults);
        }
    }
}
