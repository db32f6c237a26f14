//! Somebody else's sessions.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get};
use auth::permission::ManageUsers;
use usecases::Context;

use super::UserPath;
use crate::problem::{Code, Problem};
use crate::request::caller::Caller;
use crate::request::path::Id;
use crate::session::{SessionPage, SessionView};

/// List somebody's sessions
///
/// The last used first; a hundred at most.
#[utoipa::path(
    operation_id = "user_sessions",
    tag = "users",
    params(UserPath),
    responses((status = 200, description = "Their live sessions", body = SessionPage)),
    security(("bearer" = []))
)]
#[get("/v1/users/{user}/sessions")]
pub(crate) async fn list(
    caller: Caller<ManageUsers>,
    cx: Data<Context>,
    path: Id<UserPath>,
) -> Result<HttpResponse, Problem> {
    let sessions = usecases::user::sessions(&cx, &caller.grant, path.user()).await?;
    let sessions = sessions.ok_or_else(|| Problem::new(Code::NotFound))?;
    let items = sessions.into_iter().map(|session| SessionView::new(session, None)).collect();
    Ok(HttpResponse::Ok().json(SessionPage { items, next_cursor: None }))
}

/// End somebody's sessions
///
/// Logs them out everywhere, at once.
#[utoipa::path(
    operation_id = "user_end_sessions",
    tag = "users",
    params(UserPath),
    responses((status = 204, description = "Their sessions have ended")),
    security(("bearer" = []))
)]
#[delete("/v1/users/{user}/sessions")]
pub(crate) async fn end(
    caller: Caller<ManageUsers>,
    cx: Data<Context>,
    path: Id<UserPath>,
) -> Result<HttpResponse, Problem> {
    if usecases::user::end_sessions(&cx, &caller.grant, path.user()).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::new(Code::NotFound))
    }
}
