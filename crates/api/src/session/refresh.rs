//! Getting a new access token.

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use usecases::Context;
use utoipa::ToSchema;

use super::SessionTokens;
use crate::problem::Problem;
use crate::request::body::{Body, input};

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
/// Spends the refresh token and answers the next one. A token that was spent before ends its session: one of the two
/// who hold it has stolen it.
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
pub(crate) async fn refresh(cx: Data<Context>, body: Body<RefreshSession>) -> Result<HttpResponse, Problem> {
    let held = usecases::session::refresh(&cx, &body.value.refresh_token).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")));
    Ok(response.json(SessionTokens::from(held)))
}
