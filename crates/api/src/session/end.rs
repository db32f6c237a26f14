//! Logging out.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use domain::id::SessionId;
use usecases::Context;
use utoipa::IntoParams;

use crate::problem::{Code, Problem};
use crate::request::caller::LoggedIn;
use crate::request::path::{Id, id_path};

/// The session that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents the parameter")]
pub(crate) struct SessionPath {
    /// The session's id.
    session: uuid::Uuid,
}
id_path!(SessionPath, "session");

/// Log out
///
/// Ends the session of the access token: neither it nor its refresh token is accepted any more.
#[utoipa::path(
    operation_id = "session_end",
    tag = "sessions",
    responses((status = 204, description = "The session has ended")),
    security(("bearer" = []))
)]
#[delete("/v1/sessions/current")]
pub(crate) async fn end_current(who: LoggedIn, cx: Data<Context>) -> Result<HttpResponse, Problem> {
    usecases::session::end_current(&cx, who.user, who.session).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// End one of one's sessions
///
/// Logs you out there, at once.
#[utoipa::path(
    operation_id = "session_end_other",
    tag = "sessions",
    params(SessionPath),
    responses((status = 204, description = "The session has ended")),
    security(("bearer" = []))
)]
#[delete("/v1/sessions/{session}")]
pub(crate) async fn end(who: LoggedIn, cx: Data<Context>, path: Id<SessionPath>) -> Result<HttpResponse, Problem> {
    if usecases::session::end(&cx, who.user, SessionId(path.value)).await? {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(Problem::new(Code::NotFound))
    }
}
