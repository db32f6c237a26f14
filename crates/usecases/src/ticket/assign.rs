//! Saying who in the service has a ticket.

use auth::Grant;
use auth::permission::ChangeTickets;
use domain::id::UserId;
use domain::rights::{Caller, Person};
use domain::ticket::assign::Assign;
use domain::ticket::{Action, Change, Ticket};

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
        let assignee = assignee(cx, who, cmd.assignee).await?;
        Ok(decide(cmd.clone(), ticket, assignee.as_ref())?)
    })
    .await
}

pub(super) fn decide(cmd: Assign, ticket: Ticket, assignee: Option<&Person>) -> Result<Change, Denied> {
    if cmd.assignee.is_some() {
        must_be_of_service(assignee, &ticket)?;
    }
    Ok(cmd.apply(ticket)?)
}

/// Who is to have a ticket, if anybody is: not who cannot log in any more. Who asks is known.
pub(super) async fn assignee(
    cx: &Context,
    who: &Grant<ChangeTickets>,
    user: Option<UserId>,
) -> Result<Option<Person>, store::Error> {
    let Some(user) = user else { return Ok(None) };
    if let Caller::Person(person) = who.caller()
        && person.user == user
    {
        return Ok(Some(person.clone()));
    }
    let account = cx.store.user(user).await?.filter(|account| account.active);
    Ok(account.map(|account| account.person))
}

/// Refuses who does not work in the ticket's service.
pub(super) fn must_be_of_service(assignee: Option<&Person>, ticket: &Ticket) -> Result<(), Fault> {
    let works_there = |person: &Person| person.services.contains(&ticket.service);
    if assignee.is_some_and(works_there) { Ok(()) } else { Err(Fault::AssigneeNotOfService) }
}
