//! Choosing a password through a link.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use usecases::Context;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::request::body::{Body, input};
use crate::request::caller::Visitor;

/// Choose a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChoosePassword {
    /// The last part of the link in the e-mail.
    #[schema(min_length = 1, max_length = 64)]
    token: String,
    /// The password that you want: 12 characters at least, hard to guess.
    #[schema(value_type = String, format = "password", min_length = 1, max_length = 1024)]
    password: SecretString,
}
input!(ChoosePassword);

/// The password is set.
#[derive(Serialize, ToSchema)]
struct ChosenPassword {
    /// Goes with the next `POST /v1/sessions`: see there.
    device_token: String,
}

/// Choose a password through a link
///
/// For programs that show the page of the link in the e-mail themselves. The link is used up; every session of the
/// account ends; failed logins are forgotten.
#[utoipa::path(
    operation_id = "password_choose",
    tag = "sessions",
    request_body(content = ChoosePassword, example = json!({"token": "…", "password": "pigeon violet tram soupière"})),
    responses(
        (status = 200, description = "The password is set: log in with it", body = ChosenPassword),
        (status = 410, description = "`link_expired`"),
        (status = 422, description = "The password is too weak: `errors` says why"),
        (status = 429, description = "`rate_limited`; `too_many_attempts`: `Retry-After` says when to try again"),
    ),
    security(())
)]
#[post("/v1/passwords")]
pub(crate) async fn choose(
    Visitor(origin): Visitor,
    cx: Data<Context>,
    body: Body<ChoosePassword>,
) -> Result<HttpResponse, Problem> {
    let ChoosePassword { token, password } = body.value;
    let chosen = usecases::password::choose(&cx, &token, &password, &origin).await;
    let device_token = chosen.map_err(|error| super::problem(error, "/password"))?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(ChosenPassword { device_token }))
}
