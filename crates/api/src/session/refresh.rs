//! Getting a new access token.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use usecases::Context;
use utoipa::ToSchema;

use super::SessionTokens;
use crate::problem::Problem;
use crate::request::body::{Body, input};
use crate::request::caller::Visitor;

/// Spend a refresh token.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshSession {
    /// The refresh token that you were given last.
    #[schema(min_length = 1, max_length = 200)]
    refresh_token: String,
}
input!(RefreshSession);

/// Get a new access token
///
/// Spends the refresh token and answers the next one. A token that was spent before ends its session, with every token
/// that came of it: one of the two who hold it has stolen it. The owner is told by e-mail.
#[utoipa::path(
    operation_id = "session_refresh",
    tag = "sessions",
    request_body(content = RefreshSession, example = json!({"refresh_token": "…"})),
    responses(
        (status = 200, description = "The tokens", body = SessionTokens),
        (status = 401, description = "`invalid_refresh_token`"),
    ),
    security(())
)]
#[post("/v1/sessions/refresh")]
pub(crate) async fn refresh(
    Visitor(origin): Visitor,
    cx: Data<Context>,
    body: Body<RefreshSession>,
) -> Result<HttpResponse, Problem> {
    let held = usecases::session::refresh(&cx, &body.value.refresh_token, &origin).await?;
    Ok(SessionTokens::answer(StatusCode::OK, &held))
}
