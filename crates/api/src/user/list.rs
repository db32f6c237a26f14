//! Listing accounts.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use auth::permission::ReadUsers;
use domain::person::Role;
use serde::Serialize;
use usecases::Context;
use usecases::user::Filter;
use utoipa::{IntoParams, ToSchema};

use super::UserView;
use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::query::{Query, one_of};

/// What a list of accounts can be narrowed by. A parameter that is repeated means any of its values.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
pub(crate) struct ListUsers {
    /// With one of these roles.
    #[param(explode = true)]
    role: Option<Vec<Role>>,
    /// In one of these services, by code.
    #[param(explode = true, example = json!(["proprete"]))]
    service: Option<Vec<String>>,
    /// Only those that can be used, or only those that are disabled.
    active: Option<bool>,
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of accounts.
#[derive(Serialize, ToSchema)]
pub(crate) struct UserPage {
    /// The accounts, in the order of their names.
    items: Vec<UserView>,
    /// Where the next page begins; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List accounts
///
/// In the order of their names. For administrators and dispatchers.
#[utoipa::path(
    operation_id = "user_list",
    tag = "users",
    params(ListUsers),
    responses((status = 200, description = "A page of accounts", body = UserPage, headers(("Link" = String, description = "The next page, rel=\"next\"")))),
    security(("bearer" = []))
)]
#[get("/v1/users")]
pub(crate) async fn list(
    caller: Caller<ReadUsers>,
    cx: Data<Context>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let mut query = Query::of(&request);
    let filter = Filter {
        roles: query.each("role", one_of(Role::ALL.map(Role::code)).as_str(), Role::from_code),
        services: query.each("service", ("le code d’un service", "the code of a service"), |code| code.parse().ok()),
        active: query.one("active", "true / false", |value| value.parse().ok()),
    };
    let (limit, after) = query.page();
    query.finish()?;
    let page = usecases::user::list(&cx, &caller.grant, &filter, after, limit).await?;
    Ok(reply::page(&request, caller.language, page.items.iter().map(UserView::from).collect(), page.next.as_ref()))
}
