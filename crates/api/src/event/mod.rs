//! `/v1/events`: what happened, in one order, for other programs to follow.

pub(crate) mod list;
mod stream;

pub(crate) use stream::Streams;

use crate::openapi::Routes;
use domain::feed::{EventType, Filter, Position};
use usecases::Loaded;
use usecases::feed::Begin;
use utoipa::IntoParams;

use crate::request::query::{Query, one_of};
use crate::ticket::filter::unknown;

pub(crate) fn routes(config: &mut impl Routes) {
    config.service(list::list).service(stream::follow);
}

/// What events can be narrowed by. A parameter that is repeated means any of its values. Which events there are at all, the
/// program's scopes say: those of tickets with `tickets:read`, those of cafés with `cafes:read`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "only documents the parameters that `Query` takes")]
pub(crate) struct FilterEvents {
    /// Of these types.
    #[param(value_type = Option<Vec<EventType>>, explode = true, example = json!(["ticket.submitted"]))]
    r#type: Option<Vec<String>>,
    /// Of tickets that one of these services had, by its code.
    #[param(explode = true, example = json!(["proprete"]))]
    service: Option<Vec<String>>,
    /// Of tickets of these categories, by their codes.
    #[param(explode = true, example = json!(["illegal_dumping"]))]
    category: Option<Vec<String>>,
    /// In one of these areas, each as `zoning:area`.
    #[param(explode = true, example = json!(["secteurs:nord"]))]
    area: Option<Vec<String>>,
}

/// What is asked for; codes that the city neither has nor had are faults.
fn filter(query: &mut Query, city: &Loaded) -> Filter {
    let filter = Filter {
        types: query.each("type", one_of(EventType::ALL.iter().map(|one| one.code())).as_str(), EventType::from_code),
        services: query.each("service", ("le code d’un service", "the code of a service"), |code| code.parse().ok()),
        categories: query
            .each("category", ("le code d’un motif", "the code of a category"), |code| code.parse().ok()),
        areas: query.each("area", "zoning:area", crate::city::area),
    };
    unknown(query, "service", &filter.services, |code| city.knows_service(code));
    unknown(query, "category", &filter.categories, |code| city.knows_category(code));
    unknown(query, "area", filter.areas.iter().map(|(zoning, _)| zoning), |code| city.knows_zoning(code));
    filter
}

/// Further than the feed ever comes.
const FARTHEST: u128 = 1 << 62;

/// The `sequence` of an event, as a position.
pub(crate) fn position(text: &str) -> Option<Position> {
    let digits = (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    // What is beyond all that there will ever be is ahead too.
    let position = text.parse().ok().filter(|_| digits).map(|position: u128| position.min(FARTHEST));
    position.and_then(|position| position.try_into().ok())
}

fn begin(text: &str) -> Option<Begin> {
    if text == "latest" { Some(Begin::Latest) } else { position(text).map(Begin::After) }
}

fn after(query: &mut Query) -> Option<Begin> {
    let expected = ("la `sequence` d’un événement, ou `latest`", "the `sequence` of an event, or `latest`");
    query.one("after", expected, begin)
}
