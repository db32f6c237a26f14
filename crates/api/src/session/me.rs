//! Who one is.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use domain::language::Language;
use domain::person::Role;
use serde::Serialize;
use usecases::Context;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::problem::{Code, Problem};
use crate::request::caller::LoggedIn;

/// An account.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    id: Uuid,
    #[schema(format = "email")]
    email: String,
    name: String,
    /// The language in which e-mails are written.
    language: Language,
    roles: Vec<Role>,
    /// The services that the person belongs to, by code.
    services: Vec<String>,
}

/// Read one's own account
///
/// Who the access token says you are.
#[utoipa::path(
    operation_id = "me_read",
    tag = "sessions",
    responses((status = 200, description = "Your account", body = Me)),
    security(("bearer" = []))
)]
#[get("/v1/me")]
pub(crate) async fn me(LoggedIn(who): LoggedIn, cx: Data<Context>) -> Result<HttpResponse, Problem> {
    let user = usecases::session::me(&cx, &who).await?.ok_or_else(|| Problem::new(Code::Unauthenticated))?;
    Ok(HttpResponse::Ok().json(Me {
        id: user.person.user.0,
        email: user.email,
        name: user.name,
        language: user.language,
        roles: user.person.roles.into_iter().collect(),
        services: user.person.services.iter().map(ToString::to_string).collect(),
    }))
}
