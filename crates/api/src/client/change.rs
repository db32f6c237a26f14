//! Changing a program.

use std::collections::BTreeSet;

use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use auth::permission::ManageClients;
use domain::email::EmailAddress;
use domain::id::{CategoryCode, ServiceCode};
use domain::rights::ClientScope;
use domain::text::Title;
use serde::Deserialize;
use serde_json::Value;
use usecases::Context;
use usecases::client::Change;
use utoipa::ToSchema;

use super::{ClientPath, ClientView};
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::conditional::{IfMatch, IfMatchHeader};
use crate::request::path::Id;

/// Change a program: what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeClient {
    /// How people call it.
    #[schema(value_type = String, required = false, min_length = 1, max_length = 120)]
    name: Option<Title>,
    /// The e-mail address of who looks after it.
    #[schema(value_type = String, required = false, format = "email", max_length = 254)]
    contact: Option<EmailAddress>,
    /// What it may do from now on.
    #[schema(nullable = false, max_items = 20)]
    scopes: Option<BTreeSet<ClientScope>>,
    /// The services that it is limited to; empty: not limited.
    #[schema(nullable = false, max_items = 200)]
    services: Option<BTreeSet<ServiceCode>>,
    /// The categories that it is limited to; empty: not limited.
    #[schema(nullable = false, max_items = 200)]
    categories: Option<BTreeSet<CategoryCode>>,
    /// Its public keys; a set without keys takes them away.
    #[schema(value_type = Object, nullable = false, required = false)]
    jwks: Option<Value>,
    /// Whether it can be used. One that is disabled can do nothing, at once.
    #[schema(nullable = false)]
    active: Option<bool>,
}
input!(ChangeClient);

/// Change a program
///
/// It takes effect with the program's next request.
#[utoipa::path(
    operation_id = "client_change",
    tag = "clients",
    params(ClientPath, IfMatchHeader),
    request_body(content = ChangeClient, example = json!({"scopes": ["tickets:read"], "services": ["proprete", "voirie"]})),
    responses(
        (status = 200, description = "The program, changed", body = ClientView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`name_taken`"),
    ),
    security(("bearer" = []))
)]
#[patch("/v1/clients/{client}")]
pub(crate) async fn change(
    caller: Caller<ManageClients>,
    cx: Data<Context>,
    path: Id<ClientPath>,
    IfMatch(seen): IfMatch,
    body: Body<ChangeClient>,
) -> Result<HttpResponse, Problem> {
    let ChangeClient { name, contact, scopes, services, categories, jwks, active } = body.value;
    let cmd = Change { name, contact, scopes, services, categories, jwks, active };
    let one = usecases::client::change(&cx, &caller.grant, path.client(), &seen, cmd).await?;
    Ok(reply::read(Some(one.version), caller.language, &ClientView::from(&one)))
}
