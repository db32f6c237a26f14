//! Inviting somebody.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::Holder as _;
use auth::permission::ManageUsers;
use domain::email::EmailAddress;
use domain::id::ServiceCode;
use domain::language::Language;
use domain::person::Role;
use domain::text::PersonName;
use serde::Deserialize;
use usecases::Context;
use usecases::once::Once;
use usecases::user::{Invite, User};
use utoipa::ToSchema;

use super::{UserPath, UserView};
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, Nothing, input};
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};
use crate::request::path::Id;

/// Invite somebody.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InviteUser {
    /// Where they are written to, and what they will log in with. It cannot be changed afterwards.
    #[schema(value_type = String, format = "email", max_length = 254)]
    email: EmailAddress,
    /// Their name.
    #[schema(value_type = String, min_length = 1, max_length = 120)]
    name: PersonName,
    /// The language in which they are written to.
    #[serde(default)]
    language: Language,
    /// What they may do: see docs/permissions.md.
    #[schema(max_items = 20)]
    roles: BTreeSet<Role>,
    /// The services in which they work: at least one with the roles `service_member` and `service_manager`, none
    /// without.
    #[serde(default)]
    #[schema(value_type = BTreeSet<ServiceCode>, max_items = 100)]
    services: BTreeSet<ServiceCode>,
}
input!(InviteUser);

/// Invite somebody
///
/// They get an e-mail with a link by which they choose a password; it works once, for seven days.
#[utoipa::path(
    operation_id = "user_invite",
    tag = "users",
    params(IdempotencyHeader),
    request_body(content = InviteUser, example = json!({
        "email": "camille.moreau@ville-amiens.example",
        "name": "Camille Moreau",
        "roles": ["service_member"],
        "services": ["proprete"]
    })),
    responses(
        (status = 201, description = "The account, invited", body = UserView, headers(("ETag" = String, description = "The version"), ("Location" = String, description = "The account"))),
        (status = 409, description = "`email_taken`"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/users")]
pub(crate) async fn invite(
    caller: Caller<ManageUsers>,
    cx: Data<Context>,
    key: Idempotency,
    body: Body<InviteUser>,
) -> Result<HttpResponse, Problem> {
    let InviteUser { email, name, language, roles, services } = body.value;
    let cmd = Invite { email, name, language, roles, services };
    let show = |user: &User| {
        let location = Some(format!("/v1/users/{}", user.person.user));
        reply::kept(StatusCode::CREATED, Some(user.version), location, &UserView::from(user))
    };
    let claim = key.claim(caller.grant.holder().id(), &body.digest);
    let done = usecases::user::invite(&cx, &caller.grant, cmd, Once::new(claim, &show)).await?;
    reply::send(done.into_answer(show), caller.language)
}

/// Send an invitation again
///
/// The earlier link no longer works.
#[utoipa::path(
    operation_id = "user_invite_again",
    tag = "users",
    params(UserPath),
    request_body(content = Nothing, example = json!({})),
    responses(
        (status = 202, description = "The e-mail is on its way"),
        (status = 409, description = "`invitation_accepted`"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/users/{user}/invite")]
pub(crate) async fn again(
    caller: Caller<ManageUsers>,
    cx: Data<Context>,
    path: Id<UserPath>,
    _body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    usecases::user::invite_again(&cx, &caller.grant, path.user()).await?;
    Ok(HttpResponse::Accepted().finish())
}
