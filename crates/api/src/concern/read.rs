//! Reading a concern.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use auth::permission::ReadTickets;
use domain::id::ConcernId;
use usecases::Context;
use utoipa::IntoParams;

use super::ConcernView;
use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::caller::Caller;
use crate::request::path::{Id, id_path};

/// The concern that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[allow(dead_code, reason = "only documents the parameter that `Id` reads")]
pub(crate) struct ConcernPath {
    /// The concern's id.
    concern: uuid::Uuid,
}
id_path!(ConcernPath, "concern");

/// Read a concern
///
/// What the resident said, with those of its tickets that the reader may know of. A concern of which the reader may know
/// no ticket is not found; one without tickets is read by the officer who filed it, and by dispatchers.
#[utoipa::path(
    operation_id = "concern_read",
    tag = "concerns",
    params(ConcernPath),
    responses(
        (status = 200, description = "The concern", body = ConcernView),
        (status = 410, description = "`gone`: it was kept for as long as the city keeps concerns"),
    ),
    security(("bearer" = []))
)]
#[get("/v1/concerns/{concern}")]
pub(crate) async fn read(
    caller: Caller<ReadTickets>,
    cx: Data<Context>,
    id: Id<ConcernPath>,
) -> Result<HttpResponse, Problem> {
    let found = usecases::concern::read(&cx, &caller.grant, ConcernId(id.value)).await?;
    let Some((concern, status, tickets)) = found else {
        let gone = usecases::retention::is_concern_gone(&cx, &caller.grant, ConcernId(id.value)).await?;
        return Err(Problem::new(if gone { Code::Gone } else { Code::NotFound }));
    };
    let city = &cx.city()?.city;
    let view = ConcernView::new(&concern, status, &tickets, city, caller.grant.caller(), caller.language, cx.now());
    Ok(reply::read(None, caller.language, &view))
}
