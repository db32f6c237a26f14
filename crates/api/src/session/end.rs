//! Logging out.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use domain::id::SessionId;
use usecases::Context;
use utoipa::IntoParams;

use crate::problem::Problem;
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
    usecases::session::end_current(&cx, who.own).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// End one of one's sessions
///
/// Logs you out there, at once. You have to have logged in here within ten minutes, unless it is the session that asks: who
/// has stolen an access token cannot lock you out. If you have not, log in again, and end this session too.
#[utoipa::path(
    operation_id = "session_end_other",
    tag = "sessions",
    params(SessionPath),
    responses(
        (status = 204, description = "The session has ended"),
        (status = 403, description = "`login_too_old`"),
    ),
    security(("bearer" = []))
)]
#[delete("/v1/sessions/{session}")]
pub(crate) async fn end(who: LoggedIn, cx: Data<Context>, path: Id<SessionPath>) -> Result<HttpResponse, Problem> {
    usecases::session::end_one(&cx, who.own, SessionId(path.value)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// End all of one's other sessions
///
/// Logs you out everywhere but here, at once. You have to have logged in here within ten minutes: who has stolen an access
/// token cannot lock you out.
#[utoipa::path(
    operation_id = "session_end_others",
    tag = "sessions",
    responses(
        (status = 204, description = "The other sessions have ended"),
        (status = 403, description = "`login_too_old`"),
    ),
    security(("bearer" = []))
)]
#[delete("/v1/sessions")]
pub(crate) async fn end_others(who: LoggedIn, cx: Data<Context>) -> Result<HttpResponse, Problem> {
    usecases::session::end_others(&cx, who.own, &who.origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
