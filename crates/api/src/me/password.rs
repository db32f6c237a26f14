//! Changing one's own password.

use actix_web::web::Data;
use actix_web::{HttpResponse, put};
use secrecy::SecretString;
use serde::Deserialize;
use usecases::Context;
use utoipa::ToSchema;

use crate::password;
use crate::problem::Problem;
use crate::request::body::{Body, input};
use crate::request::caller::LoggedIn;

/// Change one's own password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePassword {
    /// The password that you have.
    #[schema(value_type = String, format = "password", min_length = 1, max_length = 1024)]
    current_password: SecretString,
    /// The password that you want: 12 characters at least, hard to guess.
    #[schema(value_type = String, format = "password", min_length = 1, max_length = 1024)]
    password: SecretString,
}
input!(ChangePassword);

/// Change one's own password
///
/// Your other sessions end, and you are told by e-mail.
#[utoipa::path(
    operation_id = "me_change_password",
    tag = "me",
    request_body(content = ChangePassword, example = json!({"current_password": "mot de passe des essais", "password": "pigeon violet tram soupière"})),
    responses(
        (status = 204, description = "The password is changed"),
        (status = 422, description = "The current password is wrong, or the new one is too weak: `errors` says which"),
        (status = 429, description = "`rate_limited`; `too_many_attempts`: `Retry-After` says when to try again"),
    ),
    security(("bearer" = []))
)]
#[put("/v1/me/password")]
pub(crate) async fn change(
    who: LoggedIn,
    cx: Data<Context>,
    body: Body<ChangePassword>,
) -> Result<HttpResponse, Problem> {
    let ChangePassword { current_password, password } = body.value;
    let changed = usecases::password::change(&cx, who.own, &current_password, &password, &who.origin).await;
    changed.map_err(|error| password::problem(error, "/password"))?;
    Ok(HttpResponse::NoContent().finish())
}
