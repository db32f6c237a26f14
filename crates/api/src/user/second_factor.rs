//! Helping somebody who has lost their second factor.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use auth::permission::ManageUsers;
use usecases::Context;

use super::UserPath;
use crate::problem::Problem;
use crate::request::caller::Caller;
use crate::request::path::Id;

/// Take somebody's second factor away
///
/// For those who have lost theirs. Their sessions end, and they are told by e-mail. Make sure that it is they who ask.
#[utoipa::path(
    operation_id = "user_remove_second_factor",
    tag = "users",
    params(UserPath),
    responses(
        (status = 204, description = "It is taken away"),
        (status = 409, description = "`second_factor_not_set_up`"),
    ),
    security(("bearer" = []))
)]
#[delete("/v1/users/{user}/second_factor")]
pub(crate) async fn remove(
    caller: Caller<ManageUsers>,
    cx: Data<Context>,
    path: Id<UserPath>,
) -> Result<HttpResponse, Problem> {
    usecases::second_factor::remove_of(&cx, &caller.grant, path.user()).await?;
    Ok(HttpResponse::NoContent().finish())
}
