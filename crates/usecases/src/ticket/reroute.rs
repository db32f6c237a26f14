//! Passing a ticket on to another service.

use auth::Grant;
use auth::permission::ChangeTickets;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::ticket::reroute::Reroute;
use domain::ticket::{Action, Change, State, Ticket};
use store::city::Loaded;

use super::change::{ChangeError, Denied, Fault, On, change};
use crate::once::{Done, Once};
use crate::{Context, of};

/// Passes a ticket on. The service must exist and may have the ticket; the one that has it gets it again only after it has
/// refused it.
///
/// # Errors
/// See [`ChangeError`].
pub async fn reroute(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    cmd: Reroute,
    once: Once<'_, Ticket>,
) -> Result<Done<Ticket>, ChangeError> {
    let loaded = cx.city()?;
    change(cx, who, on, Action::Reroute, once, |ticket, now| decide(cmd.clone(), ticket, &loaded, now)).await
}

pub(super) fn decide(cmd: Reroute, ticket: Ticket, loaded: &Loaded, now: DateTime<Utc>) -> Result<Change, Denied> {
    if let Some(fault) = fault(&cmd, of(loaded), &ticket) {
        return Err(fault.into());
    }
    let organisation = loaded.gets_to(&ticket.service, &cmd.service).cloned();
    Ok(cmd.apply(ticket, organisation, now)?)
}

fn fault(cmd: &Reroute, city: &City, ticket: &Ticket) -> Option<Fault> {
    let Some(service) = city.service(&cmd.service) else { return Some(Fault::UnknownService) };
    if ticket.service == cmd.service && ticket.state != State::Refused {
        Some(Fault::SameService)
    } else if service.may_have(ticket.secrecy()) {
        None
    } else {
        Some(Fault::NotEntitled)
    }
}
