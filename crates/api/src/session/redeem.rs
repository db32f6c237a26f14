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
    /// The `code_verifier` of the `code_challenge` with which the sign-in began (RFC 7636): 43 to 128 letters, digits and
    /// `-._~`, at random.
    #[schema(min_length = 43, max_length = 128, pattern = "^[A-Za-z0-9._~-]+$")]
    code_verifier: String,
}
input!(RedeemCode);

/// Log in with the code of a sign-in
///
/// For those who signed in at the organisation's identity provider: send the browser to
/// `/sign-in?return_to=…&state=…&code_challenge=…&code_challenge_method=S256`; it comes back to
/// `return_to#code=…&state=…`. `return_to` is one of the addresses that the city lists (`--return-url`), to the letter;
/// without it, a page shows the code. Compare `state`. The code works once, for two minutes, for who knows the verifier of
/// the challenge (RFC 7636). A code that comes again ends the session that it got.
#[utoipa::path(
    operation_id = "session_redeem",
    tag = "sessions",
    request_body(content = RedeemCode, example = json!({"code": "csc_…", "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"})),
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
    let RedeemCode { code, code_verifier } = &body.value;
    let held = sign_in::redeem(&cx, code, code_verifier, &origin).await.map_err(|error| match error {
        SignInError::Session(error) => error.into(),
        _ => Problem::new(Code::InvalidSignInCode),
    })?;
    Ok(SessionTokens::answer(StatusCode::CREATED, &held))
}
