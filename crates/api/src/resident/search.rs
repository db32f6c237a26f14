//! Finding a resident.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ManagePersonalData;
use domain::email::EmailAddress;
use serde::{Deserialize, Serialize};
use usecases::Context;
use utoipa::ToSchema;
use uuid::Uuid;

use super::export::ResidentMail;
use crate::problem::Problem;
use crate::reply;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;

/// Whom to find.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchResident {
    /// The e-mail address that they left. It is in the body, so that no log has it.
    #[schema(value_type = String, format = "email", max_length = 254, examples("camille.dupont@mail.example"))]
    email: EmailAddress,
}
input!(SearchResident);

/// What was found.
#[derive(Serialize, ToSchema)]
struct FoundResident {
    /// The ids of the concerns, the last filed first; 200 at most.
    concerns: Vec<Uuid>,
    /// The e-mails from the address that stand with no ticket, the first first; 200 at most. Also when no concern has the
    /// address, or none has it any more.
    mails: Vec<ResidentMail>,
}

/// Find a resident
///
/// By the e-mail address that they left or write from; whoever left none is found by the reference of a ticket, which names its
/// concern. For dispatchers; each time that somebody is found is in the audit log, without the address.
#[utoipa::path(
    operation_id = "resident_search",
    tag = "residents",
    request_body(content = SearchResident, example = json!({"email": "camille.dupont@mail.example"})),
    responses((status = 200, description = "Their concerns and e-mails; none when the address is unknown", body = FoundResident)),
    security(("bearer" = []))
)]
#[post("/v1/residents/search")]
pub(crate) async fn search(
    caller: Caller<ManagePersonalData>,
    cx: Data<Context>,
    body: Body<SearchResident>,
) -> Result<HttpResponse, Problem> {
    let found = usecases::resident::find(&cx, &caller.grant, &body.value.email).await?;
    let concerns = found.concerns.into_iter().map(|concern| concern.0).collect();
    let mails = found.mails.into_iter().map(ResidentMail::from).collect();
    Ok(reply::read(None, caller.language, &FoundResident { concerns, mails }))
}
