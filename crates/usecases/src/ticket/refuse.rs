//! Sending a ticket back to the dispatcher.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::city::City;
use domain::ticket::event::RefusalReason;
use domain::ticket::refuse::Refuse;
use domain::ticket::{Action, Change, Ticket};

use super::change::{ChangeError, Denied, Fault, On, change};
use crate::once::{Done, Once};
use crate::{Context, of};

/// Sends a ticket back. The service named as competent must exist; the reason `other` needs a note.
///
/// # Errors
/// See [`ChangeError`].
pub async fn refuse(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    cmd: Refuse,
    once: Once<'_, Ticket>,
) -> Result<Done<Ticket>, ChangeError> {
    let loaded = cx.city()?;
    change(cx, who, on, Action::Refuse, once, |ticket, _| decide(cmd.clone(), ticket, of(&loaded))).await
}

pub(super) fn decide(cmd: Refuse, ticket: Ticket, city: &City) -> Result<Change, Denied> {
    let faults = faults(&cmd, city, &ticket);
    if faults.is_empty() { Ok(cmd.apply(ticket)?) } else { Err(Denied::Invalid(faults)) }
}

fn faults(cmd: &Refuse, city: &City, ticket: &Ticket) -> Vec<Fault> {
    let mut faults = Vec::new();
    if cmd.service.as_ref().is_some_and(|service| city.service(service).is_none()) {
        faults.push(Fault::UnknownService);
    }
    if cmd.service.as_ref() == Some(&ticket.service) {
        faults.push(Fault::SameService);
    }
    if cmd.reason == RefusalReason::Other && cmd.note.is_none() {
        faults.push(Fault::NoteMissing);
    }
    faults
}
