//! A program's secrets and keys.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, post};
use auth::permission::ManageClients;
use chrono::{DateTime, Utc};
use domain::id::ClientSecretId;
use serde::{Deserialize, Serialize};
use usecases::Context;
use usecases::client::{AddSecret, SecretKind};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{ClientPath, Kind, SecretView};
use crate::problem::Problem;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::path::{Id, id_path};

/// The secret that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents the parameter that `Id` reads")]
pub(crate) struct SecretPath {
    /// The secret's id.
    secret: Uuid,
}
id_path!(SecretPath, "secret");

/// Give a program a secret or a key.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddClientSecret {
    /// What it is for.
    kind: Kind,
    /// Until when it is accepted: within two years; a year from now, if left out.
    #[schema(nullable = false)]
    expires_at: Option<DateTime<Utc>>,
}
input!(AddClientSecret);

/// A new secret or key.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewClientSecret {
    /// What will be told of it later.
    #[serde(flatten)]
    info: SecretView,
    /// The secret itself. It is shown this once only.
    #[schema(examples("ccs_8mK2…"))]
    secret: String,
}

/// Give a program a secret or a key
///
/// Two of a kind are accepted at a time: give the second, put it in place, revoke the first. Ask anew if the answer was
/// lost, and revoke what you have not seen.
#[utoipa::path(
    operation_id = "client_add_secret",
    tag = "clients",
    params(ClientPath),
    request_body(content = AddClientSecret, example = json!({"kind": "secret"})),
    responses(
        (status = 201, description = "The secret, shown this once", body = NewClientSecret),
        (status = 409, description = "`two_secrets`"),
        (status = 422, description = "The secret would expire too late, or has already"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/clients/{client}/secrets")]
pub(crate) async fn add(
    caller: Caller<ManageClients>,
    cx: Data<Context>,
    path: Id<ClientPath>,
    body: Body<AddClientSecret>,
) -> Result<HttpResponse, Problem> {
    let kind = match body.value.kind {
        Kind::Secret => SecretKind::Secret,
        Kind::ApiKey => SecretKind::ApiKey,
    };
    let cmd = AddSecret { kind, expires_at: body.value.expires_at };
    let (info, secret) = usecases::client::add_secret(&cx, &caller.grant, path.client(), cmd).await?;
    let view = NewClientSecret { info: (&info).into(), secret: secret.expose().to_owned() };
    Ok(HttpResponse::Created().insert_header((CACHE_CONTROL, "no-store")).json(view))
}

/// Revoke a secret or a key
///
/// It is no longer accepted, at once. Access tokens that it got live for their minutes: disable the program, or revoke
/// them, if it has leaked.
#[utoipa::path(
    operation_id = "client_revoke_secret",
    tag = "clients",
    params(ClientPath, SecretPath),
    responses((status = 204, description = "It is revoked")),
    security(("bearer" = []))
)]
#[delete("/v1/clients/{client}/secrets/{secret}")]
pub(crate) async fn revoke(
    caller: Caller<ManageClients>,
    cx: Data<Context>,
    path: Id<ClientPath>,
    secret: Id<SecretPath>,
) -> Result<HttpResponse, Problem> {
    let secret = ClientSecretId(secret.value);
    usecases::client::revoke_secret(&cx, &caller.grant, path.client(), secret).await?;
    Ok(HttpResponse::NoContent().finish())
}
