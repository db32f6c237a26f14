//! Going back to a former version.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::Holder as _;
use auth::permission::ManageRouting;
use usecases::Context;
use usecases::once::Once;

use super::publish::{PublishRules, show};
use super::{EditionView, VersionPath};
use crate::problem::Problem;
use crate::reply;
use crate::request::body::Body;
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};

/// Go back to a version of the rules
///
/// Its rules are in force again at once, as one more version, if they have no fault in the city as it is now.
#[utoipa::path(
    operation_id = "routing_version_restore",
    tag = "routing",
    params(VersionPath, IdempotencyHeader),
    request_body(content = PublishRules, example = json!({"reason": "La nouvelle règle envoyait tout à la voirie."})),
    responses(
        (status = 201, description = "The new version", body = EditionView, headers(("Location" = String, description = "The version"))),
        (status = 409, description = "`rules_in_force`"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/routing/versions/{version}/restore")]
pub(crate) async fn restore(
    caller: Caller<ManageRouting>,
    cx: Data<Context>,
    path: VersionPath,
    key: Idempotency,
    body: Body<PublishRules>,
) -> Result<HttpResponse, Problem> {
    let once = Once::new(key.claim(caller.grant.holder().id(), &body.digest), &show);
    let done = usecases::routing::restore(&cx, &caller.grant, path.version, body.value.reason, once).await?;
    reply::send(done.into_answer(show), caller.language)
}
