//! Asking for a link to choose another password.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use usecases::Context;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::request::body::{Body, input};
use crate::request::caller::Visitor;

/// A forgotten password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgottenPassword {
    /// The address of your account.
    #[schema(pattern = r"^[^\x00-\x20@]+@[^\x00-\x20@]+$", max_length = 254)]
    email: String,
}
input!(ForgottenPassword);

/// Ask for a link to choose another password
///
/// If there is such an account, it gets an e-mail with a link that works once, for an hour; or its invitation again, if
/// that was not accepted yet. The same answer, in the same time, if there is none.
#[utoipa::path(
    operation_id = "password_forgotten",
    tag = "sessions",
    request_body(content = ForgottenPassword, example = json!({"email": "karim.haddad@ville-amiens.example"})),
    responses(
        (status = 202, description = "If there is such an account, an e-mail is on its way"),
        (status = 429, description = "`too_many_attempts`: `Retry-After` says when the next is allowed"),
    ),
    security(())
)]
#[post("/v1/passwords/forgotten")]
pub(crate) async fn forgotten(
    Visitor(origin): Visitor,
    cx: Data<Context>,
    body: Body<ForgottenPassword>,
) -> Result<HttpResponse, Problem> {
    let asked = usecases::password::forgotten(&cx, &body.value.email, &origin).await;
    asked.map_err(|error| super::problem(error, "/email"))?;
    Ok(HttpResponse::Accepted().finish())
}
