//! The people of the demonstration (`demo.yaml`).

use std::collections::BTreeSet;

use domain::city::organisation::{Service, ServiceKind};
use domain::id::ServiceCode;
use domain::person::Role;
use domain::text::VISIBLE;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::document::Document;

/// An invented person, for trying the program out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DemoPerson {
    /// First name and family name.
    #[schemars(length(min = 1, max = 120), regex(pattern = VISIBLE))]
    pub name: String,
    /// The address to log in with.
    #[schemars(email)]
    pub email: String,
    /// What the person may do.
    #[schemars(length(min = 1))]
    pub roles: Vec<Role>,
    /// The services that the person works in.
    #[serde(default)]
    pub services: Vec<ServiceCode>,
}

/// The sound people of the file; what is wrong is noted in it.
pub(super) fn people(document: &mut Document, services: &mut Document) -> Vec<DemoPerson> {
    let people: Vec<(usize, DemoPerson)> = document.entries();
    let mut emails = BTreeSet::new();
    for (at, person) in &people {
        if !emails.insert(person.email.to_lowercase()) {
            let message = format!("the address « {} » stands here a second time", person.email);
            document.add(&format!("/{at}/email"), message);
        }
        if person.roles.iter().any(|role| role.is_in_a_service()) == person.services.is_empty() {
            let message = "a role in a service and the services where the person works go together";
            document.add(&format!("/{at}/services"), message);
        }
    }
    let all: Vec<(usize, Service)> = services.entries();
    if let Some(known) = services.codes() {
        for (at, person) in &people {
            for (nth, service) in person.services.iter().enumerate() {
                if !known.contains(&service.as_str()) {
                    document.add(&format!("/{at}/services/{nth}"), format!("there is no service « {service} »"));
                }
            }
        }
    }
    if document.is_sound("") {
        let staffed: BTreeSet<&ServiceCode> = people.iter().flat_map(|(_, person)| &person.services).collect();
        let idle: Vec<&str> = all
            .iter()
            .map(|(_, service)| service)
            .filter(|service| service.kind == ServiceKind::Municipal && !staffed.contains(&service.code))
            .map(|service| service.code.as_str())
            .collect();
        if !idle.is_empty() {
            document.add("", format!("nobody works in these municipal services: {}", idle.join(", ")));
        }
    }
    people.into_iter().map(|(_, person)| person).collect()
}
