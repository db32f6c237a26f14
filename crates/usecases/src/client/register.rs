//! Registering a program.

use std::collections::BTreeSet;

use auth::Grant;
use auth::permission::ManageClients;
use domain::audit::Act;
use domain::email::EmailAddress;
use domain::id::{CategoryCode, ClientId, ServiceCode};
use domain::rights::{Client, ClientScope};
use domain::text::Title;
use serde_json::Value;
use store::Error;
use store::client::Registered;

use super::{Fault, faults};
use crate::once::{Done, KeyReused, Once};
use crate::{Context, NoCity, of};

/// Register a program.
#[derive(Debug, Clone)]
pub struct Register {
    /// How people call it.
    pub name: Title,
    /// The e-mail address of who looks after it.
    pub contact: EmailAddress,
    /// What it may do.
    pub scopes: BTreeSet<ClientScope>,
    /// The services that it is limited to; empty: not limited.
    pub services: BTreeSet<ServiceCode>,
    /// The categories that it is limited to; empty: not limited.
    pub categories: BTreeSet<CategoryCode>,
    /// The public keys with which it proves who it is, if it does so.
    pub jwks: Option<Value>,
}

/// Why a program is not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Something is wrong with it: every fault at once.
    #[error("the program cannot be registered: {0:?}")]
    Invalid(Vec<Fault>),
    /// Another is called so.
    #[error("there is a program of that name already")]
    Taken,
    /// The idempotency key was used for another request.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// No city is loaded.
    #[error(transparent)]
    NoCity(#[from] NoCity),
    /// The database does not answer.
    #[error(transparent)]
    Store(Error),
}

impl From<Error> for RegisterError {
    fn from(error: Error) -> Self {
        if error.constraint() == Some("api_client_name_key") { Self::Taken } else { Self::Store(error) }
    }
}

/// Registers a program. It has no secret yet.
///
/// # Errors
/// See [`RegisterError`].
pub async fn register(
    cx: &Context,
    who: &Grant<ManageClients>,
    cmd: Register,
    once: Once<'_, Registered>,
) -> Result<Done<Registered>, RegisterError> {
    let Register { name, contact, scopes, services, categories, jwks } = cmd;
    let client = Client { client: ClientId(cx.ids.next()), scopes, services, categories };
    let faults = faults(&client, jwks.as_ref(), of(&*cx.city()?));
    if !faults.is_empty() {
        return Err(RegisterError::Invalid(faults));
    }
    let new = Registered {
        client,
        name: name.into(),
        contact: contact.into(),
        jwks,
        active: true,
        version: 1,
        created_at: cx.now(),
        created_by: who.person().user,
        last_used_at: None,
        secrets: Vec::new(),
    };
    once.run(cx, async |tx| {
        tx.add_client(&new).await?;
        let scopes = new.client.scopes.iter().map(|scope| scope.code().to_owned()).collect();
        let services = new.client.services.iter().cloned().collect();
        let categories = new.client.categories.iter().cloned().collect();
        let act = Act::ClientCreated { client: new.client.client, scopes, services, categories };
        tx.audit(&who.record(act, cx.now()));
        Ok(new)
    })
    .await
}
