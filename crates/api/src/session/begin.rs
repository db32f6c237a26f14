//! Logging in.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use secrecy::SecretString;
use serde::Deserialize;
use usecases::Context;
use usecases::session::Begin;
use utoipa::ToSchema;

use super::SessionTokens;
use crate::problem::Problem;
use crate::request::body::{Body, input};
use crate::request::caller::Visitor;

/// Log in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginSession {
    /// The address of your account.
    #[schema(pattern = r"^[^\x00-\x20@]+@[^\x00-\x20@]+$", max_length = 254)]
    email: String,
    /// Your password.
    #[schema(value_type = String, format = "password", min_length = 1, max_length = 1024)]
    password: SecretString,
    /// If you have set up a second factor: the code that your application shows, or one of your recovery codes.
    #[schema(nullable = false, min_length = 6, max_length = 40, example = "123456")]
    code: Option<String>,
    /// The `device_token` of an earlier login of the same person on the same device, or of choosing their password
    /// there. With it, attempts are counted for the device alone: nobody who guesses elsewhere holds its owner up.
    #[schema(nullable = false, max_length = 100)]
    device_token: Option<String>,
}
input!(BeginSession);

/// Log in
///
/// The same answer, in the same time, whether the account does not exist or the password is another. After several
/// failed attempts, the next ones are refused for a while.
#[utoipa::path(
    operation_id = "session_begin",
    tag = "sessions",
    request_body(content = BeginSession, example = json!({"email": "claire.delattre@ville-amiens.example", "password": "mot de passe des essais"})),
    responses(
        (status = 201, description = "The tokens", body = SessionTokens),
        (status = 401, description = "`wrong_credentials`, `second_factor_needed`, `wrong_second_factor`"),
        (status = 429, description = "`too_many_attempts`: `Retry-After` says when the next is allowed"),
    ),
    security(())
)]
#[post("/v1/sessions")]
pub(crate) async fn begin(
    Visitor(origin): Visitor,
    cx: Data<Context>,
    body: Body<BeginSession>,
) -> Result<HttpResponse, Problem> {
    let BeginSession { email, password, code, device_token } = body.value;
    let held = usecases::session::begin(&cx, Begin { email, password, code, device_token }, &origin).await?;
    Ok(SessionTokens::answer(StatusCode::CREATED, &held))
}
