//! Settling an e-mail.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::SettleMail;
use usecases::Context;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::problem::{Code, Problem};
use crate::request::body::{Body, Nothing};
use crate::request::caller::Caller;
use crate::request::path::{Id, id_path};

/// An e-mail, in a path.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents the parameter")]
pub(crate) struct MailPath {
    /// The e-mail's id.
    mail: Uuid,
}
id_path!(MailPath, "mail");

/// Settle an e-mail
///
/// For dispatchers: it is read, and waits for nobody any more. Settling it again is `404`.
#[utoipa::path(
    operation_id = "inbound_settle",
    tag = "inbound",
    params(MailPath),
    request_body(content = Nothing, example = json!({})),
    responses((status = 204, description = "It is settled")),
    security(("bearer" = []))
)]
#[post("/v1/inbound/{mail}/settle")]
pub(crate) async fn settle(
    caller: Caller<SettleMail>,
    cx: Data<Context>,
    id: Id<MailPath>,
    _body: Body<Nothing>,
) -> Result<HttpResponse, Problem> {
    if usecases::inbound::settle(&cx, &caller.grant, id.value).await? {
        return Ok(HttpResponse::NoContent().finish());
    }
    Err(Problem::new(Code::NotFound))
}
