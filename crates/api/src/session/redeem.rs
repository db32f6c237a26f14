//! Getting a session for the code of a sign-in.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use usecases::Context;
use usecases::session::sign_in::{self, SignInError};
use utoipa::ToSchema;

use super::SessionTokens;
use crate::problem::{Code, Problem};
use crate::request::body::{Body, input};
use crate::request::caller::Visitor;

/// Redeem the code of a sign-in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedeemCode {
    /// What the browser brought back in the fragment, or the page has shown.
    #[schema(min_length = 1, max_length = 200)]
    code: String,
}
input!(RedeemCode);

/// Log in with the code of a sign-in
///
/// For those who signed in at the organisation's identity provider: send the browser to
/// `/sign-in?return_to=…&state=…`; it comes back to `return_to#code=…&state=…`. Compare `state`. The code works once,
/// for two minutes.
#[utoipa::path(
    operation_id = "session_redeem",
    tag = "sessions",
    request_body(content = RedeemCode, example = json!({"code": "csc_…"})),
    responses(
        (status = 201, description = "The tokens", body = SessionTokens),
        (status = 401, description = "`invalid_sign_in_code`"),
        (status = 429, description = "`rate_limited`; `too_many_attempts`: `Retry-After` says when to try again"),
    ),
    security(())
)]
#[post("/v1/sessions/redeem")]
pub(crate) async fn redeem(
    Visitor(origin): Visitor,
    cx: Data<Context>,
    body: Body<RedeemCode>,
) -> Result<HttpResponse, Problem> {
    let held = sign_in::redeem(&cx, &body.value.code, &origin).await.map_err(|error| match error {
        SignInError::Session(error) => error.into(),
        _ => Problem::new(Code::InvalidSignInCode),
    })?;
    Ok(SessionTokens::answer(StatusCode::CREATED, &held))
}
