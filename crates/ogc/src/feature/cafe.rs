//! Cafés: without a token those of the public calendar, with one that may read cafés all.

use auth::Grant;
use auth::permission::ReadCafes;
use domain::cafe::{Cafe, State};
use domain::id::CafeId;
use serde_json::{Value, json};
use usecases::cafe::{After, Filter};

use super::{at, instant};
use crate::answer::Wrong;
use crate::cursor;
use crate::items::{Found, Reading, after};
use crate::query::Asked;

pub(crate) async fn page(reading: &Reading<'_>, asked: &Asked) -> Result<Found, Wrong> {
    let after = after(asked, cursor::read)?.map(|(starts_at, id)| After { starts_at, id: CafeId(id) });
    let states = asked.filter("status").map(|asked| State::ALL.into_iter().filter(|s| status(*s) == asked).collect());
    let filter = Filter {
        states: states.unwrap_or_default(),
        inside_all: asked.areas(),
        within: asked.bounds,
        during: asked.during,
        ..Filter::default()
    };
    let grant = grant(reading);
    let page = match &grant {
        Some(grant) => usecases::cafe::list(reading.cx, grant, &filter, after, asked.limit).await?,
        None => usecases::cafe::announced_page(reading.cx, filter, after, asked.limit).await?,
    };
    let features = page.items.iter().map(|cafe| feature(cafe, grant.is_some())).collect();
    Ok((features, page.next.map(|after| cursor::write(after.starts_at, after.id.0))))
}

pub(crate) async fn one(reading: &Reading<'_>, id: &str) -> Result<Option<Value>, Wrong> {
    let Ok(id) = id.parse().map(CafeId) else { return Ok(None) };
    let grant = grant(reading);
    let cafe = match &grant {
        Some(grant) => usecases::cafe::read(reading.cx, grant, id).await?,
        None => usecases::cafe::announced_one(reading.cx, id).await?,
    };
    Ok(cafe.map(|cafe| feature(&cafe, grant.is_some())))
}

fn grant(reading: &Reading<'_>) -> Option<Grant<ReadCafes>> {
    reading.who.as_ref()?.grant().ok()
}

const fn status(state: State) -> &'static str {
    match state {
        State::Planned | State::Held | State::Reported => "confirmed",
        State::Cancelled => "cancelled",
    }
}

/// What the calendar tells; for who reads cafés, also how far it is.
fn feature(cafe: &Cafe, inside: bool) -> Value {
    let mut properties = json!({
        "title": cafe.title.as_str(),
        "status": status(cafe.state),
        "starts_at": instant(cafe.starts_at),
        "ends_at": instant(cafe.ends_at),
        "address": cafe.place.address.as_ref().map(domain::text::Address::as_str),
    });
    if inside {
        properties["state"] = cafe.state.code().into();
        properties["announced"] = cafe.announced_at.is_some().into();
    }
    at(&cafe.id.to_string(), cafe.place.point, &cafe.areas, properties)
}
