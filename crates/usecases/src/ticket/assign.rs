//! Saying who in the service has a ticket.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::ticket::assign::Assign;
use domain::ticket::{Action, Change, Ticket};
use store::ticket::{Beside, Found};

use super::change::{ChangeError, Denied, Fault, On, change_beside};
use crate::Context;
use crate::once::{Done, Once};

/// Says who in the service has a ticket; they must belong to it.
///
/// # Errors
/// See [`ChangeError`].
pub async fn assign(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    on: On,
    cmd: Assign,
    once: Once<'_, Ticket>,
) -> Result<Done<Ticket>, ChangeError> {
    let beside = Beside { worker: cmd.assignee, ..Beside::default() };
    change_beside(cx, who, on, beside, Action::Assign, once, |ticket, _, Found { works_there, .. }, _| {
        Ok((decide(cmd.clone(), ticket, works_there)?, Vec::new()))
    })
    .await
}

/// `works_there`: whether who is to have it works in the ticket's service.
pub(super) fn decide(cmd: Assign, ticket: Ticket, works_there: bool) -> Result<Change, Denied> {
    if cmd.assignee.is_some() && !works_there {
        return Err(Fault::AssigneeNotOfService.into());
    }
    Ok(cmd.apply(ticket)?)
}
