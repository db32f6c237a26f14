//! Logging in.

use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use usecases::Context;
use usecases::session::Begin;
use utoipa::ToSchema;

use super::SessionTokens;
use crate::problem::Problem;
use crate::request::body::{Body, input};

/// Log in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginSession {
    /// The address of your account.
    #[schema(pattern = r"^[^\x00-\x20@]+@[^\x00-\x20@]+$", max_length = 254)]
    email: String,
    /// Your password.
    #[schema(format = "password", min_length = 1, max_length = 1024)]
    password: String,
}
input!(BeginSession);

/// Log in
///
/// The same answer, in the same time, whether the account does not exist or the password is another.
#[utoipa::path(
    operation_id = "session_begin",
    tag = "sessions",
    request_body(content = BeginSession, example = json!({"email": "agent@ville-amiens.example", "password": "…"})),
    responses(
        (status = 201, description = "The tokens", body = SessionTokens),
        (status = 401, description = "`wrong_credentials`"),
    ),
    security(())
)]
#[post("/v1/sessions")]
pub(crate) async fn begin(cx: Data<Context>, body: Body<BeginSession>) -> Result<HttpResponse, Problem> {
    let BeginSession { email, password } = body.value;
    let held = usecases::session::begin(&cx, Begin { email, password }).await?;
    let mut response = HttpResponse::Created();
    response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")));
    Ok(response.json(SessionTokens::from(held)))
}
