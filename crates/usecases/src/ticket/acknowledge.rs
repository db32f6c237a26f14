//! Taking a ticket in hand.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::ticket::acknowledge::Acknowledge;
use domain::ticket::{Action, Ticket};

use super::change::{ChangeError, Fault, On, change};
use crate::Context;
use crate::once::{Done, Once};

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
        if let Some(assignee) = cmd.assignee {
            let user = cx.store.user(assignee).await?;
            if !user.is_some_and(|user| user.active && user.person.services.contains(&ticket.service)) {
                return Err(ChangeError::Invalid(Fault::AssigneeNotOfService));
            }
        }
        Ok(cmd.apply(ticket, now)?)
    })
    .await
}
