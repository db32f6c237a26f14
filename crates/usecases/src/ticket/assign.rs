//! Saying who in the service has a ticket.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::id::UserId;
use domain::ticket::assign::Assign;
use domain::ticket::{Action, Change, Ticket};
use store::user::User;

use super::change::{ChangeError, Denied, Fault, On, change};
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
    change(cx, who, on, Action::Assign, once, async |ticket, _| {
        let assignee = account(cx, cmd.assignee).await?;
        Ok(decide(cmd.clone(), ticket, assignee.as_ref())?)
    })
    .await
}

pub(super) fn decide(cmd: Assign, ticket: Ticket, assignee: Option<&User>) -> Result<Change, Denied> {
    if cmd.assignee.is_some() {
        must_be_of_service(assignee, &ticket)?;
    }
    Ok(cmd.apply(ticket)?)
}

/// The account of who is to have a ticket, if anybody is.
pub(super) async fn account(cx: &Context, user: Option<UserId>) -> Result<Option<User>, store::Error> {
    match user {
        Some(user) => cx.store.user(user).await,
        None => Ok(None),
    }
}

/// Refuses who does not work in the ticket's service, or cannot log in any more.
pub(super) fn must_be_of_service(user: Option<&User>, ticket: &Ticket) -> Result<(), Fault> {
    let works_there = |user: &User| user.active && user.person.services.contains(&ticket.service);
    if user.is_some_and(works_there) { Ok(()) } else { Err(Fault::AssigneeNotOfService) }
}
