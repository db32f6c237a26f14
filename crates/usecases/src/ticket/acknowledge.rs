//! Taking a ticket in hand.

use auth::Grant;
use auth::permission::ChangeTickets;
use chrono::{DateTime, Utc};
use domain::rights::Person;
use domain::ticket::acknowledge::Acknowledge;
use domain::ticket::{Action, Change, Ticket};

use super::assign::{assignee, must_be_of_service};
use super::change::{ChangeError, Denied, Fault, On, change};
use crate::once::{Done, Once};
use crate::{Context, within_two_years};

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
    change(cx, who, on, Action::Acknowledge, once, async |ticket, now| {
        let assignee = assignee(cx, who, cmd.assignee).await?;
        Ok(decide(cmd.clone(), ticket, assignee.as_ref(), now)?)
    })
    .await
}

pub(super) fn decide(
    cmd: Acknowledge,
    ticket: Ticket,
    assignee: Option<&Person>,
    now: DateTime<Utc>,
) -> Result<Change, Denied> {
    if cmd.expected_on.is_some_and(|day| !within_two_years(day, now)) {
        return Err(Fault::ExpectedOutOfRange.into());
    }
    if cmd.assignee.is_some() {
        must_be_of_service(assignee, &ticket)?;
    }
    Ok(cmd.apply(ticket, now)?)
}
