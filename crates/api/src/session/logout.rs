//! Logging out here and at the identity provider.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Serialize;
use usecases::Context;
use usecases::session::sign_in;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::request::body::{Body, Nothing};
use crate::request::caller::LoggedIn;

/// Where one logs out next.
#[derive(Serialize, ToSchema)]
pub(crate) struct LoggedOut {
    /// Send the browser there: it logs out at the identity provider too. Null for who has logged in with a password.
    #[schema(required, format = "uri")]
    logout_url: Option<String>,
}

/// Log out, at the identity provider too
///
/// Ends the session of the access token, as `DELETE /v1/sessions/current` does, and tells where the browser has to go for
/// the provider to end its own.
#[utoipa::path(
    operation_id = "session_logout",
    tag = "sessions",
    request_body(content = Nothing, example = json!({})),
    responses((status = 200, description = "The session has ended", body = LoggedOut)),
    security(("bearer" = []))
)]
#[post("/v1/sessions/current/logout")]
pub(crate) async fn logout(who: LoggedIn, cx: Data<Context>, _body: Body<Nothing>) -> Result<HttpResponse, Problem> {
    let url = sign_in::logout(&cx, who.own).await?;
    Ok(HttpResponse::Ok().json(LoggedOut { logout_url: url.map(String::from) }))
}
