//! One's own second factor.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use usecases::Context;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::request::body::{Body, input};
use crate::request::caller::LoggedIn;

/// Begin to set a second factor up.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginSecondFactor {
    /// Your password, if you have one; otherwise, you have to have logged in within ten minutes. Who has stolen an access
    /// token cannot lock you out.
    #[serde(default)]
    #[schema(value_type = String, required = false, format = "password", max_length = 1024)]
    password: SecretString,
}
input!(BeginSecondFactor);

/// What an authenticator application needs.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecondFactorOffer {
    /// The secret in base32, to be typed by those who cannot scan.
    #[schema(examples("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"))]
    secret: String,
    /// To be shown as a QR code.
    #[schema(
        format = "uri",
        examples(
            "otpauth://totp/Continuum:agent%40ville.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Continuum"
        )
    )]
    uri: String,
}

/// A one-time code.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OneTimeCode {
    /// What your application shows; to take the second factor away, a recovery code does too.
    #[schema(min_length = 6, max_length = 40, examples("123456"))]
    code: String,
}
input!(OneTimeCode);

/// Recovery codes.
#[derive(Serialize, ToSchema)]
#[schema(as = SecondFactorSet)]
pub(crate) struct RecoveryCodes {
    /// Each stands in for a one-time code, once. They are shown this once only.
    #[schema(min_items = 10, max_items = 10, examples("7k2m-9xqa-04zt-hn3p-t0w5-e8cr-2vjd"))]
    recovery_codes: Vec<String>,
}

/// Begin to set a second factor up
///
/// It is asked for once you have confirmed it with a first code.
#[utoipa::path(
    operation_id = "second_factor_begin",
    tag = "me",
    request_body(content = BeginSecondFactor, example = json!({"password": "mot de passe des essais"})),
    responses(
        (status = 201, description = "What your application needs", body = SecondFactorOffer),
        (status = 403, description = "`login_too_old`"),
        (status = 409, description = "`second_factor_set_up`"),
        (status = 422, description = "The password is wrong"),
        (status = 429, description = "`rate_limited`; `too_many_attempts`: `Retry-After` says when to try again"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/me/second_factor")]
pub(crate) async fn begin(
    who: LoggedIn,
    cx: Data<Context>,
    body: Body<BeginSecondFactor>,
) -> Result<HttpResponse, Problem> {
    let offer = usecases::second_factor::begin(&cx, who.own, &body.value.password).await?;
    let view = SecondFactorOffer { secret: offer.secret, uri: offer.uri };
    Ok(HttpResponse::Created().insert_header((CACHE_CONTROL, "no-store")).json(view))
}

/// Set a second factor up
///
/// Answers your recovery codes: keep them where your telephone is not. Your other sessions, which began without it, end,
/// and you are told by e-mail.
#[utoipa::path(
    operation_id = "second_factor_confirm",
    tag = "me",
    request_body(content = OneTimeCode, example = json!({"code": "123456"})),
    responses(
        (status = 200, description = "Your recovery codes", body = RecoveryCodes),
        (status = 409, description = "`second_factor_set_up`, `second_factor_not_set_up`"),
        (status = 422, description = "The code is wrong"),
        (status = 429, description = "`rate_limited`; `too_many_attempts`: `Retry-After` says when to try again"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/me/second_factor/confirm")]
pub(crate) async fn confirm(
    who: LoggedIn,
    cx: Data<Context>,
    body: Body<OneTimeCode>,
) -> Result<HttpResponse, Problem> {
    let codes = usecases::second_factor::confirm(&cx, who.own, &body.value.code, &who.origin).await?;
    let recovery_codes = codes.iter().map(|code| code.expose().to_owned()).collect();
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(RecoveryCodes { recovery_codes }))
}

/// Take one's second factor away
///
/// By a code of it, or a recovery code. Your other sessions end, and you are told by e-mail. If your role requires one, set
/// another up at once.
#[utoipa::path(
    operation_id = "second_factor_remove",
    tag = "me",
    request_body(content = OneTimeCode, example = json!({"code": "123456"})),
    responses(
        (status = 204, description = "It is taken away"),
        (status = 409, description = "`second_factor_not_set_up`"),
        (status = 422, description = "The code is wrong"),
        (status = 429, description = "`rate_limited`; `too_many_attempts`: `Retry-After` says when to try again"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/me/second_factor/remove")]
pub(crate) async fn remove(who: LoggedIn, cx: Data<Context>, body: Body<OneTimeCode>) -> Result<HttpResponse, Problem> {
    usecases::second_factor::remove(&cx, who.own, &body.value.code, &who.origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
