//! Handing out what is kept of a resident.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use auth::permission::ManagePersonalData;
use chrono::{DateTime, Utc};
use domain::id::ConcernId;
use domain::resident::KeptConcern;
use serde::Serialize;
use usecases::Context;
use usecases::inbound::Unplaced;
use usecases::resident::Exported;
use utoipa::ToSchema;
use uuid::Uuid;

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
    /// Their e-mails that could not be put with a ticket, the first first.
    mails: Vec<ResidentMail>,
    /// There are more concerns with the same address: search it, and export one of them.
    more: bool,
}

/// An e-mail of a resident that stands with no ticket.
#[derive(Serialize, ToSchema)]
pub(super) struct ResidentMail {
    /// Its id: `DELETE /v1/inbound/{mail}` deletes it.
    id: Uuid,
    /// When it came.
    received_at: DateTime<Utc>,
    /// Its subject.
    #[schema(examples("Re: Votre demande AMI-26-004217"))]
    subject: String,
    /// What they wrote.
    #[schema(examples("Merci, c’est propre."))]
    text: String,
}

impl From<Unplaced> for ResidentMail {
    fn from(mail: Unplaced) -> Self {
        Self { id: mail.id, received_at: mail.received_at, subject: mail.words.subject, text: mail.words.text }
    }
}

/// Export what is kept of a resident
///
/// Everything of the resident of a concern, and of the concerns with the same e-mail address (RGPD, article 15; two hundred at
/// a time). What
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
    let Exported { concerns, mails, more } =
        usecases::resident::export(&cx, &caller.grant, ConcernId(id.value)).await?;
    let mails = mails.into_iter().map(ResidentMail::from).collect();
    Ok(reply::read(None, caller.language, &ResidentExport { drawn_up_at: cx.now(), concerns, mails, more }))
}
