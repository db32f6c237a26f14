//! Looking through a rule set as a whole: every fault at once, each with the rule and the place.
//!
//! A set without faults leaves no concern without a service: its last rule matches always, and every rule names services
//! that are in use. Whether somebody works in them is known to the database only; the caller tells.

mod answer;
mod fault;
mod never;
mod reach;
mod warning;

use std::collections::BTreeSet;

use super::condition::Condition;
use super::{Rule, RuleSet};
use crate::city::City;
use crate::city::organisation::{Service, ServiceKind};
use crate::email::EmailAddress;
use crate::id::{AreaCode, OrganisationCode, ServiceCode, ZoningCode};
use crate::time::Target;
pub use fault::{Fault, Kind, Named};
pub use never::Never;
use reach::Reach;

struct Faults(Vec<Fault>);

impl Faults {
    fn add(&mut self, rule: &Rule, pointer: String, kind: Kind) {
        self.0.push(Fault { rule: Some(rule.code.clone()), pointer, kind });
    }
}

impl RuleSet {
    /// Everything that is wrong with the set; empty when it can be published. `staffed` are the services that somebody
    /// with an account belongs to; none to leave that out.
    #[must_use]
    pub fn check(&self, city: &City, staffed: Option<&BTreeSet<ServiceCode>>) -> Vec<Fault> {
        let mut faults = Faults(Vec::new());
        let mut seen = BTreeSet::new();
        let mut readable = Vec::new();
        for (at, rule) in self.rules.iter().enumerate() {
            if !seen.insert(&rule.code) {
                faults.add(rule, format!("/{at}/code"), Kind::RepeatedRule(rule.code.clone()));
            }
            let before = faults.0.len();
            check_condition(city, rule, &rule.when, format!("/{at}/when"), &mut faults);
            readable.push(faults.0.len() == before);
            check_services(city, rule, at, staffed, &mut faults);
            for (field, target) in rule.targets().by_field() {
                if target == Target::Hours(0) {
                    faults.add(rule, format!("/{at}/{field}"), Kind::NoTime);
                }
            }
            if rule.when == (Condition::Always {}) && at + 1 < self.rules.len() {
                faults.add(rule, format!("/{at}/when"), Kind::AlwaysBeforeLast);
            }
        }
        // One that stands too early has been told of already: it only has to go last.
        if !self.rules.iter().any(|rule| rule.when == (Condition::Always {})) {
            faults.0.push(Fault { rule: None, pointer: String::new(), kind: Kind::NoCatchAll });
        }
        Reach::of(self, city, &readable).faults(&mut faults);
        faults.0
    }
}

fn check_services(city: &City, rule: &Rule, at: usize, staffed: Option<&BTreeSet<ServiceCode>>, faults: &mut Faults) {
    if rule.send_to.is_empty() {
        faults.add(rule, format!("/{at}/send_to"), Kind::NoService);
    }
    let sent = rule.send_to.iter().enumerate().map(|(to, code)| (format!("/{at}/send_to/{to}"), code, true));
    let watching = rule.watchers.iter().enumerate().map(|(to, code)| (format!("/{at}/watchers/{to}"), code, false));
    let mut seen = BTreeSet::new();
    for (pointer, code, acts) in sent.chain(watching) {
        match city.service(code) {
            None => faults.add(rule, pointer.clone(), Kind::UnknownService(code.clone())),
            Some(service) => {
                let staffed = staffed.filter(|_| acts && service.kind == ServiceKind::Municipal);
                faults.0.extend(unfit(city, service, staffed).map(|kind| Fault {
                    rule: Some(rule.code.clone()),
                    pointer: pointer.clone(),
                    kind,
                }));
            }
        }
        if !seen.insert(code) {
            faults.add(rule, pointer, Kind::RepeatedService(code.clone()));
        }
    }
}

/// What a service lacks to receive tickets.
fn unfit(
    city: &City,
    service: &Service,
    staffed: Option<&BTreeSet<ServiceCode>>,
) -> impl Iterator<Item = Kind> + use<> {
    let named = || Named::from(service);
    let no_mailbox = service.mailbox.parse::<EmailAddress>().is_err();
    let no_calendar = city.calendar(&service.calendar).is_none();
    let no_member = staffed.is_some_and(|staffed| !staffed.contains(&service.code));
    let lacks = [
        no_mailbox.then(|| Kind::ServiceWithoutMailbox(named())),
        no_calendar.then(|| Kind::ServiceWithoutCalendar(named())),
        no_member.then(|| Kind::ServiceWithoutMember(named())),
    ];
    lacks.into_iter().flatten()
}

fn check_condition(city: &City, rule: &Rule, condition: &Condition, pointer: String, faults: &mut Faults) {
    match condition {
        Condition::Always {}
        | Condition::Origin { .. }
        | Condition::Priority { .. }
        | Condition::Sensitivity { .. }
        | Condition::Keywords { .. }
        | Condition::Weekday { .. } => {}
        Condition::Hour { from, to } => {
            if from == to || *from > 23 || *to > 24 || *to == 0 {
                faults.add(rule, pointer, Kind::NoHours);
            }
        }
        Condition::Category { any_of } => {
            for (at, code) in any_of.iter().enumerate().filter(|(_, code)| city.category(code).is_none()) {
                faults.add(rule, format!("{pointer}/any_of/{at}"), Kind::UnknownCategory(code.clone()));
            }
        }
        Condition::Area { zoning, any_of } => check_areas(city, rule, (zoning, any_of), &pointer, faults),
        Condition::RoadOwner { any_of } | Condition::LandOwner { any_of } => {
            let known =
                |code: &OrganisationCode| city.organisations.iter().any(|organisation| organisation.code == *code);
            for (at, code) in any_of.iter().enumerate().filter(|(_, code)| !known(code)) {
                faults.add(rule, format!("{pointer}/any_of/{at}"), Kind::UnknownOrganisation(code.clone()));
            }
        }
        Condition::Answer { category, question, any_of, at_least, at_most } => {
            let bounded = at_least.is_some() || at_most.is_some();
            let found = answer::check(city, (category, question), any_of, bounded);
            for (field, kind) in found {
                faults.add(rule, format!("{pointer}{field}"), kind);
            }
        }
        Condition::All { of } | Condition::Any { of } => {
            for (at, part) in of.iter().enumerate() {
                check_condition(city, rule, part, format!("{pointer}/of/{at}"), faults);
            }
        }
        Condition::Not { of } => check_condition(city, rule, of, format!("{pointer}/of"), faults),
    }
}

fn check_areas(
    city: &City,
    rule: &Rule,
    (zoning, any_of): (&ZoningCode, &[AreaCode]),
    pointer: &str,
    faults: &mut Faults,
) {
    let Some(known) = city.zoning(zoning) else {
        faults.add(rule, format!("{pointer}/zoning"), Kind::UnknownZoning(zoning.clone()));
        return;
    };
    for (at, area) in any_of.iter().enumerate().filter(|(_, area)| known.area(area).is_none()) {
        let kind = Kind::UnknownArea { zoning: zoning.clone(), area: area.clone() };
        faults.add(rule, format!("{pointer}/any_of/{at}"), kind);
    }
}
