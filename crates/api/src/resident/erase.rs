//! Erasing what is kept of a resident.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::Holder as _;
use auth::permission::ManagePersonalData;
use domain::id::ConcernId;
use serde::Serialize;
use usecases::Context;
use usecases::once::Once;
use usecases::resident::Erased;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::concern::ConcernPath;
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, Nothing};
use crate::request::caller::Caller;
use crate::request::idempotency::{Idempotency, IdempotencyHeader};
use crate::request::path::Id;

/// What was erased.
#[derive(Serialize, ToSchema)]
struct ErasedResident {
    /// The concerns of which nothing is left but what is counted.
    erased: Vec<Uuid>,
    /// Those of which the contact is erased, while what was said goes as soon as they have ended.
    waiting: Vec<Uuid>,
    /// There are more concerns with the same address: search it, and ask again with one of them.
    more: bool,
}

impl From<&Erased> for ErasedResident {
    fn from(erased: &Erased) -> Self {
        let ids = |concerns: &[ConcernId]| concerns.iter().map(|concern| concern.0).collect();
        Self { erased: ids(&erased.now), waiting: ids(&erased.later), more: erased.more }
    }
}

/// Erase what is kept of a resident
///
/// Of the resident of a concern, and of the concerns with the same e-mail address (RGPD, article 17; two hundred at a time):
/// the contact, the link, the slip of paper and their e-mails that stand with no ticket at once; what was said, written and photographed at once too, of concerns that have ended.
/// While a service still works on one, which is the city's public task (article 17.3.b), the rest goes within the
/// hour after its end. Nothing brings any of it back, a restored backup neither. For dispatchers; each time is in the audit log.
#[utoipa::path(
    operation_id = "resident_erase",
    tag = "residents",
    params(ConcernPath, IdempotencyHeader),
    responses(
        (status = 200, description = "Erased", body = ErasedResident),
        (status = 422, description = "The idempotency key was used for another request"),
        (status = 503, description = "The database does not answer: ask again"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/residents/{concern}/erase")]
pub(crate) async fn erase(
    caller: Caller<ManagePersonalData>,
    cx: Data<Context>,
    id: Id<ConcernPath>,
    key: Idempotency,
    body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    let Caller { grant, language } = caller;
    let show = |erased: &Erased| reply::kept(StatusCode::OK, None, None, &ErasedResident::from(erased));
    let once = Once::new(key.claim(grant.holder().id(), &body.digest), &show);
    let done = usecases::resident::erase(&cx, &grant, ConcernId(id.value), once).await?;
    reply::send(done.into_answer(show), language)
}
