//! Taking a ticket in hand.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::ticket::acknowledge::Acknowledge;
use domain::ticket::{Action, Ticket};

use super::assign::must_be_of_service;
use super::change::{ChangeError, On, change};
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
    change(cx, who, on, Action::Acknowledge, once, async |held| {
        if let Some(assignee) = cmd.assignee {
            must_be_of_service(cx.store.user(assignee).await?.as_ref(), &held.ticket)?;
        }
        Ok(cmd.apply(held.ticket, held.now)?)
    })
    .await
}
