//! `/v1/sessions`. Tokens are answered once and not kept, so that these requests take no `Idempotency-Key`.

mod begin;
mod end;
mod list;
mod logout;
mod redeem;
mod refresh;

use crate::openapi::Routes;
use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, HttpResponseBuilder};
use chrono::{DateTime, Utc};
use domain::account::Method;
use domain::id::SessionId;
use serde::Serialize;
use usecases::session::{Held, Listed};
use utoipa::ToSchema;
use uuid::Uuid;

pub(crate) fn routes(config: &mut impl Routes) {
    config
        .service(begin::begin)
        .service(redeem::redeem)
        .service(logout::logout)
        .service(refresh::refresh)
        .service(list::list)
        .service(end::end_current)
        .service(end::end)
        .service(end::end_others);
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
    /// Your role requires a second factor, and you have none: until you have set one up (`POST /v1/me/second_factor`),
    /// everything else is refused.
    #[serde(skip_serializing_if = "is_false")]
    #[schema(required = false)]
    second_factor_due: bool,
    /// After a login with a password: keep it on this device, and send it with the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    device_token: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl SessionTokens {
    /// Answers with what somebody holds; nobody on the way is to keep it.
    fn answer(status: StatusCode, held: &Held) -> HttpResponse {
        HttpResponseBuilder::new(status).insert_header((CACHE_CONTROL, "no-store")).json(Self {
            access_token: held.access_token.clone(),
            token_type: "Bearer",
            expires_in: auth::token::LIFETIME.num_seconds(),
            refresh_token: held.refresh_token.expose().to_owned(),
            second_factor_due: held.second_factor_due,
            device_token: held.device_token.clone(),
        })
    }
}

/// A session, as its owner recognises it.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionView {
    /// Its id.
    id: Uuid,
    /// Whether it is the one that asks.
    current: bool,
    method: Method,
    /// When it began.
    created_at: DateTime<Utc>,
    /// When it was last refreshed.
    refreshed_at: DateTime<Utc>,
    /// When it ends unless refreshed.
    expires_at: DateTime<Utc>,
    /// The address from which it was last refreshed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("192.0.2.7"))]
    address: Option<String>,
    /// The program by which it was begun: the User-Agent header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    agent: Option<String>,
}

impl SessionView {
    pub(crate) fn new(session: Listed, current: Option<SessionId>) -> Self {
        Self {
            id: session.id.0,
            current: current == Some(session.id),
            method: session.method,
            created_at: session.created_at,
            refreshed_at: session.refreshed_at,
            expires_at: session.expires_at,
            address: session.address,
            agent: session.agent,
        }
    }
}

/// Live sessions.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionPage {
    /// The last used first; a hundred at most.
    pub(crate) items: Vec<SessionView>,
    /// Null: there is no further page.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}
