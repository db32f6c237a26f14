//! `/v1/sessions` and `/v1/me`. Tokens are answered once and not kept, so that these requests take no
//! `Idempotency-Key`.

mod begin;
mod end;
mod me;
mod refresh;

use serde::Serialize;
use usecases::session::Held;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(begin::begin).service(refresh::refresh).service(end::end).service(me::me);
}

/// What somebody holds who has logged in.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionTokens {
    /// Goes into the header `Authorization: Bearer …`.
    access_token: String,
    /// Always `Bearer`.
    #[schema(examples("Bearer"))]
    token_type: &'static str,
    /// How long the access token lives, seconds.
    #[schema(minimum = 1, examples(900))]
    expires_in: i64,
    /// Gets a new access token, once; see `POST /v1/sessions/refresh`.
    refresh_token: String,
}

impl From<Held> for SessionTokens {
    fn from(held: Held) -> Self {
        Self {
            access_token: held.access_token,
            token_type: "Bearer",
            expires_in: auth::token::LIFETIME.num_seconds(),
            refresh_token: held.refresh_token,
        }
    }
}
