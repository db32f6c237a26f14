//! Reading a ticket.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use auth::Asking;
use auth::permission::ReadTickets;
use usecases::Context;

use super::TicketPath;
use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::reader::Reader;
use crate::view::{Shown, TicketView};

/// Read a ticket
///
/// Within the reader's reach: police agents and dispatchers, and the members of the ticket's service; a restricted one,
/// only its service, its referrer and dispatchers. Out of reach is not found. When a member of its service reads it for
/// the first time, the service has received it.
#[utoipa::path(
    operation_id = "ticket_read",
    tag = "tickets",
    params(TicketPath),
    responses(
        (status = 200, description = "The ticket", body = TicketView, headers(("ETag" = String, description = "The version"))),
        (status = 410, description = "`gone`: it was kept for as long as the city keeps tickets"),
    ),
    security(("bearer" = []))
)]
#[get("/v1/tickets/{ticket}")]
pub(crate) async fn read(
    reader: Reader<ReadTickets>,
    cx: Data<Context>,
    path: TicketPath,
) -> Result<HttpResponse, Problem> {
    let open = async |asking: &Asking<ReadTickets>| {
        let reader = usecases::Reader::new(&cx, asking);
        Ok(usecases::ticket::open(&cx, &reader, &path.ticket).await?)
    };
    let (caller, opened) = reader.find(&cx, open, Option::is_some).await?;
    let Some((ticket, mails)) = opened else {
        let gone = usecases::retention::is_ticket_gone(&cx, &caller.grant, &path.ticket).await?;
        return Err(Problem::new(if gone { Code::Gone } else { Code::NotFound }));
    };
    let loaded = cx.city()?;
    let view = Shown::new(&loaded.city, caller.grant.caller(), caller.language, cx.now()).ticket(&ticket);
    Ok(reply::read(Some(ticket.version), caller.language, &view.with_mails(mails)))
}
