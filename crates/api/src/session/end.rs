//! Logging out.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete};
use usecases::Context;

use crate::problem::Problem;
use crate::request::caller::LoggedIn;

/// Log out
///
/// Ends the session of the access token: its refresh token is no longer accepted. The access token itself lives out its
/// minutes.
#[utoipa::path(
    operation_id = "session_end",
    tag = "sessions",
    responses((status = 204, description = "The session has ended")),
    security(("bearer" = []))
)]
#[delete("/v1/sessions/current")]
pub(crate) async fn end(LoggedIn(who): LoggedIn, cx: Data<Context>) -> Result<HttpResponse, Problem> {
    usecases::session::end(&cx, &who).await?;
    Ok(HttpResponse::NoContent().finish())
}
