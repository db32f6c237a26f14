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
    /// Who issues the tokens: the base URL, and `iss` of each token.
    issuer: String,
    /// Where tokens are issued.
    token_endpoint: String,
    /// Where a token is revoked (RFC 7009).
    revocation_endpoint: String,
    /// Where one asks what a token is good for (RFC 7662).
    introspection_endpoint: String,
    /// Where the public keys are that verify tokens.
    jwks_uri: String,
    /// What a token may be for.
    scopes_supported: Vec<&'static str>,
    /// None: nobody is redirected here.
    response_types_supported: [&'static str; 0],
    /// How a token is asked for: `client_credentials`.
    grant_types_supported: [&'static str; 1],
    /// How a program proves there who it is.
    token_endpoint_auth_methods_supported: [&'static str; 2],
    /// With which algorithms it may sign its statements.
    token_endpoint_auth_signing_alg_values_supported: [&'static str; 3],
    /// How a program proves there who it is.
    revocation_endpoint_auth_methods_supported: [&'static str; 2],
    /// How a program proves there who it is.
    introspection_endpoint_auth_methods_supported: [&'static str; 2],
    /// Where this documentation is.
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
