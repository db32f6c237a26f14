//! The identities with which one signs in.

use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use chrono::{DateTime, Utc};
use domain::id::IdentityId;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use usecases::Context;
use usecases::identity::Linked;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::problem::Problem;
use crate::request::body::{Body, input};
use crate::request::caller::LoggedIn;
use crate::request::path::{Id, id_path};

/// The identity that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents the parameter that `Id` reads")]
pub(crate) struct IdentityPath {
    /// The identity's id.
    identity: Uuid,
}
id_path!(IdentityPath, "identity");

impl Id<IdentityPath> {
    pub(crate) const fn identity(&self) -> IdentityId {
        IdentityId(self.value)
    }
}

/// Who somebody is at an identity provider, linked with their account.
#[derive(Serialize, ToSchema)]
#[schema(as = Identity)]
pub(crate) struct IdentityView {
    /// Its id.
    id: Uuid,
    /// The provider: its issuer URL.
    #[schema(format = "uri", examples("https://auth.agentconnect.gouv.fr/api/v2"))]
    issuer: String,
    /// What the provider called the person when the two were linked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("Amélie Petit (amelie.petit@ville-amiens.example)"))]
    name: Option<String>,
    /// When it was linked with the account.
    linked_at: DateTime<Utc>,
}

/// Identities.
#[derive(Serialize, ToSchema)]
pub(crate) struct IdentityPage {
    /// The last linked first; a hundred at most.
    items: Vec<IdentityView>,
    /// Null: there is no further page.
    #[schema(required)]
    next_cursor: Option<String>,
}

impl From<Vec<Linked>> for IdentityPage {
    fn from(linked: Vec<Linked>) -> Self {
        let view = |Linked { id, issuer, name, linked_at }| IdentityView { id: id.0, issuer, name, linked_at };
        Self { items: linked.into_iter().map(view).collect(), next_cursor: None }
    }
}

/// List one's identities
///
/// With which identities, at which providers, you can sign in without a password.
#[utoipa::path(
    operation_id = "identity_list",
    tag = "me",
    responses((status = 200, description = "Your identities", body = IdentityPage)),
    security(("bearer" = []))
)]
#[get("/v1/me/identities")]
pub(crate) async fn list(who: LoggedIn, cx: Data<Context>) -> Result<HttpResponse, Problem> {
    let linked = usecases::identity::list(&cx, who.own).await?;
    Ok(HttpResponse::Ok().json(IdentityPage::from(linked)))
}

/// Take one of one's identities away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RemoveIdentity {
    /// Your password, if you have one; otherwise, you have to have logged in within ten minutes. Who has stolen an access
    /// token cannot lock you out.
    #[serde(default)]
    #[schema(value_type = String, required = false, format = "password", max_length = 1024)]
    password: SecretString,
}
input!(RemoveIdentity);

/// Take one of one's identities away
///
/// It no longer lets anybody in; every session that was begun by signing in at a provider ends, yours too if it is one.
/// You are told by e-mail. Refused for the only identity of an account without a password: choose a password first, by
/// the link of `POST /v1/passwords/forgotten`.
#[utoipa::path(
    operation_id = "identity_remove",
    tag = "me",
    params(IdentityPath),
    request_body(content = RemoveIdentity, example = json!({"password": "mot de passe des essais"})),
    responses(
        (status = 204, description = "It is taken away"),
        (status = 403, description = "`login_too_old`"),
        (status = 409, description = "`only_way_in`"),
        (status = 422, description = "The password is wrong"),
        (status = 429, description = "`rate_limited`; `too_many_attempts`: `Retry-After` says when to try again"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/me/identities/{identity}/remove")]
pub(crate) async fn remove(
    who: LoggedIn,
    cx: Data<Context>,
    path: Id<IdentityPath>,
    body: Body<RemoveIdentity>,
) -> Result<HttpResponse, Problem> {
    usecases::identity::unlink(&cx, who.own, path.identity(), &body.value.password, &who.origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
