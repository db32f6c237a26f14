//! Tickets: without a token concerns with all of their tickets, as Open311 tells them; with one that may read tickets, each
//! ticket for itself.

use auth::Grant;
use auth::permission::ReadTickets;
use chrono::TimeDelta;
use domain::id::TicketId;
use domain::ticket::{State, Ticket};
use serde_json::{Value, json};
use usecases::Reader;
use usecases::open311::{Request, Wanted, Window};
use usecases::ticket::{After, Filter, Key, Listing, Named, Sort};

use super::{at, instant};
use crate::answer::Wrong;
use crate::cursor;
use crate::items::{Found, Reading, after};
use crate::query::Asked;

pub(crate) async fn page(reading: &Reading<'_>, asked: &Asked) -> Result<Found, Wrong> {
    let after = after(asked, cursor::read)?.map(|(at, id)| (at, TicketId(id)));
    let categories = asked.filter("category").and_then(|code| code.parse().ok()).into_iter().collect();
    let open = asked.filter("status").map(|status| status == "open");
    if let Some(grant) = grant(reading) {
        let states = State::ALL.into_iter().filter(|state| open.is_none_or(|open| open != state.has_ended()));
        let filter = Filter {
            states: if open.is_some() { states.collect() } else { Vec::new() },
            categories,
            inside_all: asked.areas(),
            filed_from: asked.during.map(|during| during.from),
            filed_before: asked.during.map(|Window { to, .. }| to + TimeDelta::microseconds(1)),
            within: asked.bounds,
            on_map: true,
            ..Filter::default()
        };
        let listing = Listing { filter, sort: Sort::LastFiled };
        let after = after.map(|(at, id)| After { key: Key::LastFiled(at), id, fuzzy: false });
        let listed =
            usecases::ticket::list(reading.cx, &Reader::new(reading.cx, &grant.into()), listing, after, asked.limit)
                .await?
                .page;
        let features = listed.items.iter().filter_map(|ticket| own(reading, ticket)).collect();
        let next = listed.next.is_some().then(|| listed.items.last()).flatten();
        return Ok((features, next.map(|ticket| cursor::write(ticket.filed_at, ticket.id.0))));
    }
    let wanted = Wanted {
        categories: reading.city.with_parts(categories),
        open,
        areas: asked.areas(),
        requested: asked.during,
        within: asked.bounds,
        on_map: true,
        after,
        limit: asked.limit + 1,
        ..Wanted::default()
    };
    let mut requests = usecases::open311::requests(reading.cx, wanted).await?;
    let limit = usize::try_from(asked.limit).unwrap_or(usize::MAX);
    let more = requests.len() > limit;
    requests.truncate(limit);
    let next = requests.last().filter(|_| more).map(|last| cursor::write(last.requested_at, last.first.0));
    Ok((requests.iter().filter_map(|request| public(reading, request)).collect(), next))
}

pub(crate) async fn one(reading: &Reading<'_>, id: &str) -> Result<Option<Value>, Wrong> {
    if let Some(grant) = grant(reading) {
        let ticket = usecases::ticket::read(reading.cx, &grant, &Named::Reference(id.to_owned())).await?;
        return Ok(ticket.and_then(|ticket| own(reading, &ticket)));
    }
    let wanted = Wanted { references: vec![id.to_owned()], limit: 1, ..Wanted::default() };
    let requests = usecases::open311::requests(reading.cx, wanted).await?;
    Ok(requests.first().and_then(|request| public(reading, request)))
}

fn grant(reading: &Reading<'_>) -> Option<Grant<ReadTickets>> {
    reading.who.as_ref()?.grant().ok()
}

const fn status(state: State) -> &'static str {
    if state.has_ended() { "closed" } else { "open" }
}

fn label<'a>(reading: &'a Reading<'_>, code: &'a domain::id::CategoryCode) -> &'a str {
    reading.city.category(code).map_or(code.as_str(), |category| category.label.in_language(reading.language))
}

fn service<'a>(reading: &'a Reading<'_>, code: &'a domain::id::ServiceCode) -> &'a str {
    reading.city.service(code).map_or(code.as_str(), |service| service.name.in_language(reading.language))
}

/// What everybody may know: the street and not the number, no word of the resident's nor to them.
fn public(reading: &Reading<'_>, request: &Request) -> Option<Value> {
    let services: Vec<&str> = request.services.iter().map(|code| service(reading, code)).collect();
    let properties = json!({
        "reference": request.reference,
        "category": request.category,
        "category_label": label(reading, &request.category),
        "status": status(request.state),
        "state": request.state.code(),
        "closure_reason": request.closure_reason.filter(|_| request.state.has_ended()).map(domain::city::catalogue::ClosureReason::code),
        "services": services.join(", "),
        "street": request.place.street(),
        "requested_at": instant(request.requested_at),
        "updated_at": instant(request.updated_at),
    });
    Some(at(&request.reference, request.place.point?, &request.areas, properties))
}

fn own(reading: &Reading<'_>, ticket: &Ticket) -> Option<Value> {
    let properties = json!({
        "reference": ticket.reference,
        "category": ticket.category,
        "category_label": label(reading, &ticket.category),
        "status": status(ticket.state),
        "state": ticket.state.code(),
        "closure_reason": ticket.closure_reason.filter(|_| ticket.state.has_ended()).map(domain::city::catalogue::ClosureReason::code),
        "services": service(reading, &ticket.service),
        "requested_at": instant(ticket.filed_at),
        "address": ticket.place.address.as_ref().map(domain::text::Address::as_str),
        "priority": ticket.priority.code(),
        "late": ticket.is_late(reading.cx.now()),
        "ack_due_at": instant(ticket.ack_due_at),
        "resolve_due_at": instant(ticket.resolve_due_at),
    });
    Some(at(&ticket.reference, ticket.place.point?, &ticket.areas, properties))
}
