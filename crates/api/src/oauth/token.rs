//! Getting an access token.

use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::{Deserialize, Serialize};
use usecases::Context;
use utoipa::ToSchema;

use super::{Form, OAuthError};
use crate::request::caller::Visitor;

/// Ask for an access token.
#[derive(Deserialize, ToSchema)]
#[allow(dead_code, reason = "only documents the form that `Form` reads")]
pub(crate) struct TokenRequest {
    /// Always `client_credentials`.
    #[schema(pattern = "^client_credentials$", examples("client_credentials"))]
    grant_type: String,
    /// What for, separated by spaces; all that the program may have, if left out.
    #[schema(
        required = false,
        nullable = false,
        pattern = "^([a-z0-9:]+( [a-z0-9:]+)*)?$",
        examples("tickets:read tickets:write")
    )]
    scope: Option<String>,
    /// A statement that the program has signed (RFC 7523), instead of the header `Authorization: Basic`.
    #[schema(required = false, nullable = false, pattern = "^([A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+)?$")]
    client_assertion: Option<String>,
    /// With a statement: `urn:ietf:params:oauth:client-assertion-type:jwt-bearer`.
    #[schema(
        required = false,
        nullable = false,
        pattern = "^(urn:ietf:params:oauth:client-assertion-type:jwt-bearer)?$"
    )]
    client_assertion_type: Option<String>,
}

/// An access token.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokenResponse {
    /// Goes into the header `Authorization: Bearer …`.
    access_token: String,
    /// Always `Bearer`.
    #[schema(examples("Bearer"))]
    token_type: &'static str,
    /// How long the access token lives, seconds.
    #[schema(minimum = 1, examples(900))]
    expires_in: i64,
    /// What it is for.
    #[schema(examples("tickets:read tickets:write"))]
    scope: String,
}

/// Get an access token
///
/// The client credentials grant (RFC 6749, 4.4). A program proves who it is with its secret
/// (`Authorization: Basic`, `client_secret_basic`) or with a statement that it has signed (`private_key_jwt`).
#[utoipa::path(
    operation_id = "oauth_token",
    tag = "oauth",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded", example = json!({"grant_type": "client_credentials", "scope": "tickets:read"})),
    responses(
        (status = 200, description = "The access token", body = TokenResponse),
        (status = 400, description = "`invalid_request`, `unsupported_grant_type`, `invalid_scope`", body = OAuthError),
        (status = 401, description = "`invalid_client`", body = OAuthError),
    ),
    security(("client_basic" = []), ())
)]
#[post("/oauth/token")]
pub(crate) async fn token(Visitor(origin): Visitor, cx: Data<Context>, form: Form) -> Result<HttpResponse, OAuthError> {
    if form.need("grant_type")? != "client_credentials" {
        return Err(unsupported_grant());
    }
    let issued = usecases::oauth::token(&cx, &form.credentials, form.get("scope"), &origin).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(TokenResponse {
        access_token: issued.access_token,
        token_type: "Bearer",
        expires_in: auth::token::LIFETIME.num_seconds(),
        scope: auth::token::scope(&issued.scopes),
    }))
}

pub(super) fn unsupported_grant() -> OAuthError {
    let told = "expected client_credentials; people log in at POST /v1/sessions";
    OAuthError::new(StatusCode::BAD_REQUEST, "unsupported_grant_type", told)
}
