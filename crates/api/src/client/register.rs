//! Registering a program.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::Holder as _;
use auth::permission::ManageClients;
use domain::email::EmailAddress;
use domain::id::{CategoryCode, ServiceCode};
use domain::rights::ClientScope;
use domain::text::Title;
use serde::Deserialize;
use serde_json::Value;
use usecases::Context;
use usecases::client::{Register, Registered};
use usecases::once::Once;
use utoipa::ToSchema;

use super::ClientView;
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};

/// Register a program.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterClient {
    /// How people call it; no other is called so.
    #[schema(value_type = String, min_length = 1, max_length = 120)]
    name: Title,
    /// The e-mail address of who looks after it: told before a secret expires.
    #[schema(value_type = String, format = "email", max_length = 254)]
    contact: EmailAddress,
    /// What it may do: see docs/permissions.md.
    #[schema(max_items = 20)]
    scopes: BTreeSet<ClientScope>,
    /// The services that it is limited to; left out: not limited. `tickets:restricted` needs some.
    #[serde(default)]
    #[schema(max_items = 200)]
    services: BTreeSet<ServiceCode>,
    /// The categories that it is limited to; left out: not limited.
    #[serde(default)]
    #[schema(max_items = 200)]
    categories: BTreeSet<CategoryCode>,
    /// Public keys (RFC 7517): OKP Ed25519, EC P-256, or RSA of 2048 to 4096 bits. With them the program signs
    /// statements (`private_key_jwt`) and needs no secret.
    #[schema(value_type = Object, nullable = false, required = false)]
    jwks: Option<Value>,
}
input!(RegisterClient);

/// Register a program
///
/// It can do something once it has a secret, or keys of its own.
#[utoipa::path(
    operation_id = "client_register",
    tag = "clients",
    params(IdempotencyHeader),
    request_body(content = RegisterClient, example = json!({
        "name": "Tableau de bord propreté",
        "contact": "dsi@ville-amiens.example",
        "scopes": ["tickets:read", "tickets:write"],
        "services": ["proprete"]
    })),
    responses(
        (status = 201, description = "The program", body = ClientView, headers(("ETag" = String, description = "The version"), ("Location" = String, description = "The program"))),
        (status = 409, description = "`name_taken`"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/clients")]
pub(crate) async fn register(
    caller: Caller<ManageClients>,
    cx: Data<Context>,
    key: Idempotency,
    body: Body<RegisterClient>,
) -> Result<HttpResponse, Problem> {
    let RegisterClient { name, contact, scopes, services, categories, jwks } = body.value;
    let cmd = Register { name, contact, scopes, services, categories, jwks };
    let show = |one: &Registered| {
        let location = Some(format!("/v1/clients/{}", one.client.client));
        reply::kept(StatusCode::CREATED, Some(one.version), location, &ClientView::from(one))
    };
    let claim = key.claim(caller.grant.holder().id(), &body.digest);
    let done = usecases::client::register(&cx, &caller.grant, cmd, Once::new(claim, &show)).await?;
    reply::send(done.into_answer(show), caller.language)
}
