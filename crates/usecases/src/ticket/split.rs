//! Opening tickets of the same concern at other services.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::city::City;
use domain::id::{ServiceCode, TicketId};
use domain::rights::Secrecy;
use domain::ticket::split::Split;
use domain::ticket::{Action, Fact, Ticket};
use store::ticket::{Beside, Found};

use super::change::{ChangeError, Denied, Fault, On, change_beside};
use super::{opened, reference};
use crate::once::{Done, Once};
use crate::{Context, of};

/// Opens tickets of the same concern at other services. Each must exist, stand in the list once, have no open ticket of the
/// concern, and may have one.
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
    change_beside(
        cx,
        who,
        on,
        beside,
        Action::Split,
        once,
        |ticket, followers, Found { services, numbers, .. }, now| {
            let faults = faults(&cmd, of(&loaded), ticket.secrecy(), &services);
            if !faults.is_empty() {
                return Err(Denied::Invalid(faults));
            }
            let by = who.caller().acting(Action::Split, &ticket)?;
            // Those of concerns that were attached follow this ticket, not the new ones.
            let own =
                followers.iter().filter(|follower| follower.concern == ticket.concern).cloned().collect::<Vec<_>>();
            let had_by = ticket.service.clone();
            let (change, siblings) = cmd.clone().apply(ticket, || TicketId(cx.ids.next()), now)?;
            let numbered = siblings.into_iter().zip(numbers).map(|(ticket, number)| {
                let mut ticket = Ticket { reference: reference(of(&loaded), now, number), ..ticket };
                of(&loaded).wind(&mut ticket);
                let organisation = loaded.gets_to(&had_by, &ticket.service).cloned();
                let fact = Fact::Submitted {
                    service: ticket.service.clone(),
                    note: Some(cmd.note.clone().into()),
                    organisation,
                };
                opened(cx, &loaded, ticket, (by.clone(), fact), &own, now)
            });
            Ok((change, numbered.collect()))
        },
    )
    .await
}

fn faults(cmd: &Split, city: &City, secrecy: Secrecy, have_one: &[ServiceCode]) -> Vec<Fault> {
    let fault = |(at, code): (usize, &ServiceCode)| {
        let Some(service) = city.service(code) else { return Some(Fault::UnknownServiceAt(at)) };
        if have_one.contains(code) || cmd.services[..at].contains(code) {
            Some(Fault::RepeatedServiceAt(at))
        } else if service.may_have(secrecy) {
            None
        } else {
            Some(Fault::NotEntitledAt(at))
        }
    };
    cmd.services.iter().enumerate().filter_map(fault).collect()
}
