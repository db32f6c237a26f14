//! The people of the demonstration, and the password that they share.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use domain::id::{ServiceCode, UserId};
use domain::language::Language;
use domain::person::Role;
use domain::rights::Person;
use serde::{Deserialize, Serialize};
use store::user::User;
use usecases::Context;

use crate::city::DemoPerson;
use crate::command::Login;

/// The people, with the accounts that they were given.
pub(super) struct Cast {
    people: Vec<(Person, DemoPerson)>,
    password: String,
}

/// What a demonstration's folder remembers.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Mark {
    /// Nobody, until the story was played to its end.
    pub(super) logins: Vec<Login>,
}

/// Makes the accounts. They share a password, made anew for each folder.
pub(super) async fn put(cx: &Context, people: Vec<DemoPerson>) -> Result<Cast> {
    let password = format!("cafe-{:08x}", rand::random::<u32>());
    let hash = cx.passwords.hash(&password)?;
    let tx = cx.store.begin().await?;
    let mut cast = Vec::new();
    for person in people {
        let rights = Person {
            user: UserId(cx.ids.next()),
            roles: person.roles.iter().copied().collect(),
            services: person.services.iter().cloned().collect(),
        };
        let user = User {
            person: rights.clone(),
            email: person.email.clone(),
            name: person.name.clone(),
            language: Language::Fr,
            active: true,
            password_hash: Some(hash.clone()),
            linked: false,
            second_factor: false,
            version: 1,
            created_at: cx.now(),
        };
        tx.add_user(&user).await?;
        cast.push((rights, person));
    }
    tx.commit().await?;
    Ok(Cast { people: cast, password })
}

impl Cast {
    /// The first person with the role.
    pub(super) fn with_role(&self, role: Role) -> Result<&Person> {
        let person = self.people.iter().map(|(person, _)| person).find(|person| person.is(role));
        person.ok_or_else(|| anyhow!("demo.yaml has nobody with the role {}", role.code()))
    }

    /// The first person who works in the service.
    pub(super) fn of_service(&self, service: &ServiceCode) -> Result<&Person> {
        let person = self.people.iter().map(|(person, _)| person).find(|person| person.services.contains(service));
        person.ok_or_else(|| anyhow!("demo.yaml has nobody who works in {service}"))
    }
}

impl Mark {
    /// Everybody: first one for each role, then the others.
    pub(super) fn of(cast: &Cast) -> Self {
        let login = |(rights, person): &(Person, DemoPerson), role: Role| Login {
            role: role.code().to_owned(),
            email: person.email.clone(),
            password: cast.password.clone(),
            name: person.name.clone(),
            services: rights.services.iter().map(ToString::to_string).collect(),
        };
        // The first lines of the README's story go to propreté: its member stands for the role.
        let stands_for = |role: Role| {
            let having = || cast.people.iter().filter(move |(person, _)| person.is(role));
            let cleaner = having().find(|(person, _)| person.services.iter().any(|s| s.as_str() == "proprete"));
            cleaner.or_else(|| having().next()).map(|person| login(person, role))
        };
        let mut logins: Vec<Login> = Role::ALL.into_iter().filter_map(stands_for).collect();
        for person in &cast.people {
            let known = logins.iter().any(|login| login.email == person.1.email);
            if let Some(role) = person.0.roles.iter().next().filter(|_| !known) {
                logins.push(login(person, *role));
            }
        }
        Self { logins }
    }

    /// Whether the story was played to its end; one that was broken off is told again from the beginning.
    pub(super) const fn is_whole(&self) -> bool {
        !self.logins.is_empty()
    }

    /// The login that stands for a role.
    pub(super) fn login(&self, role: Role) -> Option<&Login> {
        self.logins.iter().find(|login| login.role == role.code())
    }

    pub(super) fn read(path: &Path) -> Result<Option<Self>> {
        match fs::read(path) {
            Ok(bytes) => {
                Ok(Some(serde_json::from_slice(&bytes).with_context(|| format!("{} is broken", path.display()))?))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
        }
    }
}
