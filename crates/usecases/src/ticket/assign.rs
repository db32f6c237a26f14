//! Saying who in the service has a ticket.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::ticket::assign::Assign;
use domain::ticket::{Action, Ticket};
use store::user::User;

use super::change::{ChangeError, Fault, On, change};
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
    change(cx, who, on, Action::Assign, once, async |held| {
        if let Some(assignee) = cmd.assignee {
            must_be_of_service(cx.store.user(assignee).await?.as_ref(), &held.ticket)?;
        }
        Ok(cmd.apply(held.ticket)?)
    })
    .await
}

/// Refuses who does not work in the ticket's service, or cannot log in any more.
pub(super) fn must_be_of_service(user: Option<&User>, ticket: &Ticket) -> Result<(), Fault> {
    let works_there = |user: &User| user.active && user.person.services.contains(&ticket.service);
    if user.is_some_and(works_there) { Ok(()) } else { Err(Fault::AssigneeNotOfService) }
}
