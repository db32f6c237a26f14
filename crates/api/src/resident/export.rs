//! Handing out what is kept of a resident.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use auth::permission::ManagePersonalData;
use chrono::{DateTime, Utc};
use domain::id::ConcernId;
use domain::resident::KeptConcern;
use serde::Serialize;
use usecases::Context;
use utoipa::ToSchema;

use crate::concern::ConcernPath;
use crate::problem::Problem;
use crate::reply;
use crate::request::caller::Caller;
use crate::request::path::Id;

/// What is kept of a resident.
#[derive(Serialize, ToSchema)]
struct ResidentExport {
    /// When it was drawn up.
    drawn_up_at: DateTime<Utc>,
    /// Their concerns, the first filed first.
    concerns: Vec<KeptConcern>,
}

/// Export what is kept of a resident
///
/// Everything of the resident of a concern, and of the concerns with the same e-mail address (RGPD, article 15). What
/// agents wrote is in it: look through it for what points to others before you hand it over (CRPA L311-6). For
/// dispatchers; each time is in the audit log.
#[utoipa::path(
    operation_id = "resident_export",
    tag = "residents",
    params(ConcernPath),
    responses((status = 200, description = "What is kept", body = ResidentExport)),
    security(("bearer" = []))
)]
#[get("/v1/residents/{concern}/export")]
pub(crate) async fn export(
    caller: Caller<ManagePersonalData>,
    cx: Data<Context>,
    id: Id<ConcernPath>,
) -> Result<HttpResponse, Problem> {
    let concerns = usecases::resident::export(&cx, &caller.grant, ConcernId(id.value)).await?;
    Ok(reply::read(None, caller.language, &ResidentExport { drawn_up_at: cx.now(), concerns }))
}
