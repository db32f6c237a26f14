//! Somebody else's identities.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get};
use auth::permission::ManageUsers;
use usecases::Context;

use super::UserPath;
use crate::me::identity::{IdentityPage, IdentityPath};
use crate::problem::{Code, Problem};
use crate::request::caller::Caller;
use crate::request::path::Id;

/// List somebody's identities
///
/// With which identities, at which providers, they can sign in without a password.
#[utoipa::path(
    operation_id = "user_identities",
    tag = "users",
    params(UserPath),
    responses((status = 200, description = "Their identities", body = IdentityPage)),
    security(("bearer" = []))
)]
#[get("/v1/users/{user}/identities")]
pub(crate) async fn list(
    caller: Caller<ManageUsers>,
    cx: Data<Context>,
    path: Id<UserPath>,
) -> Result<HttpResponse, Problem> {
    let linked = usecases::identity::list_of(&cx, &caller.grant, path.user()).await?;
    let linked = linked.ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(HttpResponse::Ok().json(IdentityPage::from(linked)))
}

/// Take one of somebody's identities away
///
/// It no longer lets anybody in; their sessions that were begun by signing in at a provider end, and they are told by
/// e-mail. Also the only one of an account without a password, whose owner then cannot log in: invite them again
/// (`POST /v1/users/{user}/invite`). Refused if no administrator who can log in would be left.
#[utoipa::path(
    operation_id = "user_remove_identity",
    tag = "users",
    params(UserPath, IdentityPath),
    responses(
        (status = 204, description = "It is taken away"),
        (status = 409, description = "`only_way_in`"),
    ),
    security(("bearer" = []))
)]
#[delete("/v1/users/{user}/identities/{identity}")]
pub(crate) async fn remove(
    caller: Caller<ManageUsers>,
    cx: Data<Context>,
    path: Id<UserPath>,
    identity: Id<IdentityPath>,
) -> Result<HttpResponse, Problem> {
    usecases::identity::unlink_of(&cx, &caller.grant, path.user(), identity.identity()).await?;
    Ok(HttpResponse::NoContent().finish())
}
