//! Asking whether a token holds.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::Presented;
use serde::Serialize;
use usecases::Context;
use utoipa::ToSchema;
use uuid::Uuid;

use super::revoke::NamedToken;
use super::{Form, OAuthError};
use crate::request::caller::Visitor;

/// What is told of a token (RFC 7662, 2.2). Of one that does not hold, only that.
#[derive(Default, Serialize, ToSchema)]
pub(crate) struct Introspection {
    /// Whether it holds at this moment.
    active: bool,
    /// What it is for, if it is a program's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("tickets:read"))]
    scope: Option<String>,
    /// The program, if it is one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client_id: Option<Uuid>,
    /// Whose it is: the id of the person's account or of the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sub: Option<Uuid>,
    /// `Bearer`; left out for an API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token_type: Option<&'static str>,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    iss: Option<String>,
    /// When it was issued, seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    iat: Option<i64>,
    /// When its time is over, seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    exp: Option<i64>,
    /// Its id, if it is a program's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    jti: Option<Uuid>,
}

/// Ask whether a token holds
///
/// For other city software that takes our tokens (RFC 7662): an access token of a person or of a program, or an API
/// key.
#[utoipa::path(
    operation_id = "oauth_introspect",
    tag = "oauth",
    request_body(content = NamedToken, content_type = "application/x-www-form-urlencoded", example = json!({"token": "eyJ0eXAiOiJhdCtqd3Qi…"})),
    responses(
        (status = 200, description = "Whether it does, and whose it is", body = Introspection),
        (status = 400, description = "`invalid_request`", body = OAuthError),
        (status = 401, description = "`invalid_client`", body = OAuthError),
    ),
    security(("client_basic" = []), ())
)]
#[post("/oauth/introspect")]
pub(crate) async fn introspect(
    Visitor(origin): Visitor,
    cx: Data<Context>,
    form: Form,
) -> Result<HttpResponse, OAuthError> {
    let told = usecases::oauth::introspect(&cx, &form.credentials, form.need("token")?, &origin).await?;
    let view = told.map(|told| Introspection {
        active: true,
        scope: told.scopes.as_ref().map(auth::token::scope),
        client_id: told.client.map(|client| client.0),
        sub: Some(told.subject),
        token_type: told.token.is_some().then_some("Bearer"),
        iss: told.token.is_some().then(|| cx.tokens.issuer().to_owned()),
        iat: told.token.as_ref().map(|token| token.issued_at.timestamp()),
        exp: told.token.as_ref().map(|token| token.expires_at.timestamp()),
        jti: told.token.as_ref().and_then(|token| match token.presented {
            Presented::Client { token, .. } => Some(token),
            Presented::Session { .. } => None,
        }),
    });
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(view.unwrap_or_default()))
}
