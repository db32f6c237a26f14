//! `/v1/tickets`.

mod acknowledge;
mod assign;
mod attachment;
mod bulk;
mod cancel;
mod close;
mod counts;
mod export;
pub(crate) mod filter;
mod handovers;
mod hold;
mod list;
mod merge;
mod openings;
mod prioritise;
mod read;
mod receive;
mod record;
mod refuse;
mod reopen;
mod reroute;
mod resolve;
mod resume;
mod schedule;
mod sheet;
mod split;
mod start;
mod timeline;
mod unmerge;
mod writing;

pub(crate) use attachment::deliver;
pub(crate) use sheet::{areas, moment, replies};

use std::future::{Ready, ready};
use std::sync::Arc;

use crate::openapi::Routes;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use auth::Holder as _;
use auth::permission::ChangeTickets;
use domain::id::TicketId;
use domain::ticket::Ticket;
use usecases::once::{Done, Once};
use usecases::ticket::{ChangeError, Named, On};
use usecases::{Answer, Context};
use utoipa::IntoParams;

use crate::problem::{Code, Problem};
use crate::reply;
use crate::request::caller::Caller;
use crate::request::conditional::IfMatch;
use crate::request::idempotency::Idempotency;
use crate::view::Shown;
pub(crate) use list::{PointGeometry, wants_geojson};

pub(crate) fn routes(config: &mut impl Routes) {
    config
        // Before what takes any name for a ticket's.
        .configure(bulk::routes)
        .service(list::list)
        .service(counts::counts)
        .service(export::export)
        .service(read::read)
        .service(timeline::timeline)
        .service(acknowledge::acknowledge)
        .service(refuse::refuse)
        .service(start::start)
        .service(resolve::resolve)
        .service(close::close)
        .service(reopen::reopen)
        .service(receive::receive)
        .service(reroute::reroute)
        .service(schedule::schedule)
        .service(hold::hold)
        .service(resume::resume)
        .service(cancel::cancel)
        .service(merge::merge)
        .service(unmerge::unmerge)
        .service(assign::assign)
        .service(prioritise::prioritise)
        .service(split::split)
        .service(handovers::handovers)
        .service(openings::openings)
        .service(sheet::sheet)
        .configure(writing::routes)
        .configure(attachment::routes);
}

/// The ticket that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct TicketPath {
    /// The ticket's id, or its reference.
    #[param(value_type = String, example = "AMI-26-000001", pattern = "^[A-Za-z0-9-]{1,60}$")]
    ticket: Named,
}

impl FromRequest for TicketPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let name = request.match_info().get("ticket").unwrap_or_default();
        let ticket = named(name);
        ready(ticket.map(|ticket| Self { ticket }).ok_or_else(|| Problem::new(Code::NotFound)))
    }
}

/// The ticket of that name: an id or a reference; none when it is neither.
pub(crate) fn named(name: &str) -> Option<Named> {
    let reference = || {
        let plausible = (1..=60).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        plausible.then(|| Named::Reference(name.to_ascii_uppercase()))
    };
    name.parse().map(|id| Named::Id(TicketId(id))).ok().or_else(reference)
}

/// The headers of a change.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only documents the headers that extractors read")]
pub(crate) struct ChangeHeaders {
    /// The `ETag` of the ticket as you last read it: nobody overwrites what they have not seen.
    #[param(rename = "If-Match", required = true, example = "\"1\"")]
    if_match: String,
    /// Any text that is unique to this request: a repeat within 24 hours gets the first answer again.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 255, example = "4f9f7a6e-acknowledge")]
    idempotency_key: Option<String>,
}

/// A change as every action's route receives it.
struct Change {
    caller: Caller<ChangeTickets>,
    on: On,
    key: Idempotency,
}

impl Change {
    fn new(caller: Caller<ChangeTickets>, path: TicketPath, IfMatch(seen): IfMatch, key: Idempotency) -> Self {
        Self { caller, on: On { ticket: path.ticket, seen }, key }
    }

    /// Carries the change out by a use case, and answers with the ticket as it is then.
    async fn answer(
        self,
        cx: &Context,
        digest: &[u8; 32],
        usecase: impl AsyncFnOnce(&auth::Grant<ChangeTickets>, On, Once<'_, Ticket>) -> Result<Done<Ticket>, ChangeError>,
    ) -> Result<HttpResponse, Problem> {
        let Self { caller: Caller { grant, language }, on, key } = self;
        let loaded: Arc<_> = cx.city()?;
        let show = |ticket: &Ticket| -> Answer {
            let view = Shown::new(&loaded.city, grant.caller(), language, cx.now()).ticket(ticket);
            reply::kept(StatusCode::OK, Some(ticket.version), None, &view)
        };
        let claim = key.claim(grant.holder().id(), digest);
        let done = usecase(&grant, on, Once::new(claim, &show)).await?;
        reply::send(done.into_answer(show), language)
    }
}
