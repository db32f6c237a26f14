//! Reading a café.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use auth::permission::ReadCafes;
use domain::id::CafeId;
use usecases::Context;

use super::{CafePath, CafeView};
use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::caller::Caller;
use crate::request::path::Id;

/// Read a café
///
/// For police agents, members of services and dispatchers.
#[utoipa::path(
    operation_id = "cafe_read",
    tag = "cafes",
    params(CafePath),
    responses((status = 200, description = "The café", body = CafeView, headers(("ETag" = String, description = "The version")))),
    security(("bearer" = []))
)]
#[get("/v1/cafes/{cafe}")]
pub(crate) async fn read(
    caller: Caller<ReadCafes>,
    cx: Data<Context>,
    id: Id<CafePath>,
) -> Result<HttpResponse, Problem> {
    let cafe = usecases::cafe::read(&cx, &caller.grant, CafeId(id.value)).await?;
    let cafe = cafe.ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(reply::read(Some(cafe.version), caller.language, &CafeView::new(&cafe, caller.grant.caller())))
}
