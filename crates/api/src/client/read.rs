//! Reading a program.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use auth::permission::ReadClients;
use usecases::Context;

use super::{ClientPath, ClientView};
use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::caller::Caller;
use crate::request::path::Id;

/// Read a program
///
/// With its secrets and keys, as far as they can be told. For administrators.
#[utoipa::path(
    operation_id = "client_read",
    tag = "clients",
    params(ClientPath),
    responses((status = 200, description = "The program", body = ClientView, headers(("ETag" = String, description = "The version")))),
    security(("bearer" = []))
)]
#[get("/v1/clients/{client}")]
pub(crate) async fn read(
    caller: Caller<ReadClients>,
    cx: Data<Context>,
    path: Id<ClientPath>,
) -> Result<HttpResponse, Problem> {
    let one = usecases::client::read(&cx, &caller.grant, path.client()).await?;
    let one = one.ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(reply::read(Some(one.version), caller.language, &ClientView::from(&one)))
}
