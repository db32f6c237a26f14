//! Passing a ticket on to another service.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use auth::permission::ChangeTickets;
use domain::id::ServiceCode;
use domain::text::Note;
use domain::ticket::reroute::Reroute;
use serde::Deserialize;
use usecases::Context;
use utoipa::ToSchema;

use super::{Change, ChangeHeaders, TicketPath};
use crate::problem::Problem;
use crate::request::body::{Body, input};
use crate::request::caller::Caller;
use crate::request::conditional::IfMatch;
use crate::request::idempotency::Idempotency;
use crate::view::TicketView;

/// Pass a ticket on to another service.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RerouteTicket {
    /// The code of the service.
    #[schema(value_type = String, pattern = "^[a-z][a-z0-9_-]{0,59}$", examples("voirie"))]
    service: ServiceCode,
    /// Why; the new service reads it.
    #[schema(value_type = String, min_length = 1, max_length = 2000)]
    note: Note,
}
input!(RerouteTicket);

impl From<RerouteTicket> for Reroute {
    fn from(body: RerouteTicket) -> Self {
        let RerouteTicket { service, note } = body;
        Self { service, note }
    }
}

/// Pass a ticket on to another service
///
/// For dispatchers while it is `submitted`, `acknowledged` or `refused`; for the service itself too, until the ticket's
/// second handover. The ticket's clocks begin anew at the new service, which is told, as is the referrer; so is the
/// resident, if they left an address and the service is of another organisation (CRPA L114-2). A restricted ticket goes to
/// no partner without an agreement (422, `not_entitled` in `errors`).
#[utoipa::path(
    operation_id = "ticket_reroute",
    tag = "tickets",
    params(TicketPath, ChangeHeaders),
    request_body(content = RerouteTicket, example = json!({"service": "voirie", "note": "Sur la chaussée"})),
    responses(
        (status = 200, description = "The ticket, submitted to the other service", body = TicketView, headers(("ETag" = String, description = "The new version"))),
        (status = 409, description = "`ticket_not_reroutable`: it is neither submitted, acknowledged nor refused"),
    ),
    security(("bearer" = []))
)]
#[post("/v1/tickets/{ticket}/reroute")]
pub(crate) async fn reroute(
    caller: Caller<ChangeTickets>,
    cx: Data<Context>,
    path: TicketPath,
    seen: IfMatch,
    key: Idempotency,
    body: Body<RerouteTicket>,
) -> Result<HttpResponse, Problem> {
    Change::new(caller, path, seen, key)
        .answer(&cx, &body.digest, async |who, on, once| {
            usecases::ticket::reroute(&cx, who, on, body.value.into(), once).await
        })
        .await
}
