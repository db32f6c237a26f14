//! For those who run the server, and for those who verify its tokens.

use crate::openapi::Routes;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use serde_json::Value;
use usecases::Context;
use usecases::health::NotReady;
use utoipa::ToSchema;

use crate::outermost::Told;

pub(crate) fn routes(config: &mut impl Routes) {
    config.service(live).service(ready).service(jwks);
}

/// How an instance is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`, or what is missing: `database`, `migrations`, `city`.
    #[schema(examples("ok"))]
    status: &'static str,
    /// How many messages wait to be sent; counted up to 10 000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    outbox_pending: Option<i64>,
    /// How many messages were given up and wait for an operator; counted up to 10 000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    outbox_dead: Option<i64>,
    /// For how long the oldest pending message has waited, seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    outbox_oldest_seconds: Option<i64>,
}

impl Health {
    const fn only(status: &'static str) -> Self {
        Self { status, outbox_pending: None, outbox_dead: None, outbox_oldest_seconds: None }
    }
}

/// Is the process alive?
///
/// Asks nothing of anybody else: a database that is away is no reason to restart this process.
#[utoipa::path(
    operation_id = "health_live",
    tag = "operation",
    responses((status = 200, description = "It is", body = Health)),
    security(())
)]
#[get("/health/live")]
async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Health::only("ok"))
}

/// Can this instance answer?
///
/// Whether the database answers, its migrations are those of this program, and a city is loaded; and how much waits to
/// be sent.
#[utoipa::path(
    operation_id = "health_ready",
    tag = "operation",
    responses(
        (status = 200, description = "It can", body = Health),
        (status = 503, description = "It cannot; `status` says what is missing", body = Health, example = json!({"status": "database"})),
    ),
    security(())
)]
#[get("/health/ready")]
async fn ready(cx: Data<Context>) -> HttpResponse {
    match usecases::health::ready(&cx).await {
        Ok(backlog) => HttpResponse::Ok().json(Health {
            status: "ok",
            outbox_pending: Some(backlog.pending),
            outbox_dead: Some(backlog.dead),
            outbox_oldest_seconds: backlog.oldest.map(|at| (cx.now() - at).num_seconds()),
        }),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            let missing = match error {
                NotReady::Database(_) => "database",
                NotReady::Migrations => "migrations",
                NotReady::City => "city",
            };
            let mut response = HttpResponse::build(StatusCode::SERVICE_UNAVAILABLE)
                .insert_header(("Retry-After", "5"))
                .json(Health::only(missing));
            response.extensions_mut().insert(Told);
            response
        }
    }
}

/// A JSON Web Key Set.
#[derive(Serialize, ToSchema)]
pub(crate) struct JsonWebKeySet {
    /// The keys (RFC 7517).
    #[schema(value_type = Vec<Object>)]
    keys: Value,
}

/// Read the public keys
///
/// The keys that access tokens are signed with (RFC 7517, RFC 8037).
#[utoipa::path(
    operation_id = "jwks_read",
    tag = "operation",
    responses((status = 200, description = "The keys", body = JsonWebKeySet)),
    security(())
)]
#[get("/.well-known/jwks.json")]
async fn jwks(cx: Data<Context>) -> HttpResponse {
    HttpResponse::Ok().insert_header(("Cache-Control", "public, max-age=300")).json(cx.tokens.jwks(cx.now()))
}
