//! Changing an account.

use std::collections::BTreeSet;

use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use auth::permission::ManageUsers;
use domain::id::ServiceCode;
use domain::language::Language;
use domain::person::Role;
use domain::text::PersonName;
use serde::Deserialize;
use usecases::Context;
use usecases::user::Change;
use utoipa::ToSchema;

use super::{UserPath, UserView};
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::conditional::{IfMatch, IfMatchHeader};
use crate::request::path::Id;

/// Change an account: what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeUser {
    /// Their name.
    #[schema(value_type = String, required = false, min_length = 1, max_length = 120)]
    name: Option<PersonName>,
    /// The language in which they are written to.
    #[schema(nullable = false)]
    language: Option<Language>,
    /// What they may do from now on.
    #[schema(nullable = false, max_items = 20)]
    roles: Option<BTreeSet<Role>>,
    /// Where they work from now on.
    #[schema(nullable = false, max_items = 100)]
    services: Option<BTreeSet<ServiceCode>>,
    /// Whether the account can be used. Who is disabled is logged out everywhere, at once.
    #[schema(nullable = false)]
    active: Option<bool>,
}
input!(ChangeUser);

/// Change an account
///
/// It takes effect with the person's next request. The last administrator stays one.
#[utoipa::path(
    operation_id = "user_change",
    tag = "users",
    params(UserPath, IfMatchHeader),
    request_body(content = ChangeUser, example = json!({"roles": ["service_manager"], "services": ["proprete", "voirie"]})),
    responses((status = 200, description = "The account, changed", body = UserView, headers(("ETag" = String, description = "The new version")))),
    security(("bearer" = []))
)]
#[patch("/v1/users/{user}")]
pub(crate) async fn change(
    caller: Caller<ManageUsers>,
    cx: Data<Context>,
    path: Id<UserPath>,
    IfMatch(seen): IfMatch,
    body: Body<ChangeUser>,
) -> Result<HttpResponse, Problem> {
    let ChangeUser { name, language, roles, services, active } = body.value;
    let cmd = Change { name, language, roles, services, active };
    let user = usecases::user::change(&cx, &caller.grant, path.user(), &seen, cmd).await?;
    Ok(reply::read(Some(user.version), caller.language, &UserView::from(&user)))
}
