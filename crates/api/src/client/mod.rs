//! `/v1/clients`: programs that use the API, for those who administer them.

mod change;
mod list;
mod read;
mod register;
mod secret;

use std::collections::BTreeSet;

use crate::openapi::Routes;
use chrono::{DateTime, Utc};
use domain::id::ClientId;
use domain::rights::ClientScope;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use usecases::client::{Registered, SecretInfo, SecretKind};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::request::path::{Id, id_path};

pub(crate) fn routes(config: &mut impl Routes) {
    config
        .service(list::list)
        .service(register::register)
        .service(read::read)
        .service(change::change)
        .service(secret::add)
        .service(secret::revoke);
}

/// The program that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents the parameter that `Id` reads")]
pub(crate) struct ClientPath {
    /// The program's id.
    client: Uuid,
}
id_path!(ClientPath, "client");

impl Id<ClientPath> {
    const fn client(&self) -> ClientId {
        ClientId(self.value)
    }
}

/// A program that uses the API.
#[derive(Serialize, ToSchema)]
#[schema(as = RegisteredClient)]
pub(crate) struct ClientView {
    /// Its id: also its `client_id`.
    id: Uuid,
    /// How people call it.
    #[schema(examples("Portail de la ville"))]
    name: String,
    /// Who looks after it: told before a secret expires.
    #[schema(format = "email")]
    contact: String,
    /// What it may do.
    scopes: BTreeSet<ClientScope>,
    /// The codes of the services that it is limited to; empty when it is not limited.
    services: Vec<String>,
    /// The codes of the categories that it is limited to; empty when it is not limited.
    categories: Vec<String>,
    /// The public keys (RFC 7517) with which it proves who it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, required = false)]
    jwks: Option<Value>,
    /// Its secrets and keys that are accepted.
    secrets: Vec<SecretView>,
    /// Whether it can be used.
    active: bool,
    /// When it was registered.
    created_at: DateTime<Utc>,
    /// The account of who registered it.
    created_by: Uuid,
    /// When it last got a token or used a key; to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_used_at: Option<DateTime<Utc>>,
    /// Rises by one with each change; also the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
}

/// What a secret is for.
#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ClientSecretKind)]
pub(crate) enum Kind {
    /// Gets access tokens at `/oauth/token`.
    Secret,
    /// Stands in requests itself: Open311.
    ApiKey,
}

impl From<SecretKind> for Kind {
    fn from(kind: SecretKind) -> Self {
        match kind {
            SecretKind::Secret => Self::Secret,
            SecretKind::ApiKey => Self::ApiKey,
        }
    }
}

/// A secret or a key, as far as it can be told.
#[derive(Serialize, ToSchema)]
#[schema(as = ClientSecret)]
pub(crate) struct SecretView {
    /// Its id: not the secret itself.
    id: Uuid,
    kind: Kind,
    /// Its last four characters.
    #[schema(examples("x7Qa"))]
    hint: String,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Until when it is accepted; the program's contact is told a month before.
    expires_at: DateTime<Utc>,
    /// When it was last used; to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_used_at: Option<DateTime<Utc>>,
}

impl From<&SecretInfo> for SecretView {
    fn from(info: &SecretInfo) -> Self {
        Self {
            id: info.id.0,
            kind: info.kind.into(),
            hint: info.hint.clone(),
            created_at: info.created_at,
            expires_at: info.expires_at,
            last_used_at: info.last_used_at,
        }
    }
}

impl From<&Registered> for ClientView {
    fn from(one: &Registered) -> Self {
        Self {
            id: one.client.client.0,
            name: one.name.clone(),
            contact: one.contact.clone(),
            scopes: one.client.scopes.clone(),
            services: one.client.services.iter().map(ToString::to_string).collect(),
            categories: one.client.categories.iter().map(ToString::to_string).collect(),
            jwks: one.jwks.clone(),
            secrets: one.secrets.iter().map(SecretView::from).collect(),
            active: one.active,
            created_at: one.created_at,
            created_by: one.created_by.0,
            last_used_at: one.last_used_at,
            version: one.version,
        }
    }
}
