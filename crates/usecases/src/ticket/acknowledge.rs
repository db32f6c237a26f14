//! Taking a ticket in hand.

use auth::Grant;
use auth::permission::ChangeTickets;
use chrono::{DateTime, Utc};
use domain::city::City;
use domain::ticket::acknowledge::Acknowledge;
use domain::ticket::{Action, Change, Ticket};
use store::ticket::{Beside, Found};

use super::change::{ChangeError, Denied, Fault, On, change_beside};
use crate::once::{Done, Once};
use crate::{Context, of, within_two_years};

/// Takes a ticket in hand. An assignee must belong to the ticket's service.
///
/// # Errors
/// See [`ChangeError`].
pub async fn acknowledge(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    cmd: Acknowledge,
    once: Once<'_, Ticket>,
) -> Result<Done<Ticket>, ChangeError> {
    let loaded = cx.city()?;
    let beside = Beside { worker: cmd.assignee, ..Beside::default() };
    change_beside(cx, who, on, beside, Action::Acknowledge, once, |ticket, _, Found { works_there, .. }, now| {
        Ok((decide(cmd.clone(), ticket, works_there, of(&loaded), now)?, Vec::new()))
    })
    .await
}

/// `works_there`: whether who is to have it works in the ticket's service.
pub(super) fn decide(
    cmd: Acknowledge,
    ticket: Ticket,
    works_there: bool,
    city: &City,
    now: DateTime<Utc>,
) -> Result<Change, Denied> {
    let faults = faults(&cmd, works_there, city, now);
    if faults.is_empty() { Ok(cmd.apply(ticket, now)?) } else { Err(Denied::Invalid(faults)) }
}

fn faults(cmd: &Acknowledge, works_there: bool, city: &City, now: DateTime<Utc>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if cmd.expected_on.is_some_and(|day| !within_two_years(city, day, now)) {
        faults.push(Fault::ExpectedOutOfRange);
    }
    if cmd.assignee.is_some() && !works_there {
        faults.push(Fault::AssigneeNotOfService);
    }
    faults
}
