//! Opening tickets of the same concern at other services.

use auth::Grant;
use auth::permission::ChangeTickets;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::id::{EventId, MessageId, ServiceCode, TicketId};
use domain::text::Note;
use domain::ticket::notice::notices;
use domain::ticket::split::Split;
use domain::ticket::{Action, Actor, Event, Fact, Ticket};
use store::city::Loaded;
use store::outbox::Message;
use store::ticket::{Beside, Found, NewTicket};

use super::change::{ChangeError, Denied, Fault, On, change_beside};
use super::partner::link;
use super::reference;
use crate::once::{Done, Once};
use crate::{Context, of};

/// Opens tickets of the same concern at other services. Each must exist, stand in the list once, and have no open ticket
/// of the concern.
///
/// # Errors
/// See [`ChangeError`].
pub async fn split(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    cmd: Split,
    once: Once<'_, Ticket>,
) -> Result<Done<Ticket>, ChangeError> {
    let loaded = cx.city()?;
    let beside = Beside { siblings: cmd.services.len(), ..Beside::default() };
    change_beside(cx, who, on, beside, Action::Split, once, |ticket, Found { services, numbers, .. }, now| {
        let faults = faults(&cmd, of(&loaded), &services);
        if !faults.is_empty() {
            return Err(Denied::Invalid(faults));
        }
        let by = who.caller().acting(Action::Split, &ticket)?;
        let (change, opened) = cmd.clone().apply(ticket, || TicketId(cx.ids.next()), now)?;
        let numbered = opened.into_iter().zip(numbers).map(|(ticket, number)| {
            let ticket = Ticket { reference: reference(of(&loaded), now, number), ..ticket };
            new(cx, &loaded, ticket, (by.clone(), cmd.note.clone()), now)
        });
        Ok((change, numbered.collect()))
    })
    .await
}

fn faults(cmd: &Split, city: &City, have_one: &[ServiceCode]) -> Vec<Fault> {
    let fault = |(at, service)| {
        if city.service(service).is_none() {
            Some(Fault::UnknownServiceAt(at))
        } else if have_one.contains(service) || cmd.services[..at].contains(service) {
            Some(Fault::RepeatedServiceAt(at))
        } else {
            None
        }
    };
    cmd.services.iter().enumerate().filter_map(fault).collect()
}

fn new(cx: &Context, loaded: &Loaded, mut ticket: Ticket, (by, why): (Actor, Note), now: DateTime<Utc>) -> NewTicket {
    let city = of(loaded);
    city.wind(&mut ticket);
    let fact = Fact::Submitted { service: ticket.service.clone(), note: Some(why.into()) };
    let notices = notices(&fact, &by, &ticket, &[], &city.settings.dispatcher_desk);
    let about = |notice| Message::about(ticket.id, MessageId(cx.ids.next()), notice);
    let messages = notices.into_iter().map(about).collect();
    let event = Event { id: EventId(cx.ids.next()), version: 1, at: now, by, fact };
    let link = link(cx, city, &ticket, now);
    NewTicket { ticket, event, messages, link, revision: loaded.revision }
}
