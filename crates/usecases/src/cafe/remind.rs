//! Telling the services which answers residents will ask for at a café that is near.

use std::collections::BTreeMap;

use chrono::Duration;
use domain::cafe::Cafe;
use domain::city::City;
use domain::id::{MessageId, ServiceCode};
use domain::ticket::list::{Line, Occasion, TicketList};
use domain::ticket::{State, Ticket};
use store::outbox::Message;
use store::ticket::BeforeCafe;

use super::CadenceError;
use crate::{Context, of};

/// How long before a café.
const BEFORE: Duration = Duration::weeks(4);
/// How many tickets are looked through for one café.
const MOST: u64 = 5000;

/// Writes to the services that owe an answer before a café that begins within four weeks, once for each café: one letter a
/// service. One café at a time; returns how many.
///
/// # Errors
/// See [`CadenceError`].
pub async fn remind(cx: &Context) -> Result<u64, CadenceError> {
    // Without a city there are no cafés.
    let Ok(loaded) = cx.city() else { return Ok(0) };
    let (city, now) = (of(&loaded), cx.now());
    let tx = cx.store.begin().await?;
    let Some(cafe) = tx.take_cafe_to_remind(now, now + BEFORE).await? else { return Ok(0) };
    let before = BeforeCafe { cafe: cafe.id, zoning: city.cafe_zoning().clone() };
    let tickets = tx.owed_before(&before, MOST).await?;
    for (service, list) in lists(city, &cafe, &tickets) {
        let message = Message::to_service(service, MessageId(cx.ids.next()), list);
        tx.append_message(&message, now).await?;
    }
    tx.commit().await?;
    cx.wake.notify_one();
    Ok(1)
}

/// What each service is told. A refused ticket waits for the dispatcher.
fn lists(city: &City, cafe: &Cafe, tickets: &[Ticket]) -> BTreeMap<ServiceCode, TicketList> {
    let mut lines: BTreeMap<ServiceCode, Vec<Line>> = BTreeMap::new();
    for ticket in tickets {
        let refused = ticket.state == State::Refused;
        let service = if refused { &city.settings.dispatcher_desk } else { &ticket.service };
        let subject = city.category(&ticket.category).map(|category| &category.label);
        lines.entry(service.clone()).or_default().push(Line::of(ticket, subject));
    }
    let occasion =
        || Occasion::Cafe { title: cafe.title.clone(), address: cafe.place.address.clone(), starts_at: cafe.starts_at };
    lines.into_iter().map(|(service, lines)| (service, TicketList::new(occasion(), lines))).collect()
}
