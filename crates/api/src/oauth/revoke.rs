//! Revoking an access token, or an API key.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::Deserialize;
use usecases::Context;
use utoipa::ToSchema;

use super::{Form, OAuthError};
use crate::request::caller::Visitor;

/// Name a token.
#[derive(Deserialize, ToSchema)]
#[allow(dead_code, reason = "only documents the form that `Form` reads")]
pub(crate) struct NamedToken {
    /// The token, or the key.
    #[schema(min_length = 1, max_length = 16384)]
    token: String,
    /// What kind of token it is said to be; not looked at.
    #[schema(required = false, nullable = false, max_length = 16384)]
    token_type_hint: Option<String>,
}

/// Revoke an access token or an API key
///
/// One of the program's own (RFC 7009). It is no longer accepted, at once. Answers the same for what is no token. Secrets
/// are revoked by administrators.
#[utoipa::path(
    operation_id = "oauth_revoke",
    tag = "oauth",
    request_body(content = NamedToken, content_type = "application/x-www-form-urlencoded", example = json!({"token": "eyJ0eXAiOiJhdCtqd3Qi…"})),
    responses(
        (status = 200, description = "It is not accepted any more"),
        (status = 400, description = "`invalid_request`; `unsupported_token_type` for a secret", body = OAuthError),
        (status = 401, description = "`invalid_client`", body = OAuthError),
    ),
    security(("client_basic" = []), ())
)]
#[post("/oauth/revoke")]
pub(crate) async fn revoke(
    Visitor(origin): Visitor,
    cx: Data<Context>,
    form: Form,
) -> Result<HttpResponse, OAuthError> {
    usecases::oauth::revoke(&cx, &form.credentials, form.need("token")?, &origin).await?;
    Ok(HttpResponse::Ok().finish())
}
