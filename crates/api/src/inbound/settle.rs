//! Settling an e-mail, and deleting it.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, post};
use auth::permission::SettleMail;
use serde::Deserialize;
use usecases::Context;
use usecases::inbound::SettleError;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::problem::Problem;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::path::{Id, id_path};
use crate::ticket::named;

/// An e-mail, in a path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents the parameter")]
pub(crate) struct MailPath {
    /// The e-mail's id.
    mail: Uuid,
}
id_path!(MailPath, "mail");

/// Settle an e-mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettleUnplacedMail {
    /// The ticket that it is put with, if it is: its id or its reference.
    #[schema(pattern = "^[A-Za-z0-9-]{1,60}$", examples("AMI-26-000001"))]
    ticket: Option<String>,
}
input!(SettleUnplacedMail);

/// Settle an e-mail
///
/// For dispatchers: it is read, and waits for nobody any more. Settling it again is `404`.
///
/// With a `ticket` that the dispatcher sees, whatever its state, it is put there at the same moment, masked like any free
/// text, in as many pieces as it needs: of a resident, as a message of theirs; of the service, the referrer or a dispatcher, as
/// a message between them, or, where the referrer is not to know, a note; of anybody else, as a note. Its `by` is of type
/// `mail`: the dispatcher, and who wrote it by its address. Whom such a message concerns is told, as if it had been put there
/// by itself. Attachments were not kept: the text names them.
#[utoipa::path(
    operation_id = "inbound_settle",
    tag = "inbound",
    params(MailPath),
    request_body(content = SettleUnplacedMail, example = json!({"ticket": "AMI-26-000001"})),
    responses(
        (status = 204, description = "It is settled, and, with a `ticket`, stands there"),
        (status = 422, description = "The dispatcher knows of no such ticket: `unknown_ticket`; nothing was done")
    ),
    security(("bearer" = []))
)]
#[post("/v1/inbound/{mail}/settle")]
pub(crate) async fn settle(
    caller: Caller<SettleMail>,
    cx: Data<Context>,
    id: Id<MailPath>,
    body: Body<SettleUnplacedMail>,
) -> Result<HttpResponse, Problem> {
    let ticket = body.value.ticket.map(|name| named(&name).ok_or(SettleError::UnknownTicket)).transpose()?;
    usecases::inbound::settle(&cx, &caller.grant, id.value, ticket.as_ref()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Delete an e-mail
///
/// For dispatchers: it is gone at once, settled or not, where nothing is to be done with it (advertising), or where who wrote
/// it wants it gone (RGPD, article 17; `POST /v1/residents/search` finds what an address wrote). The audit log has its id.
#[utoipa::path(
    operation_id = "inbound_delete",
    tag = "inbound",
    params(MailPath),
    responses((status = 204, description = "It is gone")),
    security(("bearer" = []))
)]
#[delete("/v1/inbound/{mail}")]
pub(crate) async fn delete(
    caller: Caller<SettleMail>,
    cx: Data<Context>,
    id: Id<MailPath>,
) -> Result<HttpResponse, Problem> {
    usecases::inbound::delete(&cx, &caller.grant, id.value).await?;
    Ok(HttpResponse::NoContent().finish())
}
