//! Changing a program: it takes effect with its next request, on every instance.

use std::collections::BTreeSet;

use auth::Grant;
use auth::permission::ManageClients;
use domain::audit::Act;
use domain::email::EmailAddress;
use domain::id::{CategoryCode, ClientId, ServiceCode};
use domain::rights::ClientScope;
use domain::text::Title;
use serde_json::Value;
use store::Error;
use store::client::Registered;

use super::{Fault, faults};
use crate::{Context, NoCity, of, put};

/// Change a program: what is given.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// How people call it.
    pub name: Option<Title>,
    /// The e-mail address of who looks after it.
    pub contact: Option<EmailAddress>,
    /// What it may do.
    pub scopes: Option<BTreeSet<ClientScope>>,
    /// The services that it is limited to; empty: not limited.
    pub services: Option<BTreeSet<ServiceCode>>,
    /// The categories that it is limited to; empty: not limited.
    pub categories: Option<BTreeSet<CategoryCode>>,
    /// Its public keys; a set without keys takes them away.
    pub jwks: Option<Value>,
    /// Whether it can do anything at all.
    pub active: Option<bool>,
}

/// Why a program is not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no such program.
    #[error("there is no such program")]
    NotFound,
    /// It has changed since the caller saw it.
    #[error("the program has changed; it is at version {0} now")]
    Stale(i64),
    /// Something is wrong with what it shall be: every fault at once.
    #[error("the program cannot be changed: {0:?}")]
    Invalid(Vec<Fault>),
    /// Another is called so.
    #[error("there is a program of that name already")]
    Taken,
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(Error),
}

impl From<Error> for ChangeError {
    fn from(error: Error) -> Self {
        if error.constraint() == Some("api_client_name_key") { Self::Taken } else { Self::Store(error) }
    }
}

/// Changes a program that the caller has seen in one of these versions.
///
/// # Errors
/// See [`ChangeError`].
pub async fn change(
    cx: &Context,
    who: &Grant<ManageClients>,
    id: ClientId,
    seen: &[i64],
    cmd: Change,
) -> Result<Registered, ChangeError> {
    let loaded = cx.city()?;
    let tx = cx.store.begin().await?;
    let before = tx.lock_client(id, cx.now()).await?.ok_or(ChangeError::NotFound)?;
    if !seen.contains(&before.version) {
        return Err(ChangeError::Stale(before.version));
    }
    let mut after = before.clone();
    let changed = apply(&mut after, cmd);
    if changed.is_empty() {
        return Ok(before);
    }
    let faults = faults(&after.client, after.jwks.as_ref(), of(&loaded));
    if !faults.is_empty() {
        return Err(ChangeError::Invalid(faults));
    }
    after.version += 1;
    tx.save_client(&after, cx.now()).await?;
    for act in acts(&changed, &after) {
        tx.audit(&who.record(act, cx.now()));
    }
    tx.commit().await?;
    Ok(after)
}

/// What is recorded: that it was disabled, and whatever else was changed with it.
fn acts(changed: &[&str], after: &Registered) -> Vec<Act> {
    let (now, has) = (&after.client, |field| changed.contains(&field));
    let disabled = has("active") && !after.active;
    let others: Vec<String> =
        changed.iter().filter(|field| !(disabled && **field == "active")).map(ToString::to_string).collect();
    let changed = (!others.is_empty()).then(|| Act::ClientChanged {
        client: now.client,
        scopes: has("scopes").then(|| now.scopes.iter().map(|scope| scope.code().to_owned()).collect()),
        services: has("services").then(|| now.services.iter().cloned().collect()),
        categories: has("categories").then(|| now.categories.iter().cloned().collect()),
        changed: others,
    });
    changed.into_iter().chain(disabled.then_some(Act::ClientDisabled { client: now.client })).collect()
}

/// Applies what is given; returns the fields that differ by it.
fn apply(one: &mut Registered, cmd: Change) -> Vec<&'static str> {
    let Change { name, contact, scopes, services, categories, jwks, active } = cmd;
    let jwks = jwks.map(|set| Some(set).filter(|set| set["keys"].as_array().is_none_or(|keys| !keys.is_empty())));
    let put = [
        ("name", put(&mut one.name, name.map(String::from))),
        ("contact", put(&mut one.contact, contact.map(String::from))),
        ("scopes", put(&mut one.client.scopes, scopes)),
        ("services", put(&mut one.client.services, services)),
        ("categories", put(&mut one.client.categories, categories)),
        ("jwks", put(&mut one.jwks, jwks)),
        ("active", put(&mut one.active, active)),
    ];
    put.into_iter().filter(|(_, changed)| *changed).map(|(field, _)| field).collect()
}
