//! A concern with its tickets as a service request.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use domain::city::City;
use domain::city::catalogue::{Category, ClosureReason};
use domain::language::Language;
use domain::time::Zone;
use usecases::open311::Request;

use crate::node::Node;
use crate::status::{after, sentences};

/// An instant as the specification writes it: whole seconds, with the zone.
pub(crate) fn instant(at: DateTime<Utc>) -> Node {
    at.to_rfc3339_opts(SecondsFormat::Secs, true).into()
}

/// The beginning of a day.
fn day(day: NaiveDate, zone: Zone) -> Option<Node> {
    zone.midnight(day).map(instant)
}

/// A request; with what GeoReport does not know of, if it is asked for.
pub(crate) fn record(request: &Request, city: &City, language: Language, extended: bool) -> Node {
    let category = city.category(&request.category);
    let status = if request.state.has_ended() { "closed" } else { "open" };
    let notes = sentences(request.state, request.closure_reason, request.message.as_ref(), language);
    let services = request.services.iter().filter_map(|code| city.service(code));
    let services: Vec<&str> = services.map(|service| service.name.in_language(language)).collect();
    let name = category.map_or(request.category.as_str(), |category| category.label.in_language(language));
    let coordinate = |of: fn(&domain::place::Point) -> f64| {
        request.place.point.as_ref().map_or(Node::Empty, |point| Node::Number(of(point)))
    };
    let mut parts = vec![
        ("service_request_id", request.reference.as_str().into()),
        ("status", status.into()),
        ("status_notes", notes.into()),
        ("service_name", name.into()),
        ("service_code", request.category.as_str().into()),
        ("description", request.description.as_ref().map(domain::text::Description::as_str).into()),
        ("agency_responsible", Some(services.join(", ")).filter(|names| !names.is_empty()).into()),
        ("service_notice", Node::Empty),
        ("requested_datetime", instant(request.requested_at)),
        ("updated_datetime", instant(request.updated_at)),
    ];
    // A date that nobody knows is left out.
    parts.extend(request.scheduled_for.and_then(|on| day(on, city.zone())).map(|day| ("expected_datetime", day)));
    parts.extend([
        ("address", request.place.address.as_ref().map(domain::text::Address::as_str).into()),
        ("address_id", Node::Empty),
        ("zipcode", Node::Empty),
        ("lat", coordinate(|point| point.lat)),
        ("long", coordinate(|point| point.lon)),
        ("media_url", Node::Empty),
    ]);
    if extended {
        let reason = request.closure_reason.filter(|_| request.state.has_ended()).map(ClosureReason::code);
        let more = vec![("state", request.state.code().into()), ("closure_reason", reason.into())];
        parts.extend([
            ("attributes", attributes(request, category, language)),
            ("extended_attributes", Node::Object(more)),
            ("notes", history(request, language)),
        ]);
    }
    Node::Object(parts)
}

/// What was answered to the service's questions, those that it no longer asks left out.
fn attributes(request: &Request, category: Option<&Category>, language: Language) -> Node {
    let attributes = request.replies.iter().filter_map(|(code, reply)| {
        let question = category?.question(code)?;
        Some(Node::Object(vec![
            ("code", code.as_str().into()),
            ("label", question.label.in_language(language).into()),
            ("value", reply.in_words(Some(question), language).into()),
        ]))
    });
    Node::List("attribute", attributes.collect())
}

/// What happened.
fn history(request: &Request, language: Language) -> Node {
    let notes = request.events.iter().filter_map(|(at, fact)| {
        let (state, reason) = after(fact)?;
        let told = fact.message_to_resident().filter(|_| request.description.is_some());
        Some(Node::Object(vec![
            ("datetime", instant(*at)),
            ("description", sentences(state, reason, told, language).into()),
            ("type", fact.code().into()),
        ]))
    });
    Node::List("note", notes.collect())
}
