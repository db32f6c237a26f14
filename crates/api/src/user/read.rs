//! Reading an account.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use auth::permission::ReadUsers;
use usecases::Context;

use super::{UserPath, UserView};
use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::caller::Caller;
use crate::request::path::Id;

/// Read an account
///
/// For administrators and dispatchers; one's own is at `/v1/me`.
#[utoipa::path(
    operation_id = "user_read",
    tag = "users",
    params(UserPath),
    responses((status = 200, description = "The account", body = UserView, headers(("ETag" = String, description = "The version")))),
    security(("bearer" = []))
)]
#[get("/v1/users/{user}")]
pub(crate) async fn read(
    caller: Caller<ReadUsers>,
    cx: Data<Context>,
    path: Id<UserPath>,
) -> Result<HttpResponse, Problem> {
    let user = usecases::user::read(&cx, &caller.grant, path.user()).await?;
    let user = user.ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(reply::read(Some(user.version), caller.language, &UserView::from(&user)))
}
