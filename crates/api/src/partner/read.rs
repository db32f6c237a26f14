//! Following a partner's link.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use domain::ticket::Ticket;
use usecases::Context;
use usecases::ticket::partner::{knock, look};
use utoipa::IntoParams;

use super::view::PartnerTicket;
use super::{LinkPath, page};
use crate::problem::{Problem, preferred_language};
use crate::reply;
use crate::request::caller::Visitor;
use crate::tracking::wants_json;

/// What the page confirms.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameter that the page takes")]
pub(crate) struct Done {
    /// The action that was just done: the page says so.
    #[param(pattern = "^[a-z]{1,20}$")]
    done: Option<String>,
}

/// Follow a partner's link
///
/// What the partner's service is entitled to see of the ticket: as JSON when `Accept` asks for it, else as a page with a
/// form for each thing that can be done. Following the link is logged and changes nothing of the ticket, because mail
/// scanners follow links: `receive`, or the first thing that is done, says that the partner has it. The token is the whole
/// authorization. A link works for eight days, and while the ticket is with the partner.
#[utoipa::path(
    operation_id = "partner_read",
    tag = "partners",
    params(LinkPath, Done),
    responses(
        (status = 200, description = "The ticket", content((PartnerTicket = "application/json"), (String = "text/html")), headers(("ETag" = String, description = "The version"))),
        (status = 410, description = "`partner_link_expired`: another one can be sent; `partner_link_over`: the ticket is no longer with the partner"),
    ),
    security(())
)]
#[get("/v1/partners/{token}")]
pub(crate) async fn read(
    request: HttpRequest,
    Visitor(from): Visitor,
    cx: Data<Context>,
    path: LinkPath,
) -> Result<HttpResponse, Problem> {
    let json = wants_json(&request);
    let door = match knock(&cx, &path.token, &from).await {
        Ok(door) => door,
        Err(shut) if json => return Err(shut.into()),
        Err(shut) => return page::shut(&request, &path, shut),
    };
    let (shown, loaded, language) = (look(&cx, &door).await?, cx.city()?, preferred_language(&request));
    let Ticket { version, .. } = *door.ticket();
    let ticket = PartnerTicket::new(&door, shown, &loaded.city, language, &path.page(), cx.now());
    if json {
        return Ok(reply::read(Some(version), language, &ticket));
    }
    let done = page::Notice::done(request.query_string());
    page::ticket(&cx, &loaded.city, language, &path, &ticket, &done)
}
