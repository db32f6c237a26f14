//! What OAuth libraries ask for first.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use domain::rights::ClientScope;
use serde::Serialize;
use usecases::Context;
use utoipa::ToSchema;

/// How programs get tokens here (RFC 8414).
#[derive(Serialize, ToSchema)]
pub(crate) struct AuthorizationServer {
    issuer: String,
    token_endpoint: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    jwks_uri: String,
    scopes_supported: Vec<&'static str>,
    /// None: nobody is redirected here.
    response_types_supported: [&'static str; 0],
    grant_types_supported: [&'static str; 1],
    token_endpoint_auth_methods_supported: [&'static str; 2],
    token_endpoint_auth_signing_alg_values_supported: [&'static str; 3],
    revocation_endpoint_auth_methods_supported: [&'static str; 2],
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    service_documentation: String,
}

/// Read how programs get tokens
///
/// RFC 8414.
#[utoipa::path(
    operation_id = "oauth_metadata",
    tag = "oauth",
    responses((status = 200, description = "Endpoints, scopes and methods", body = AuthorizationServer)),
    security(())
)]
#[get("/.well-known/oauth-authorization-server")]
pub(crate) async fn metadata(cx: Data<Context>) -> HttpResponse {
    const METHODS: [&str; 2] = ["client_secret_basic", "private_key_jwt"];
    let issuer = cx.tokens.issuer();
    HttpResponse::Ok().insert_header(("Cache-Control", "public, max-age=300")).json(AuthorizationServer {
        issuer: issuer.to_owned(),
        token_endpoint: format!("{issuer}/oauth/token"),
        revocation_endpoint: format!("{issuer}/oauth/revoke"),
        introspection_endpoint: format!("{issuer}/oauth/introspect"),
        jwks_uri: format!("{issuer}/.well-known/jwks.json"),
        scopes_supported: ClientScope::ALL.iter().map(|scope| scope.code()).collect(),
        response_types_supported: [],
        grant_types_supported: ["client_credentials"],
        token_endpoint_auth_methods_supported: METHODS,
        token_endpoint_auth_signing_alg_values_supported: ["EdDSA", "ES256", "RS256"],
        revocation_endpoint_auth_methods_supported: METHODS,
        introspection_endpoint_auth_methods_supported: METHODS,
        service_documentation: format!("{issuer}/docs/"),
    })
}
